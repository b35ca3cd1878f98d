package scim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProjection(t *testing.T) {
	full := Object{"id": "u1", "schemas": []any{UserSchema}, "userName": "ann", "active": true,
		"name":           Object{"givenName": "Ann", "familyName": "A"},
		"emails":         []any{Object{"value": "a@x", "type": "work"}, Object{"value": "b@x"}},
		"meta":           Object{"resourceType": "User"},
		EnterpriseSchema: Object{"department": "Eng", "manager": Object{"value": "m1", "displayName": "Bob"}}}
	without := func(keys ...string) Object {
		o := full.Clone()
		for _, k := range keys {
			delete(o, k)
		}
		return o
	}
	with := func(o Object) Object { o["id"], o["schemas"] = "u1", full["schemas"]; return o }
	for _, tt := range []struct {
		attributes, excluded string
		want                 Object
	}{
		{"", "", full},
		{" ", "  ", full},
		{"userName", "", with(Object{"userName": "ann"})},
		{" USERNAME , active,,", "", with(Object{"userName": "ann", "active": true})},
		{"name.givenName", "", with(Object{"name": Object{"givenName": "Ann"}})},
		{"name.givenName,name.FAMILYNAME", "", with(Object{"name": full["name"]})},
		{"name.givenName,name", "", with(Object{"name": full["name"]})},
		{"name,name.givenName", "", with(Object{"name": full["name"]})},
		{"name.middleName", "", with(Object{})},
		{"emails.type", "", with(Object{"emails": []any{Object{"type": "work"}}})},
		{`emails[type eq "work"]`, "", with(Object{"emails": full["emails"]})},
		{`emails[type eq "a,b]"],active`, "", with(Object{"emails": full["emails"], "active": true})},
		{`emails[type eq "a\",b"],active`, "", with(Object{"emails": full["emails"], "active": true})},
		{"nosuch", "", with(Object{})},
		{"nosuch,urn:x:y,userName,(", "", with(Object{"userName": "ann"})},
		{"password", "", with(Object{})},
		{"meta", "", with(Object{"meta": full["meta"]})},
		{EnterpriseSchema, "", with(Object{EnterpriseSchema: full[EnterpriseSchema]})},
		{EnterpriseSchema + ":department", "", with(Object{EnterpriseSchema: Object{"department": "Eng"}})},
		{"department", "", with(Object{EnterpriseSchema: Object{"department": "Eng"}})},
		{EnterpriseSchema + ":manager.value", "", with(Object{EnterpriseSchema: Object{"manager": Object{"value": "m1"}}})},
		{UserSchema, "", without(EnterpriseSchema)},
		{UserSchema + ":active", "", with(Object{"active": true})},

		{"", "emails", without("emails")},
		{"", "EMAILS, name , nosuch", without("emails", "name")},
		{"", "id,schemas,meta", without("meta")},
		{"", "nosuch", full},
		{"", EnterpriseSchema, without(EnterpriseSchema)},
		{"", UserSchema, with(Object{EnterpriseSchema: full[EnterpriseSchema]})},
		{"", "name.givenName", func() Object { o := full.Clone(); delete(o.Object("name"), "givenName"); return o }()},
		{"", "name.givenName,name.familyName", without("name")},
		{"", "emails.value", func() Object { o := full.Clone(); o["emails"] = []any{Object{"type": "work"}}; return o }()},
		{"", "department,manager", without(EnterpriseSchema)},
	} {
		p, err := ParseProjection(tt.attributes, tt.excluded, Users)
		if err != nil {
			t.Errorf("%q, %q: %v", tt.attributes, tt.excluded, err)
			continue
		}
		for _, password := range []bool{false, true} {
			doc := full.Clone()
			if password {
				doc["password"] = "secret"
			}
			before := doc.Clone()
			if d := cmp.Diff(tt.want, p.Apply(doc)); d != "" {
				t.Errorf("attributes %q, excluded %q: %s", tt.attributes, tt.excluded, d)
			}
			if d := cmp.Diff(before, doc); d != "" {
				t.Errorf("attributes %q, excluded %q: the document was changed: %s", tt.attributes, tt.excluded, d)
			}
		}
	}
	_, err := ParseProjection("a", "b", Users)
	fault(t, err, InvalidValue)
	_, err = ParseProjection(string(make([]byte, MaxFilterLength))+"x", "", Users)
	fault(t, err, InvalidValue)
}

func TestProjectionWants(t *testing.T) {
	for _, tt := range []struct {
		attributes, excluded string
		want                 bool
	}{
		{"", "", true},
		{"displayName", "", false},
		{"displayName,Members", "", true},
		{"members.value", "", true},
		{GroupSchema + ":members", "", true},
		{GroupSchema, "", true},
		{"nosuch", "", false},
		{"", "members", false},
		{"", "MEMBERS,displayName", false},
		{"", "displayName", true},
		{"", "members.display", true},
		{"", GroupSchema, false},
		{"", "nosuch", true},
	} {
		p, err := ParseProjection(tt.attributes, tt.excluded, Groups)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Wants("members"); got != tt.want {
			t.Errorf("attributes %q, excluded %q: %v", tt.attributes, tt.excluded, got)
		}
	}
}
