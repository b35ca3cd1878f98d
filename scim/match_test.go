package scim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ann() Object {
	return Object{
		"id": "u1", "externalId": "X-7", "userName": "Ann@X.test", "displayName": "Ann Ölmann", "active": true, "title": nil, "locale": "",
		"name":   Object{"givenName": "Ann", "familyName": "Ölmann", "middleName": nil},
		"emails": []any{Object{"value": "ann@x.test", "type": "work", "primary": true}, Object{"value": "ann@home.test", "type": "home"}},
		"roles":  []any{Object{"value": "admin", "primary": true}},
		"addresses": []any{
			Object{"locality": "Ghent", "country": "BE", "type": "work"},
		},
		"phoneNumbers":   nil,
		"meta":           Object{"created": "2024-01-01T00:00:00Z", "lastModified": "2026-05-13T04:42:34.5Z", "resourceType": "User"},
		"schemas":        []any{UserSchema, EnterpriseSchema},
		EnterpriseSchema: Object{"department": "Eng", "employeeNumber": "007", "costCenter": nil, "manager": Object{"value": "m1"}},
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		filter string
		want   bool
	}{
		{`userName eq "ann@x.TEST"`, true},
		{`USERNAME EQ "ann@x.test"`, true},
		{`userName eq "ann"`, false},
		{`userName sw ANN`, true},
		{`userName ew .TEST`, true},
		{`userName co "@x"`, true},
		{`userName gt "ann"`, true},
		{`userName lt "ann"`, false},
		{`userName ge "ann@x.test" and userName le "ann@x.test"`, true},
		{`displayName eq "ann ÖLMANN"`, true},
		{`id eq "u1"`, true},
		{`id eq "U1"`, false}, // caseExact
		{`externalId eq X-7`, true},
		{`externalId eq x-7`, false},
		{UserSchema + `:userName eq "ann@x.test"`, true},
		{strings.ToUpper(UserSchema) + `:userName eq "ann@x.test"`, true},

		{`active eq true`, true},
		{`active eq "True"`, true},
		{`active eq "false"`, false},
		{`active ne false`, true},
		{`active pr`, true},

		{`title pr`, false},
		{`locale pr`, false},
		{`phoneNumbers pr`, false},
		{`nickName pr`, false},
		{`title eq null`, true},
		{`nickName eq null`, true},
		{`userName eq null`, false},
		{`userName ne null`, true},
		{`title ne "x"`, true},
		{`nickName ne "x"`, true},
		{`nickName ne null`, false},
		{`userName ne "ann@x.test"`, false},
		{`not (nickName eq "x")`, true},

		{`name.givenName eq ann`, true},
		{`name.FamilyName co "ölm"`, true},
		{`name co "nn"`, true},
		{`name eq "ann"`, true},
		{`name eq "zoe"`, false},
		{`name pr`, true},
		{`name.middleName pr`, false},

		{`emails eq "ann@home.test"`, true},
		{`emails co "home"`, true},
		{`emails eq "zoe@home.test"`, false},
		{`emails.value eq "ANN@home.test"`, true},
		{`emails.type eq "work"`, true},
		{`emails.type eq "other"`, false},
		{`not (emails.value eq "ann@x.test")`, false},
		{`emails.value ne "ann@x.test"`, true}, // some element differs
		{`emails pr`, true},
		{`emails[type eq "work"]`, true},
		{`emails[type eq "work" and value co "home"]`, false},
		{`emails[type eq "home" and value co "home"]`, true},
		{`emails[type eq "work" and value co "x" and primary eq true]`, true},
		{`emails[not (type eq "work") and (value co "zzz" or value co "home")]`, true},
		{`emails[type eq "work"].value eq "ann@x.test"`, true},
		{`emails[type eq "work"].value eq "ann@home.test"`, false},
		{`emails[type eq "other"].value eq "ann@x.test"`, false},
		{`emails[type eq "other"].value pr`, false},
		{`emails[type eq "work"].value pr`, true},
		{`emails[type eq work] eq "ann@x.test"`, true},
		{`roles[primary eq "True"].value eq "admin"`, true},
		{`roles[primary eq "True"]`, true},
		{`phoneNumbers[type eq "work"].value eq "1"`, false},
		{`addresses co "ghe"`, true},
		{`addresses.country eq be`, true},
		{`addresses[locality sw gh]`, true},
		{`schemas eq "` + EnterpriseSchema + `"`, true},
		{`schemas[value co "enterprise"]`, true},
		{`schemas[not (value co "schemas")]`, false},

		{EnterpriseSchema + `:department eq "eng"`, true},
		{`department eq "eng"`, true},
		{`department eq "eng" and userName sw "ann"`, true},
		{`manager.value eq "m1"`, true},
		{`manager eq "m1"`, true},
		{`id eq "u1" and manager eq "m2"`, false},
		{EnterpriseSchema + `:manager.value eq m1`, true},
		{`costCenter pr`, false},
		{`employeeNumber eq 007`, true},
		{`employeeNumber eq 7`, false},
		{SlackGuestSchema + `:type pr`, false},
		{SlackGuestSchema + `:type ne "multi"`, true},

		{`meta.lastModified gt "2026-05-13T04:42:34Z"`, true},
		{`meta.lastModified eq "2026-05-13T06:42:34.500+02:00"`, true},
		{`meta.lastModified lt "2026-05-13T04:42:34.5Z"`, false},
		{`meta.Created gt 2015-10-10T14:38:21.8617979-07:00`, true},
		{`meta.created gt "2023-12-31"`, true},
		{`meta.created sw "2024-01"`, true},

		{`userName sw a and (title pr or active eq true)`, true},
		{`userName sw z or title pr and active eq true`, false},
		{`nosuch eq "x"`, false},
		{`nosuch ne "x"`, true},
		{`password eq "x"`, false},
	} {
		if got := mustFilter(t, tt.filter).Match(Users, ann()); got != tt.want {
			t.Errorf("%s is %v", tt.filter, got)
		}
	}
}

