package translate

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

const (
	extEnterprise = `"` + scim.EnterpriseSchema + `":`
	extGuest      = `"` + scim.SlackGuestSchema + `":`
	extProfile    = `"` + scim.SlackProfileSchema + `":`
)

// person is a document of what every person needs and the attributes given as JSON members.
func person(t *testing.T, attributes string) scim.Object {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(`{`+attributes+`}`), &doc); err != nil {
		t.Fatalf("%s: %v", attributes, err)
	}
	out := object(doc)
	for name, value := range map[string]any{"userName": "ann", "emails": []any{scim.Object{"value": "ann@x.test"}}} {
		if _, ok := out[name]; !ok {
			out[name] = value
		}
	}
	return out
}

// TestAttributes gives for each document the attributes of the profile beyond userName ann and email ann@x.test, and words of
// the warnings in their order.
func TestAttributes(t *testing.T) {
	long := strings.Repeat("é", 81)
	tests := []struct {
		doc      string
		want     string // attribute=value, separated by ; in the order of scim.SlackAttributes
		warnings []string
	}{
		{doc: ``},
		// Simple attributes: absent, null, blank, value.
		{doc: `"title":null`, want: "title="},
		{doc: `"title":""`, want: "title="},
		{doc: `"title":"  "`, want: "title="},
		{doc: `"title":" Boss "`, want: "title=Boss"},
		{doc: `"title":7`, want: "title=7"},
		{doc: `"title":1000000`, want: "title=1000000"},
		{doc: `"title":["a"]`, warnings: []string{"title left out: it is not a text"}},
		{doc: `"title":"a\u0007b\nc"`, want: "title=ab c", warnings: []string{"control characters were removed"}},
		{doc: `"title":"a\u202eb"`, want: "title=ab", warnings: []string{"control characters"}},
		{doc: `"title":"\u0007"`, warnings: []string{"left out: it consists of control characters"}},
		{doc: `"nickName":"annie","password":"secret","externalId":"7"`},
		// Names.
		{doc: `"name":{"givenName":"Ann","familyName":null}`, want: "givenName=Ann;familyName="},
		{doc: `"name":{"givenName":" ","familyName":" "}`, warnings: []string{"name.givenName left out", "name.familyName left out"}},
		{doc: `"name":{"givenName":null}`, warnings: []string{"name.givenName left out"}},
		{doc: `"name":{"familyName":"Lee","honorificPrefix":""}`, want: "familyName=Lee;honorificPrefix="},
		{doc: `"name":{}`},
		{doc: `"name":"Ann Lee"`},
		{doc: `"displayName":"Ann  O'Neill, (x) / é;"`, want: "displayName=Ann  O'Neill, (x) / é;"},
		{doc: `"displayName":"@Ann @ Acme"`, want: "displayName=Ann Acme", warnings: []string{"@ or emoji"}},
		{doc: `"displayName":"ann.lee@x.test"`, want: "displayName=ann.lee", warnings: []string{"@ or emoji"}},
		{doc: `"displayName":"👩‍👩‍👧 Ann ❤️ 🇩🇪1️⃣"`, want: "displayName=Ann 1", warnings: []string{"@ or emoji"}},
		{doc: `"displayName":"क्‍ष"`, want: "displayName=क्‍ष"},
		{doc: `"displayName":"@🎉"`, warnings: []string{"displayName \"@🎉\" left out: Slack takes no @"}},
		{doc: `"displayName":"` + long + `"`, want: "displayName=" + long[:160], warnings: []string{"it has 81 characters and Slack takes at most 80"}},
		// Phones.
		{doc: `"phoneNumbers":null`, want: "primaryPhone=;mobilePhone="},
		{doc: `"phoneNumbers":[]`, want: "primaryPhone=;mobilePhone="},
		{doc: `"phoneNumbers":[{"value":"1","primary":true},{"value":"2","type":"WORK"},{"value":"3","type":"mobile"}]`, want: "primaryPhone=2;mobilePhone=3"},
		{doc: `"phoneNumbers":[{"value":"1","type":"home"},{"value":"2","type":"other","primary":"True"}]`, want: "primaryPhone=2"},
		{doc: `"phoneNumbers":[{"value":"9","type":"fax"},{"value":"1","type":"mobile","primary":true},{"value":"2","type":"home"}]`, want: "primaryPhone=2;mobilePhone=1"},
		{doc: `"phoneNumbers":[{"value":"1","type":"mobile","primary":true}]`, want: "mobilePhone=1"},
		{doc: `"phoneNumbers":[{"value":null,"type":"work"},{"value":"1","type":"mobile"}]`, want: "primaryPhone=;mobilePhone=1"},
		{doc: `"phoneNumbers":[{"value":"","type":"mobile"}]`, want: "mobilePhone="},
		{doc: `"phoneNumbers":[{"type":"work"}]`},
		{doc: `"phoneNumbers":[{"value":"9","type":"fax"}]`},
		{doc: `"phoneNumbers":["TEL:+1-201-555-0123"]`, want: "primaryPhone=+1-201-555-0123"},
		// Addresses.
		{doc: `"addresses":[{"type":"home","locality":"A"},{"type":"work","locality":"B"}]`, want: "streetAddress=;locality=B;region=;postalCode=;country="},
		{doc: `"addresses":[{"type":"work","locality":"A"},{"primary":true,"locality":"B","formatted":"x"}]`, want: "streetAddress=;locality=B;region=;postalCode=;country="},
		{doc: `"addresses":[{"primary":true},{"country":"DE"}]`, want: "streetAddress=;locality=;region=;postalCode=;country=DE"},
		{doc: `"addresses":{"formatted":"1 High St,\nLondon"}`, want: "streetAddress=1 High St, London;locality=;region=;postalCode=;country="},
		{doc: `"addresses":[{"type":"work","locality":null}]`, want: "streetAddress=;locality=;region=;postalCode=;country="},
		{doc: `"addresses":[{"type":"work"}]`},
		{doc: `"addresses":[]`, want: "streetAddress=;locality=;region=;postalCode=;country="},
		// Preferences.
		{doc: `"timezone":"europe/BERLIN"`, want: "timezone=Europe/Berlin"},
		{doc: `"timezone":"Local"`, warnings: []string{"timezone \"Local\" left out: it is not an IANA"}},
		{doc: `"timezone":"Factory"`, warnings: []string{"left out"}},
		{doc: `"timezone":"../etc/passwd"`, warnings: []string{"left out"}},
		{doc: `"locale":"EN-us"`, want: "locale=en_US"},
		{doc: `"locale":"en"`, want: "locale=en"},
		{doc: `"locale":"English"`, warnings: []string{"locale \"English\" left out"}},
		{doc: `"locale":"en-US,de"`, warnings: []string{"locale \"en-US,de\" left out"}},
		{doc: `"preferredLanguage":"da, en-gb;q=0.8"`, want: "preferredLanguage=da"},
		{doc: `"preferredLanguage":"*"`, warnings: []string{"preferredLanguage \"*\" left out"}},
		{doc: `"userType":"Contractor"`, want: "userType=Contractor"},
		{doc: `"profileUrl":"https://x.test/a"`, want: "profileUrl=https://x.test/a"},
		// Roles.
		{doc: `"roles":["a","b"]`, want: "role=a"},
		{doc: `"roles":[{"value":"a"},{"value":"b","primary":true}]`, want: "role=b"},
		{doc: `"roles":[{"value":"","display":"Chief"}]`, want: "role=Chief"},
		{doc: `"roles":[]`, want: "role="},
		{doc: `"roles":[{"value":"{\"value\":\"Admin\",\"displayName\":\" \"}"}]`, want: "role=Admin"},
		{doc: `"roles":[{"value":"{\"id\":\"7\"}"}]`, warnings: []string{"roles", "JSON text"}},
		{doc: `"roles":[{"value":"{not json"}]`, want: "role={not json"},
		// Photos.
		{doc: `"photos":[{"value":"http://x.test/t","type":"thumbnail"},{"value":"https://x.test/p","type":"photo"}]`, want: "photo=https://x.test/p"},
		{doc: `"photos":[{"type":"photo"},{"value":"data:image/png;base64,AAAA"}]`, want: "photo=data:image/png;base64,AAAA"},
		{doc: `"photos":[{"value":"file:///a.png"}]`, warnings: []string{"photos \"file:///a.png\" left out"}},
		{doc: `"photos":[{"value":"https:///a.png"}]`, warnings: []string{"left out"}},
		{doc: `"photos":null`, want: "photo="},
		// Extensions.
		{doc: extEnterprise + `{"department":"D","division":null}`, want: "division=;department=D"},
		{doc: extEnterprise + `{}`},
		{doc: extEnterprise + `null`, want: "employeeNumber=;costCenter=;organization=;division=;department="},
		{doc: extProfile + `{"startDate":"2024-04-10"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"2024-04-10T23:30:00.5+02:00"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"2024-04-10t00:30:00z"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"2024-04-10T00:00:00+0000"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"2024-04-10T09:00:00"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"20240410000000.0Z"}`, want: "startDate=2024-04-10T00:00:00+0000"},
		{doc: extProfile + `{"startDate":"10.4.2024"}`, warnings: []string{"startDate \"10.4.2024\" left out: it is not a date"}},
		{doc: extProfile + `{"startDate":"2023-02-29"}`, warnings: []string{"left out"}},
		{doc: extGuest + `{"type":"multi","expiration":"2026-12-31T00:00:00+0100"}`, want: "guestType=multi;guestExpiration=2026-12-30T23:00:00Z"},
		{doc: extGuest + `{"type":null,"expiration":""}`, want: "guestType=;guestExpiration="},
	}
	for _, test := range tests {
		user, err := ToUser(person(t, test.doc), entra)
		if err != nil {
			t.Errorf("%s: %v", test.doc, err)
			continue
		}
		if got := show(user.Profile); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.doc, got, test.want)
		}
		got := strings.Join(user.Warnings, "\n")
		if len(user.Warnings) > len(test.warnings) {
			t.Errorf("%s: warnings %q", test.doc, got)
		}
		for _, words := range test.warnings {
			if !strings.Contains(got, words) {
				t.Errorf("%s: warnings %q lack %q", test.doc, got, words)
			}
		}
	}
}

