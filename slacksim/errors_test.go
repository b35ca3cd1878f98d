package slacksim

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestErrorsMatchRecordings brings about every error whose body is known, some
// of them in parts only, and compares the whole bodies.
func TestErrorsMatchRecordings(t *testing.T) {
	v1User := func(userName string, more ...doc) doc {
		return newUser2(userName, append([]doc{{"schemas": []string{urnCore1}}}, more...)...)
	}
	other := doc{"emails": []doc{{"value": "other@example.com"}}}
	tests := map[string]struct {
		taken        int // ErrorStatusTaken
		method, path string
		body         doc
		user         string // stands for <user>
		badToken     bool
	}{
		"v1_401_invalid_authentication":               {method: "GET", path: "/v1/Users", badToken: true},
		"v2_401_invalid_authentication_uses_v1_shape": {method: "GET", path: "/v2/Users", badToken: true},
		"v2_400_missing_schema_element.docs":          {method: "POST", path: "/v2/Users", body: doc{"userName": "x"}},
		"v1_400_username_not_allowed.okta":            {method: "POST", path: "/v1/Users", body: v1User("slackbot"), user: "slackbot"},
		"v1_400_invalid_name_specials.okta":           {method: "POST", path: "/v1/Users", body: v1User("bob", doc{"displayName": "b@b"}), user: "bob"},
		"v1_400_long_username.okta":                   {method: "PATCH", path: "/v1/Users/U0123ABCD", body: doc{"userName": strings.Repeat("x", 22)}, user: strings.Repeat("x", 22)},
		"RECONSTRUCTED_v1_400_username_too_long":      {method: "POST", path: "/v1/Users", body: v1User("a_very_long_username_over_21")},
		"RECONSTRUCTED_v1_email_taken":                {taken: 400, method: "POST", path: "/v1/Users", body: v1User("alice")},
		"RECONSTRUCTED_v1_username_taken":             {method: "POST", path: "/v1/Users", body: v1User("alice", other)},
		"RECONSTRUCTED_v2_email_taken":                {method: "POST", path: "/v2/Users", body: newUser2("alice")},
	}
	recordings, err := filepath.Glob("testdata/errors/*.json")
	if err != nil || len(recordings) != len(tests) {
		t.Fatalf("%d recordings, %d tests: %v", len(recordings), len(tests), err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/errors/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want doc
			if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "<user>", tt.user)), &want); err != nil {
				t.Fatal(err)
			}
			s := New(fast(Options{ErrorStatusTaken: tt.taken}))
			s.AddUser(User{ID: "U0123ABCD", UserName: "alice", Active: true})
			if tt.badToken {
				s.SetToken("another")
			}
			r := send(t, s, tt.method, tt.path, tt.body)
			if diff := cmp.Diff(want, r.body); diff != "" {
				t.Errorf("-Slack +got:\n%s", diff)
			}
			if code := statusIn(want); code != r.status {
				t.Errorf("HTTP status %d, in the body %d", r.status, code)
			}
		})
	}
}

// statusIn is the status that an error body names, in either shape.
func statusIn(body doc) int {
	if e, ok := body["Errors"].(doc); ok {
		return int(e["code"].(float64))
	}
	status, ok := body["status"].(float64)
	if !ok {
		return http.StatusTeapot
	}
	return int(status)
}