func TestMatchUnusualDocuments(t *testing.T) {
	for _, filter := range []string{`emails.value eq "x"`, `emails eq "x"`, `name.givenName eq "x"`, `manager eq "x"`, `userName eq "x"`, `active eq true`,
		`emails[type eq "work"].value eq "x"`, `meta.created gt "2020-01-01T00:00:00Z"`, `schemas[value eq "x"]`, `department eq "x"`} {
		f := mustFilter(t, filter)
		for _, doc := range []Object{nil, {}, {"emails": Object{"value": "y"}, "name": "z", EnterpriseSchema: "w", "userName": 3.5, "active": "maybe",
			"meta": []any{}, "schemas": []any{nil, Object{}}}, {"emails": []any{"s", nil, 4.0}, EnterpriseSchema: nil, "name": []any{}}} {
			if f.Match(Users, doc) {
				t.Errorf("%s matches %v", filter, doc)
			}
		}
	}
}

func TestMatchElement(t *testing.T) {
	members := Groups.Attribute("", "members")
	element := Object{"value": "u1", "display": "Ann", "type": "User"}
	for filter, want := range map[string]bool{
		`display eq "ann"`: true, `type eq "Group"`: false, `value eq "u1" and type eq "User"`: true, `not (value eq "u1")`: false,
		`value eq "zoe" or display sw "a"`: true, `nosuch pr`: false, `display pr`: true,
	} {
		if got := mustFilter(t, filter).MatchElement(members, element); got != want {
			t.Errorf("%s is %v", filter, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ filter, says string }{
		{`userName eq "x"`, ""},
		{`emails eq "x" and name co "y" and manager eq "z"`, ""},
		{`emails[type eq "work" and primary eq "True"].value eq "x"`, ""},
		{`schemas[value eq "x"]`, ""},
		{`meta.lastModified gt "2026-05-13T04:42:34Z"`, ""},
		{`meta.lastModified sw "2026"`, ""},
		{`active eq "false"`, ""},
		{`x509Certificates.value eq "x"`, ""},
		{`nosuch eq "x"`, "nosuch"},
		{`nosuch[type eq "x"]`, "nosuch"},
		{`title pr or not (name.nosuch eq "x")`, "nosuch"},
		{`urn:acme:1.0:User:title eq "x"`, "urn:acme:1.0:User"},
		{`emails[nosuch eq "x"]`, "nosuch"},
		{`emails[value.x eq "x"]`, "value.x"},
		{`name[givenName eq "x"]`, "one value only"},
		{`password eq "x"`, "cannot be searched"},
		{`active gt true`, "does not allow the operator gt"},
		{`active co "t"`, "does not allow the operator co"},
		{`active eq "maybe"`, "true or false"},
		{`emails[primary gt true]`, "does not allow"},
		{`name gt "x"`, "does not allow"},
		{`x509Certificates gt "x"`, "does not allow"},
		{`title gt null`, "null"},
		{`meta.lastModified gt "yesterday"`, "2026-01-31T09:00:00Z"},
	} {
		err := mustFilter(t, tt.filter).Check(Users)
		switch {
		case tt.says == "" && err != nil:
			t.Errorf("%s: %v", tt.filter, err)
		case tt.says != "" && err == nil:
			t.Errorf("%s is accepted", tt.filter)
		case tt.says != "":
			if e := fault(t, err, InvalidFilter); !strings.Contains(e.Detail, tt.says) {
				t.Errorf("%s: %s", tt.filter, e.Detail)
			}
		}
	}
}

func TestEqualities(t *testing.T) {
	for _, tt := range []struct {
		filter string
		want   []string
	}{
		{`username Eq "ann"`, []string{"userName=ann alone"}},
		{UserSchema + `:userName eq ann`, []string{"userName=ann alone"}},
		{`emails eq "a@x"`, []string{"emails.value=a@x alone"}},
		{`emails.value eq "a@x"`, []string{"emails.value=a@x alone"}},
		{`emails[type eq "work"].value eq "a@x"`, []string{"emails.value=a@x"}},
		{`emails[value eq "a@x"]`, []string{"emails.value=a@x alone"}},
		{`emails[value eq "a@x" and type eq "work"]`, []string{"emails.value=a@x", "emails.type=work"}},
		{`id eq "g1" and manager eq "u2"`, []string{"id=g1", EnterpriseSchema + " manager.value=u2"}},
		{`employeeNumber eq 12`, []string{EnterpriseSchema + " employeeNumber=12 alone"}},
		{`title pr and (userName eq "a" and externalId eq "b")`, []string{"userName=a", "externalId=b"}},
		{`userName eq "a" or userName eq "b"`, nil},
		{`not (userName eq "a")`, nil},
		{`userName sw "a"`, nil},
		{`userName eq null`, nil},
		{`userName eq ""`, nil},
		{`active eq true`, nil},
		{`name eq "x"`, nil},
		{`nosuch eq "x"`, nil},
		{`password eq "x"`, nil},
	} {
		var got []string
		for _, e := range mustFilter(t, tt.filter).Equalities(Users) {
			text := strings.TrimSpace(fmt.Sprintf("%s %s=%s", e.URN, e.Name(), e.Value))
			if e.Alone {
				text += " alone"
			}
			got = append(got, text)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.filter, d)
		}
	}
}

func TestUses(t *testing.T) {
	for filter, want := range map[string]bool{
		`members.value eq "u1"`: true, `displayName eq "x" or not (MEMBERS[value eq "u1"])`: true, `displayName eq "members"`: false,
		GroupSchema + `:members pr`: true, `nosuch pr`: false,
	} {
		if got := mustFilter(t, filter).Uses(Groups, "members"); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, filter := range []string{`userName eq "ann@x.test"`, `emails[type eq "work"].value eq "ann@x.test"`, `department co "n" and meta.lastModified gt "2026-01-01T00:00:00Z"`} {
		b.Run(filter, func(b *testing.B) {
			f, doc := mustFilter(b, filter), ann()
			b.ReportAllocs()
			for b.Loop() {
				if !f.Match(Users, doc) {
					b.Fatal("no match")
				}
			}
		})
	}
}
