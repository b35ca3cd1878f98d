package slackapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

const patchHead = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`

func TestLinterRefuses(t *testing.T) {
	newUser := func(rest string) string {
		return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u","nickName":"u","emails":[{"value":"a@b.c","primary":true}]` + rest + `}`
	}
	for name, row := range map[string]struct{ method, path, body string }{
		"PUT of a user":               {"PUT", "/Users/U1", newUser(`,"active":true`)},
		"PUT of a group":              {"PUT", "/Groups/S1", `{"displayName":"G"}`},
		"DELETE of a user":            {"DELETE", "/Users/U1", ""},
		"DELETE of all groups":        {"DELETE", "/Groups", ""},
		"DELETE of no group":          {"DELETE", "/Groups/", ""},
		"DELETE with a body":          {"DELETE", "/Groups/S1", `{}`},
		"POST to a user":              {"POST", "/Users/U1", newUser(`,"active":true`)},
		"PATCH of all users":          {"PATCH", "/Users", patchHead + `{"op":"replace","path":"active","value":false}]}`},
		"other endpoint":              {"POST", "/Bulk", `{}`},
		"look-alike endpoint":         {"GET", "/UsersX/U1", ""},
		"deeper path":                 {"GET", "/Users/U1/x", ""},
		"escaped slash":               {"GET", "/Users/U1%2Fx", ""},
		"dots":                        {"GET", "/Users/..", ""},
		"unknown verb":                {"OPTIONS", "/Users", ""},
		"no JSON":                     {"PATCH", "/Users/U1", `[]`},
		"new user, active unsaid":     {"POST", "/Users", newUser("")},
		"new user, active as text":    {"POST", "/Users", newUser(`,"active":"true"`)},
		"new user, password":          {"POST", "/Users", newUser(`,"active":true,"password":"x"`)},
		"new user, extension unnamed": {"POST", "/Users", newUser(`,"active":true,"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User":{"type":"multi"}`)},
		"new user, other nickName":    {"POST", "/Users", strings.Replace(newUser(`,"active":true`), `"nickName":"u"`, `"nickName":"v"`, 1)},
		"new user, no e-mail":         {"POST", "/Users", strings.Replace(newUser(`,"active":true`), `a@b.c`, ``, 1)},
		"new group, no name":          {"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`},
		"new group, odd member":       {"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G","members":[{"value":""}]}`},
		"no schemas":                  {"PATCH", "/Users/U1", `{"Operations":[{"op":"replace","path":"active","value":false}]}`},
		"no operations":               {"PATCH", "/Users/U1", patchHead + `]}`},
		"no path":                     {"PATCH", "/Users/U1", patchHead + `{"op":"replace","value":{"active":false}}]}`},
		"empty path":                  {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"","value":{"active":false}}]}`},
		"active twice":                {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"active","value":false},{"op":"replace","path":"active","value":true}]}`},
		"active as text":              {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"active","value":"false"}]}`},
		"active null":                 {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"active","value":null}]}`},
		"active removed":              {"PATCH", "/Users/U1", patchHead + `{"op":"remove","path":"active"}]}`},
		"userName removed":            {"PATCH", "/Users/U1", patchHead + `{"op":"remove","path":"userName"}]}`},
		"emails removed":              {"PATCH", "/Users/U1", patchHead + `{"op":"remove","path":"emails"}]}`},
		"emails without a primary":    {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"emails","value":[{"value":"a@b.c"}]}]}`},
		"filter on type":              {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b.c"}]}`},
		"whole enterprise extension":  {"PATCH", "/Users/U1", patchHead + `{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}]}`},
		"groups of a user":            {"PATCH", "/Users/U1", patchHead + `{"op":"add","path":"groups","value":[{"value":"S1"}]}]}`},
		"profileUrl":                  {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"profileUrl","value":"https://x"}]}`},
		"replace by nothing":          {"PATCH", "/Users/U1", patchHead + `{"op":"replace","path":"title"}]}`},
		"remove with a value":         {"PATCH", "/Users/U1", patchHead + `{"op":"remove","path":"title","value":"T"}]}`},
		"unknown operation":           {"PATCH", "/Users/U1", patchHead + `{"op":"move","path":"title","value":"T"}]}`},
		"guest while inactive":        {"PATCH", "/Users/U1", patchHead + `{"op":"add","path":"` + guestURN + `","value":{"type":"multi"}},{"op":"replace","path":"active","value":false}]}`},
		"all members removed":         {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members"}]}`},
		"members removed by value":    {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members","value":[{"value":"U1"}]}]}`},
		"filter and value":            {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members[value eq \"U1\"]","value":[{"value":"U1"}]}]}`},
		"wide filter":                 {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members[value pr]"}]}`},
		"double filter":               {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members[value eq \"U1\" or value pr]"}]}`},
		"empty filter":                {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"members[value eq \"\"]"}]}`},
		"members replaced":            {"PATCH", "/Groups/S1", patchHead + `{"op":"replace","path":"members","value":[{"value":"U1"}]}]}`},
		"nobody added":                {"PATCH", "/Groups/S1", patchHead + `{"op":"add","path":"members","value":[]}]}`},
		"name removed":                {"PATCH", "/Groups/S1", patchHead + `{"op":"remove","path":"displayName"}]}`},
		"user path on a group":        {"PATCH", "/Groups/S1", patchHead + `{"op":"replace","path":"active","value":false}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := New(Config{Token: testToken, SCIMURL: "https://slack.test/scim", HTTPClient: &http.Client{Transport: socket(t)}})
			if err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequest(row.method, c.scimURL+row.path, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.http.Do(request)
			var lint *LintError
			if !errors.As(err, &lint) || lint.Method != row.method || lint.Rule == "" {
				t.Errorf("got %v, want a *LintError", err)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// socket is a socket that nothing may reach.
func socket(t *testing.T) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s %s reached the socket", r.Method, r.URL)
		return nil, errors.New("reached")
	})
}

func TestLinterRefusesOtherPlacesAndHeaders(t *testing.T) {
	for name, row := range map[string]struct{ method, url, header string }{
		"other host":       {"GET", "https://evil.test/scim/v2/Users", ""},
		"longer host":      {"GET", "https://slack.test.evil.test/scim/v2/Users", ""},
		"longer path":      {"GET", "https://slack.test/scim/v2x/Users", ""},
		"no slash":         {"GET", "https://slack.test/scim/v2Users", ""},
		"plain text":       {"GET", "http://slack.test/scim/v2/Users", ""},
		"user in URL":      {"GET", "https://me@slack.test/scim/v2/Users", ""},
		"version 3":        {"GET", "https://slack.test/scim/v3/Users", ""},
		"other method":     {"POST", "https://slack.test/api/admin.users.remove", ""},
		"auth.test by GET": {"GET", "https://slack.test/api/auth.test", ""},
		"idempotency key":  {"GET", "https://slack.test/scim/v2/Users", "Idempotency-Key"},
		"x key":            {"GET", "https://slack.test/scim/v2/Users", "x-idempotency-key"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &linter{next: socket(t), scimURL: "https://slack.test/scim", apiURL: "https://slack.test/api/"}
			request, err := http.NewRequest(row.method, row.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if row.header != "" {
				request.Header[row.header] = []string{"1"}
			}
			_, err = l.RoundTrip(request)
			var lint *LintError
			if !errors.As(err, &lint) {
				t.Errorf("got %v, want a *LintError", err)
			}
		})
	}
}

// TestLinterPasses also checks that the body arrives whole and that nothing below can get it a second time.
func TestLinterPasses(t *testing.T) {
	for name, row := range map[string]struct{ method, path, body string }{
		"read":   {"GET", "/Users/U1", ""},
		"list":   {"GET", "/Users?startIndex=1&count=1000", ""},
		"delete": {"DELETE", "/Groups/S1", ""},
		"rename and members": {"PATCH", "/Groups/S1", patchHead + `{"op":"replace","path":"displayName","value":"G"},` +
			`{"op":"remove","path":"members[value eq \"U1\"]"},{"op":"remove","path":"members[value eq \"U2\"]"},{"op":"add","path":"members","value":[{"value":"U3"}]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			reached := false
			l := &linter{scimURL: "https://slack.test/scim", apiURL: "https://slack.test/api/",
				next: roundTripper(func(r *http.Request) (*http.Response, error) {
					reached = true
					if r.GetBody != nil {
						t.Error("the body can be read again: net/http may replay the request")
					}
					if r.Body != nil {
						if got, _ := io.ReadAll(r.Body); string(got) != row.body {
							t.Errorf("the body became %q", got)
						}
					}
					return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
				})}
			request, err := http.NewRequest(row.method, l.scimURL+"/v2"+row.path, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.RoundTrip(request); err != nil || !reached {
				t.Error(err)
			}
		})
	}
}

// TestLintErrorIsRefused: a caller that retries what was not sent must not retry this.
func TestLintErrorIsRefused(t *testing.T) {
	c, err := New(Config{Token: testToken, SCIMURL: "https://slack.test/scim", HTTPClient: &http.Client{Transport: socket(t)}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.do(t.Context(), call{op: "break the rules", limit: LimitWrites, method: "PUT", path: "/Users/U1", body: map[string]any{}})
	var e *Error
	var lint *LintError
	if !errors.As(err, &e) || e.Kind != Refused || e.ID != requestForbidden || !errors.As(err, &lint) {
		t.Errorf("got %v", err)
	}
}
