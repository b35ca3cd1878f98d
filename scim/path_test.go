package scim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	work := &Filter{Op: Eq, Path: Path{Name: "type"}, Value: "work"}
	for _, tt := range []struct {
		in   string
		want Path
	}{
		{`title`, Path{Name: "title"}},
		{`  title  `, Path{Name: "title"}},
		{`name.givenName`, Path{Name: "name", Sub: "givenName"}},
		{`emails[type eq "work"]`, Path{Name: "emails", Filter: work}},
		{`emails[type eq "work"].value`, Path{Name: "emails", Filter: work, Sub: "value"}},
		{`emails[ type eq work ].value`, Path{Name: "emails", Filter: work, Sub: "value"}},
		{`emails[primary eq true].value`, Path{Name: "emails", Sub: "value", Filter: &Filter{Op: Eq, Path: Path{Name: "primary"}, Value: true}}},
		{`roles[primary eq "True"].value`, Path{Name: "roles", Sub: "value", Filter: &Filter{Op: Eq, Path: Path{Name: "primary"}, Value: "True"}}},
		{`members[value eq U023BECGF]`, Path{Name: "members", Filter: &Filter{Op: Eq, Path: Path{Name: "value"}, Value: "U023BECGF"}}},
		{EnterpriseSchema, Path{URN: EnterpriseSchema}},
		{EnterpriseSchema + ":manager", Path{URN: EnterpriseSchema, Name: "manager"}},
		{EnterpriseSchema + ":manager.value", Path{URN: EnterpriseSchema, Name: "manager", Sub: "value"}},
		{EnterpriseSchema + ".manager", Path{URN: EnterpriseSchema, Name: "manager"}},
		{EnterpriseSchema + ".manager.value", Path{URN: EnterpriseSchema, Name: "manager", Sub: "value"}},
		{UserSchema + `:emails[type eq "work"].value`, Path{URN: UserSchema, Name: "emails", Filter: work, Sub: "value"}},
		{UserSchema + ":role", Path{URN: UserSchema, Name: "role"}},
		{"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department",
			Path{URN: "urn:ietf:params:scim:schemas:extension:enterprise:2.0User", Name: "department"}},
		{"urn:ietf:params:scim:schemas:extension:enterprise:2.0User", Path{URN: "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"}},
		{"urn:scim:schemas:core:1.0:userName", Path{URN: "urn:scim:schemas:core:1.0", Name: "userName"}},
		{"urn:scim:schemas:extension:enterprise:1.0", Path{URN: "urn:scim:schemas:extension:enterprise:1.0"}},
		{"urn:scim:schemas:extension:enterprise:1.0:department", Path{URN: "urn:scim:schemas:extension:enterprise:1.0", Name: "department"}},
		{"urn:acme:x:thing", Path{URN: "urn:acme:x", Name: "thing"}},
		{SlackProfileSchema + ":startDate", Path{URN: SlackProfileSchema, Name: "startDate"}},
	} {
		got, err := ParsePath(tt.in)
		if err != nil {
			t.Errorf("ParsePath(%s): %v", tt.in, err)
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("ParsePath(%s): %s", tt.in, d)
		}
		if again, err := ParsePath(got.String()); err != nil || !cmp.Equal(got, again) {
			t.Errorf("ParsePath(%s) is printed as %s, which is %v, %v", tt.in, got, again, err)
		}
	}
}

func TestParsePathFaults(t *testing.T) {
	for _, tt := range []struct{ in, says string }{
		{``, "the path is empty"},
		{` `, "the path is empty"},
		{`.value`, "at position 1"},
		{`name.`, "at position 1"},
		{`name.given.name`, "at position 1"},
		{strings.Repeat("a.", 4000) + "a", "at position 1"},
		{strings.Repeat("a.", 8000), "at most 8192"},
		{`emails[type eq "work"].value x`, "at position 30"},
		{`emails[type eq "work"]value`, "at position 23"},
		{`emails[type eq "work"`, `expected "]"`},
		{`emails[type "work"]`, "one of the operators"},
		{`emails.value[type eq "work"]`, "at position 13"},
		{`emails[type eq "work"].4`, "sub-attribute"},
		{EnterpriseSchema + `[type eq "work"]`, "whole schema"},
		{`emails[` + strings.Repeat("(", 40), "nested"},
		{"a\xff", "not valid UTF-8"},
		{`first name`, "at position 7"},
		{`"title"`, "at position 1"},
		{`urn:`, "at position 1"},
		{`ümlaut`, "at position 1"},
	} {
		_, err := ParsePath(tt.in)
		if err == nil {
			t.Errorf("ParsePath(%.60s) is accepted", tt.in)
			continue
		}
		if e := fault(t, err, InvalidPath); !strings.Contains(e.Detail, tt.says) {
			t.Errorf("ParsePath(%.60s): %s\nwant it to say %q", tt.in, e.Detail, tt.says)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, tt := range []struct{ path, urn, attribute, sub string }{
		{"USERNAME", "", "userName", ""},
		{"Name.GivenName", "", "name", "givenName"},
		{UserSchema + ":title", "", "title", ""},
		{strings.ToUpper(UserSchema) + ":title", "", "title", ""},
		{UserSchema, "", "", ""},
		{"urn:scim:schemas:core:1.0:userName", "", "userName", ""},
		{"department", EnterpriseSchema, "department", ""},
		{"Manager.value", EnterpriseSchema, "manager", "value"},
		{EnterpriseSchema, EnterpriseSchema, "", ""},
		{strings.ToLower(EnterpriseSchema) + ":Manager", EnterpriseSchema, "manager", ""},
		{"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department", EnterpriseSchema, "department", ""},
		{"urn:scim:schemas:extension:enterprise:1.0:department", EnterpriseSchema, "department", ""},
		{EnterpriseSchema + ".manager", EnterpriseSchema, "manager", ""},
		{SlackGuestSchema + ":type", SlackGuestSchema, "type", ""},
		{"meta.lastModified", "", "meta", "lastModified"},
		{`emails[type eq "work"].value`, "", "emails", "value"},
	} {
		p, err := ParsePath(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		target, err := Users.Resolve(p)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		name := func(a *Attribute) string {
			if a == nil {
				return ""
			}
			return a.Name
		}
		got := []string{target.URN, name(target.Attribute), name(target.Sub)}
		if d := cmp.Diff([]string{tt.urn, tt.attribute, tt.sub}, got); d != "" {
			t.Errorf("%s: %s", tt.path, d)
		}
	}
	for _, path := range []string{"nosuch", "name.nosuch", "userName.value", "urn:acme:1.0:User:x", EnterpriseSchema + ":userName", "type", "expiration",
		strings.Repeat("a", 500), "urn:" + strings.Repeat("a", 500) + ":b"} {
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Users.Resolve(p)
		fault(t, err, InvalidPath)
	}
	if _, err := Groups.Resolve(Path{Name: "department"}); err == nil {
		t.Error("groups have no department")
	}
}

func BenchmarkParsePath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParsePath(`emails[type eq "work"].value`); err != nil {
			b.Fatal(err)
		}
	}
}