func show(p scim.SlackUserProfile) string {
	var parts []string
	for _, name := range scim.SlackAttributes {
		value, ok := p[name]
		if !ok || name == scim.SlackUserName && value == "ann" || name == scim.SlackEmail && value == "ann@x.test" {
			continue
		}
		parts = append(parts, string(name)+"="+value)
	}
	return strings.Join(parts, ";")
}

func TestEmails(t *testing.T) {
	tests := []struct{ emails, primary, secondary, warning string }{
		{`[{"value":"a@x.test"}]`, "a@x.test", "-", ""},
		{`[" a@x.test "]`, "a@x.test", "-", ""},
		{`{"value":"a@x.test"}`, "a@x.test", "-", ""},
		{`[{"value":"a@x.test"},{"value":"b@x.test","type":"work"}]`, "b@x.test", "a@x.test", ""},
		{`[{"value":"a@x.test","type":"work"},{"value":"b@x.test","primary":true}]`, "b@x.test", "a@x.test", ""},
		{`[{"value":"a@x.test","primary":true},{"value":"b@x.test","primary":true}]`, "a@x.test", "b@x.test", ""},
		{`[{"value":"a@x.test","primary":true,"type":"work"},{"value":"A@X.test","primary":true,"type":"home"}]`, "a@x.test", "-", ""},
		{`[{"value":"a@x.test","primary":true},{"value":"b@x.test","type":"work"},{"value":"c@x.test","type":"Home"}]`, "a@x.test", "c@x.test", ""},
		{`[{"value":"a@x.test"},{"value":null,"type":"home"}]`, "a@x.test", "", ""},
		{`[{"value":"a@x.test"},{"type":"home"}]`, "a@x.test", "-", ""},
		{`[{"value":"none","primary":true},{"value":"b@x.test"},{"value":"c@x.test"}]`, "b@x.test", "c@x.test", `emails "none": this is not an e-mail address`},
		{`[{"value":"none","primary":true},{"value":"b@x.test"}]`, "b@x.test", "-", `emails "none": this is not an e-mail address`},
		{`[{"value":"a@x.test"},{"value":"b@"}]`, "a@x.test", "-", `emails "b@" left out: it is not an e-mail address`},
		{`[{"value":"a@x.test"},{"value":"b\u200b@x.test"}]`, "a@x.test", "-", "left out"},
	}
	for _, test := range tests {
		user, err := ToUser(person(t, `"emails":`+test.emails), entra)
		if err != nil {
			t.Errorf("%s: %v", test.emails, err)
			continue
		}
		secondary, ok := user.Profile[scim.SlackSecondaryEmail]
		if !ok {
			secondary = "-"
		}
		warnings := strings.Join(user.Warnings, "\n")
		if user.Profile[scim.SlackEmail] != test.primary || secondary != test.secondary ||
			(warnings == "") != (test.warning == "") || len(user.Warnings) > 1 || !strings.Contains(warnings, test.warning) {
			t.Errorf("%s: %v, warnings %q", test.emails, user.Profile, warnings)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ doc, want string }{
		{`"userName":null`, "userName is missing: map an attribute to userName that every person has"},
		{`"userName":["a"]`, "userName is not a text: map an attribute to userName that has a single value"},
		{`"emails":null`, "emails has no address and Slack wants one: map the person's e-mail to emails"},
		{`"emails":[]`, "emails has no address and Slack wants one: map the person's e-mail to emails"},
		{`"emails":[{"type":"work"}]`, "emails has no address and Slack wants one: map the person's e-mail to emails"},
		{`"emails":[{"value":"a b@x.test"}]`, `emails "a b@x.test" is not an e-mail address: map the person's e-mail to emails`},
		{`"emails":[{"value":"a@b@c"}]`, `emails "a@b@c" is not an e-mail address: map the person's e-mail to emails`},
		{`"emails":[{"value":"` + strings.Repeat("a", 250) + `@x.de"}]`, `emails "` + strings.Repeat("a", 61) + `..." is not an e-mail address: map the person's e-mail to emails`},
		{`"active":7`, `active "7" is neither true nor false: map active to a boolean`},
		{extGuest + `{"type":"single"}`, `guest type "single" is not one that Slack makes: send multi, a guest of several channels, or no guest type for a full member`},
		{extGuest + `{"type":"single","expiration":"2026-12-31T00:00:00Z"}`, `guest type "single" is not one that Slack makes: send multi, a guest of several channels, or no guest type for a full member`},
		{extGuest + `{"type":["multi"]}`, `guest type is not a text: send a single value`},
		{extGuest + `{"type":"multi","expiration":"2026-12-31"}`, `guest expiration "2026-12-31" is not a date with a time and an offset: send one such as 2026-12-31T00:00:00Z`},
		{extGuest + `{"type":"multi","expiration":"9999-12-31T23:59:59-01:00"}`, `guest expiration "9999-12-31T23:59:59-01:00" is not a date with a time and an offset: send one such as 2026-12-31T00:00:00Z`},
		{extGuest + `{"type":" ","expiration":"2026-12-31T00:00:00Z"}`, `guest expiration "2026-12-31T00:00:00Z" is set for a person who is no guest: send the guest type multi too`},
	}
	for _, test := range tests {
		_, err := ToUser(person(t, test.doc), entra)
		var refused *Error
		if !errors.As(err, &refused) || err.Error() != test.want {
			t.Errorf("%s\n got %v\nwant %s", test.doc, err, test.want)
		}
	}
}

// entra is a source that renames whom it deletes.
var entra = Options{SoftDeleteRenames: true}

func TestSoftDelete(t *testing.T) {
	const doc = `"active":false,"userName":"0f3c6d1e2b4a49c8a1b2c3d4e5f60718ann@x.test","emails":[{"value":"0f3c6d1e2b4a49c8a1b2c3d4e5f60718ann@x.test"}]`
	for _, renames := range []bool{true, false} {
		user, err := ToUser(person(t, doc), Options{SoftDeleteRenames: renames})
		if err != nil || (user.Profile[scim.SlackUserName] == "") != renames || (user.Profile[scim.SlackEmail] == "") != renames {
			t.Errorf("renames %v: %v, %v", renames, user.Profile, err)
		}
	}
}

func TestActive(t *testing.T) {
	for doc, want := range map[string]bool{``: true, `"active":null`: true, `"active":true`: true, `"active":"True"`: true,
		`"active":""`: true, `"active":false`: false, `"active":" FALSE "`: false} {
		if user, err := ToUser(person(t, doc), entra); err != nil || user.Active != want {
			t.Errorf("%s: %v, %v", doc, user.Active, err)
		}
	}
}

func TestManager(t *testing.T) {
	tests := []struct {
		doc, manager string
		set          bool
		warnings     int
	}{
		{``, "", false, 0},
		{extEnterprise + `null`, "", true, 0},
		{extEnterprise + `{}`, "", false, 0},
		{extEnterprise + `{"manager":null}`, "", true, 0},
		{extEnterprise + `{"manager":{}}`, "", false, 0},
		{extEnterprise + `{"manager":{"value":""}}`, "", true, 0},
		{extEnterprise + `{"manager":{"value":" m1 ","displayName":"Max"}}`, "m1", true, 0},
		{extEnterprise + `{"manager":{"displayName":"Max"}}`, "", false, 1},
		{extEnterprise + `{"manager":"m1"}`, "m1", true, 0},
		{extEnterprise + `{"manager":[{"value":"m1"}]}`, "m1", true, 0},
		{extEnterprise + `{"manager":[]}`, "", true, 0},
	}
	for _, test := range tests {
		user, err := ToUser(person(t, test.doc), entra)
		_, inProfile := user.Profile[scim.SlackManager]
		if err != nil || user.Manager != test.manager || user.ManagerSet != test.set || len(user.Warnings) != test.warnings || inProfile {
			t.Errorf("%s: %+v, %v", test.doc, user, err)
		}
	}
}

func TestToGroup(t *testing.T) {
	tests := []struct {
		name     any
		want     Group
		wantFail string
	}{
		{name: " Accounting ", want: Group{Name: "Accounting"}},
		{name: `cn=Sales\, EU,ou=groups,dc=x`, want: Group{Name: `cn=Sales\, EU,ou=groups,dc=x`}},
		{name: "a\tb\x07", want: Group{Name: "a b", Warnings: []string{`displayName "a\tb\a": control characters were removed`}}},
		{name: strings.Repeat("x", 1000), want: Group{Name: strings.Repeat("x", 1000)}},
		{name: nil, wantFail: "displayName is blank and Slack wants a name of each group: map the group's name to displayName"},
		{name: "\x07", wantFail: "displayName is blank and Slack wants a name of each group: map the group's name to displayName"},
		{name: []any{"a"}, wantFail: "displayName is not a text: map the group's name to displayName"},
	}
	for _, test := range tests {
		got, err := ToGroup(scim.Object{"displayName": test.name}, nil)
		var refused *Error
		if test.wantFail != "" && (!errors.As(err, &refused) || err.Error() != test.wantFail) || test.wantFail == "" && err != nil {
			t.Errorf("%v: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v: -want +got\n%s", test.name, diff)
		}
	}
	if _, err := ToGroup(scim.Object{}, nil); err == nil {
		t.Error("a group without a name passed")
	}
}

func TestExcerpt(t *testing.T) {
	for sent, want := range map[string]string{
		"":                       "",
		strings.Repeat("é", 64):  strings.Repeat("é", 64),
		strings.Repeat("é", 65):  strings.Repeat("é", 61) + "...",
		strings.Repeat("x", 999): strings.Repeat("x", 61) + "...",
		"a\xffb":                 "a\uFFFDb",
	} {
		if got := excerpt(sent); got != want {
			t.Errorf("excerpt(%q) = %q", sent, got)
		}
	}
}
