package slacksim

import "testing"

// FuzzBody sends any body to every write. Whatever it is, the answer is one
// that Slack might give, and the organization stays consistent.
func FuzzBody(f *testing.F) {
	for _, s := range []string{
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","emails":[{"value":"x@y.z"}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"emails[value eq \"a\"].value","value":[null]}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":{"value":1}}]}`,
		`{"meta":{"attributes":["roles","urn:scim:schemas:extension:enterprise:1.0.manager"]},"emails":[{"operation":"delete"}],"active":"x"}`,
		`{"members":[{"value":"W0A","operation":"delete"}]}`, `{"schemas":1}`, ``,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := New(fast(Options{Enterprise: true, Pathless: PathlessApplied}))
		s.AddUser(User{ID: "W0A", UserName: "a", SecondaryEmail: "a", Active: true})
		s.AddGroup(Group{ID: "S0A", DisplayName: "g", Members: []string{"W0A"}})
		for _, v := range []string{"/v1", "/v2"} {
			for _, c := range [][2]string{
				{"POST", "/Users"}, {"PATCH", "/Users/W0A"}, {"PUT", "/Users/W0A"},
				{"POST", "/Groups"}, {"PATCH", "/Groups/S0A"}, {"PUT", "/Groups/S0A"},
			} {
				switch r := send(t, s, c[0], v+c[1], body); r.status {
				case 200, 201, 204, 400, 403, 404, 409:
				default:
					t.Fatalf("%s %s: %d %s", c[0], v+c[1], r.status, r.text)
				}
				checkWorld(t, s)
			}
		}
	})
}

// FuzzText reads any text as a filter and as a path: each is read or refused.
func FuzzText(f *testing.F) {
	for _, s := range []string{`userName eq "a"`, `(email sw 'x' or restricted eq 1) and userName pr`, `userName eq`, `((`, `"`, ` `,
		"members", `members[value eq "U1"]`, "members[value eq U1]", urnEnterprise2 + ".manager.managerId", urnEnterprise2 + ":employeeNumber",
		`phoneNumbers[value eq "3\"3"].value`, "a[", urnUser2 + ":" + urnUser2 + ":x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parsed, refusal := parseFilter(s, userAttributes)
		if (parsed == nil) == (refusal == nil) {
			t.Fatalf("%q: %v and %v", s, parsed, refusal)
		}
		if parsed != nil {
			parsed.matches(func(string) []string { return []string{s} })
		}
		if p, refusal := parsePath(s); refusal == nil && p.urn == "" && p.attribute == "" {
			t.Errorf("%q means nothing: %+v", s, p)
		}
	})
}
