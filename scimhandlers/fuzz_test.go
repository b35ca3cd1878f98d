package scimhandlers

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/fuzzcost"
	"scim2slack/scim"
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
		var a answer
		once := r.Clone(r.Context())
		fuzzcost.Check(t, len(path)+len(query)+len(body), 512<<10, func() {
			// A change is made once; what it costs to find out that nothing changes is much the same.
			r.Body = io.NopCloser(strings.NewReader(replace.Replace(body)))
			recorder := httptest.NewRecorder()
			w.handler.ServeHTTP(recorder, r)
			if a.ResponseRecorder == nil {
				a.ResponseRecorder = recorder
			}
		})
		if a.Body.Len() > 0 {
			a.body, _ = scim.Decode(a.Body.Bytes(), scim.Limits{Bytes: 64 << 20})
		}
		checkForm(t, once, a)
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

// FuzzHeaders sends anything as the headers that choose media types and versions.
func FuzzHeaders(f *testing.F) {
	f.Add("application/scim+json", "application/json; charset=utf-8", `W/"1"`, `W/"2"`)
	f.Add("application/json", "", "*", "*")
	f.Add("text/html;q=0.9, */*", "text/json;charset=UTF8", `"1", W/"7"`, ` , ,"`)
	f.Add("", "multipart/form-data; boundary=x", "", `W/"1`)
	f.Add("application/scim+json;q=0, application/json", "application/scim+json;charset=latin1", "1", "W/")
	f.Fuzz(func(t *testing.T, accept, contentType, ifMatch, ifNoneMatch string) {
		w := newWorld(t)
		path := "/Users/" + w.newUser("ann@x.test")
		size := len(accept) + len(contentType) + len(ifMatch) + len(ifNoneMatch)
		send := func(method, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, Root+path, strings.NewReader(body))
			// As they are, also where a client could not send them.
			r.Header = map[string][]string{"Accept": {accept}, "Content-Type": {contentType}, "If-Match": {ifMatch}, "If-None-Match": {ifNoneMatch}}
			a := httptest.NewRecorder()
			w.handler.ServeHTTP(a, r)
			return a
		}
		fuzzcost.Check(t, size, 256<<10, func() {
			a := send("GET", "")
			if a.Code != 200 && a.Code != 304 {
				t.Fatalf("GET with Accept %q and If-None-Match %q: %d %s", accept, ifNoneMatch, a.Code, a.Body)
			}
			if known := strings.TrimSpace(ifNoneMatch); (known == `W/"1"` || known == "*") && a.Code == 200 {
				t.Fatalf("If-None-Match %q: %d", ifNoneMatch, a.Code)
			}
		})
		before := w.dump()
		a := send("PUT", `{"userName":"ann@x.test","title":"Lead"}`)
		if a.Code != 200 && a.Code != 412 && a.Code != 415 {
			t.Fatalf("PUT with Content-Type %q and If-Match %q: %d %s", contentType, ifMatch, a.Code, a.Body)
		}
		if diff := cmp.Diff(before, w.dump()); (diff == "") != (a.Code != 200) {
			t.Fatalf("%d, and the store: %s", a.Code, diff)
		}
	})
}
