package scimhandlers

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRequest sends anything to a handler with a user and a group in it. Nothing may be an internal error, and whatever is refused
// changes nothing.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/Users", "filter=userName+eq+%22a%22", "")
	f.Add("POST", "/Users", "", `{"userName":"b","emails":[{"value":"b@x.test"}]}`)
	f.Add("PUT", "/Groups/GROUP", "", `{"displayName":"g","members":[{"value":"USER"},"x"]}`)
	f.Add("PATCH", "/Groups/GROUP", "attributes=members", `{"Operations":[{"op":"remove","path":"members[value eq \"USER\"]"}]}`)
	f.Add("PATCH", "/Users/USER", "", `{"Operations":[{"op":"replace","value":{"name.givenName":"x","active":"False"}}]}`)
	f.Add("DELETE", "/Users/USER", "", "")
	f.Add("GET", "/Schemas/urn%3a", "startIndex=2&count=-1&%", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		w := newWorld(t)
		user := w.newUser("ann@x.test")
		replace := strings.NewReplacer("USER", user, "GROUP", w.newGroup("Eng", user))
		r := httptest.NewRequest("GET", "/scim/v2", strings.NewReader(replace.Replace(body)))
		r.Method, r.URL.RawQuery = method, query
		if u, err := r.URL.Parse("/scim/v2" + replace.Replace(path)); err == nil {
			r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
		}
		before := w.dump()
		a := w.do(r)
		if a.Code >= 500 && a.Code != 501 {
			t.Errorf("%s %s?%s %q: %d %s", method, path, query, body, a.Code, a.Body)
		}
		if a.Code >= 400 || method == "GET" {
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				t.Errorf("%s %s?%s %q: %d and the store changed:\n%s", method, path, query, body, a.Code, diff)
			}
		}
	})
}
