package scimhandlers

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/store"
)

func TestMethods(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	for _, c := range []struct{ path, allow string }{
		{"/Users", "GET, HEAD, OPTIONS, POST"},
		{"/Groups/", "GET, HEAD, OPTIONS, POST"},
		{"/Users/" + id, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
		{"/Groups/0", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
		{"/ServiceProviderConfig", "GET, HEAD, OPTIONS"},
		{"/Schemas", "GET, HEAD, OPTIONS"},
		{"/ResourceTypes/User", "GET, HEAD, OPTIONS"},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			a := w.send(method, c.path, nil)
			listed := strings.Contains(c.allow, method)
			switch {
			case method == "OPTIONS" && (a.Code != 204 || a.Header().Get("Allow") != c.allow):
				t.Errorf("OPTIONS %s: %d, Allow %q, want %q", c.path, a.Code, a.Header().Get("Allow"), c.allow)
			case !listed && (a.Code != 405 || a.Header().Get("Allow") != c.allow):
				t.Errorf("%s %s: %d, Allow %q", method, c.path, a.Code, a.Header().Get("Allow"))
			case listed && (a.Code == 405 || a.Code >= 500):
				t.Errorf("%s %s: %d", method, c.path, a.Code)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	for path, want := range map[string]int{
		"/scim/v2/Users/" + id:                  200,
		"/scim/v2/Users/" + id + "/":            200,
		"/scim/v2/Users/":                       200,
		"/scim/v2/Users?":                       200,
		"/scim/v2/Users?count=1&?":              200,
		"/scim/v2/Users%2F" + id:                404,
		"/scim/v2//Users":                       404,
		"/scim/v2/Users//" + id:                 404,
		"/scim/v2/Users/" + id + "//":           404,
		"/scim/v2/Users/" + id + "/emails":      404,
		"/scim/v2/users":                        404,
		"/scim/v2/Groups/" + id:                 404,
		"/scim/v2/Users/0":                      404,
		"/scim/v2/Users/" + strings.ToUpper(id): 404,
		"/scim/v2/Users/..%2F..":                404,
		"/scim/v2/Users/%00":                    404,
		"/scim/v2/Robots":                       404,
		"/scim/v2":                              200,
		"/scim/v2/":                             200,
		"/scim/v2x/Users":                       404,
		"/Users":                                404,
		"/scim/v2/Me":                           501,
		"/scim/v2/Bulk":                         405,
		"/scim/v2/.search":                      405,
		"/scim/v2/Users/.search":                405,
	} {
		r := httptest.NewRequest("GET", path, nil)
		if a := w.do(r); a.Code != want {
			t.Errorf("GET %s: %d, want %d", path, a.Code, want)
		}
	}
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	body := patchBody(object{"op": "replace", "path": "active", "value": true})
	for header, want := range map[string]int{
		"application/scim+json":                   200,
		"application/scim+json; charset=utf-8":    200,
		"Application/JSON;charset=UTF-8":          200,
		"text/json":                               200,
		"text/plain":                              415,
		"application/xml":                         415,
		"application/x-www-form-urlencoded":       415,
		"application/json; charset=iso-8859-1":    415,
		"application/json; charset":               415,
		"multipart/form-data; boundary=x":         415,
		"application/json, application/json":      415,
		"application/scim+json;charset=\"utf-8\"": 200,
	} {
		w.must(want, "PATCH", "/Users/"+id, body, "Content-Type", header)
	}
	w.must(200, "PATCH", "/Users/"+id, body)
	w.must(415, "PATCH", "/Users/"+id, body, "Content-Encoding", "gzip")
	for accept, want := range map[string]string{
		"":                                  "application/scim+json",
		"*/*":                               "application/scim+json",
		"application/scim+json":             "application/scim+json",
		"application/json":                  "application/json",
		"application/json, text/plain, */*": "application/json",
		"application/json, application/scim+json": "application/scim+json",
		"text/html": "application/scim+json",
	} {
		if got := w.must(200, "GET", "/Users/"+id, nil, "Accept", accept).Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q: %q, want %q", accept, got, want)
		}
	}
	if got := w.must(404, "GET", "/Users/0", nil, "Accept", "application/json").Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("an error has the type %q", got)
	}
}

// TestBadInputChangesNothing sends what is wrong in one way or another, and compares the whole store.
func TestBadInputChangesNothing(t *testing.T) {
	w := newWorld(t)
	user := w.newUser("ann@x.test")
	group := w.newGroup("Eng", user)
	w.loop.take()
	before := w.dump()
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	huge := `{"userName":"x","title":"` + strings.Repeat("x", users.maxBody) + `"}`
	for _, c := range []struct {
		method, path, body string
		status             int
		scimType           string
	}{
		{"POST", "/Users", "", 400, "invalidSyntax"},
		{"PUT", "/Users/" + user, "", 400, "invalidSyntax"},
		{"PATCH", "/Users/" + user, "", 400, "invalidSyntax"},
		{"POST", "/Users", "null", 400, "invalidSyntax"},
		{"POST", "/Users", "[]", 400, "invalidSyntax"},
		{"POST", "/Users", `{"userName":"x"`, 400, "invalidSyntax"},
		{"POST", "/Users", `{"userName":"x"} x`, 400, "invalidSyntax"},
		{"POST", "/Users", `{"userName":"x","USERNAME":"y"}`, 400, "invalidSyntax"},
		{"POST", "/Users", "{\"userName\":\"\xff\"}", 400, "invalidSyntax"},
		{"POST", "/Users", deep, 400, "invalidSyntax"},
		{"POST", "/Users", huge, 413, ""},
		{"POST", "/Users", `{}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":""}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":"  "}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":null}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":{"a":1}}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":"x","active":"maybe"}`, 400, "invalidValue"},
		{"POST", "/Users?attributes=a&excludedAttributes=b", `{"userName":"x"}`, 400, "invalidValue"},
		{"POST", "/Users?attributes=%zz", `{"userName":"x"}`, 400, "invalidValue"},
		{"PUT", "/Users/" + user, `{"userName":null}`, 400, "invalidValue"},
		{"PUT", "/Users/" + nobody, `{"userName":"x"}`, 404, ""},
		{"PATCH", "/Users/" + user, `{"Operations":[]}`, 400, "invalidSyntax"},
		{"PATCH", "/Users/" + user, `{"op":"replace"}`, 400, "invalidSyntax"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"title","value":"x"},{"op":"move","path":"title"}]}`, 400, "invalidSyntax"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":"maybe"}]}`, 400, "invalidValue"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"title","value":"x"},{"op":"remove","path":"userName"}]}`, 400, "mutability"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"id","value":"x"}]}`, 400, "mutability"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"groups","value":[]}]}`, 400, "mutability"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"replace","path":"emails[type eq","value":"x"}]}`, 400, "invalidPath"},
		{"PATCH", "/Users/" + user, `{"Operations":[{"op":"remove"}]}`, 400, "noTarget"},
		{"PATCH", "/Groups/" + group, `{"Operations":[{"op":"add","path":"members","value":[{"value":"` + user + `"}]},{"op":"remove","path":"displayName"}]}`, 400, "mutability"},
		{"PATCH", "/Groups/" + group, `{"Operations":[{"op":"remove","path":"members"},{"op":"replace","path":"displayName","value":""}]}`, 400, "invalidValue"},
		{"PATCH", "/Groups/" + group, `{"Operations":[{"op":"remove","path":"members"},{"op":"replace","path":"members[","value":""}]}`, 400, "invalidPath"},
		{"PUT", "/Groups/" + group, `{"displayName":"","members":[]}`, 400, "invalidValue"},
		{"PUT", "/Groups/" + group, `{"displayName":"x","members":[{"value":["a"]}]}`, 400, "invalidValue"},
		{"PUT", "/Groups/" + group, `{"displayName":"x","members":17}`, 400, "invalidValue"},
		{"POST", "/Groups", `{"members":[]}`, 400, "invalidValue"},
		{"POST", "/Groups", `{"displayName":"eng"}`, 409, "uniqueness"},
		{"GET", "/Users?count=many", "", 400, "invalidValue"},
		{"GET", "/Users?startIndex=1.5", "", 400, "invalidValue"},
		{"GET", "/Users?filter=x", "", 400, "invalidFilter"},
		{"GET", "/Users?filter=nosuch+eq+1", "", 400, "invalidFilter"},
		{"GET", "/Users?filter=" + strings.Repeat("(", 5000), "", 400, "invalidFilter"},
		{"GET", "/Users?filter=userName+eq+%22a%22&filter=userName+eq+%22b%22", "", 400, "invalidValue"},
		{"GET", "/Users?%zz=1", "", 400, "invalidValue"},
		{"DELETE", "/Users/" + nobody, "", 404, ""},
		{"DELETE", "/Groups/" + user, "", 404, ""},
	} {
		a := w.send(c.method, c.path, c.body)
		if a.Code != c.status || a.body.String("scimType") != c.scimType {
			t.Errorf("%s %s %.80s: %d %s, want %d %s", c.method, c.path, c.body, a.Code, a.Body, c.status, c.scimType)
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			t.Fatalf("%s %s %.80s changed the store:\n%s", c.method, c.path, c.body, diff)
		}
	}
	if keys := w.loop.take(); len(keys) > 0 {
		t.Errorf("the reconciler was told of %v", keys)
	}
}

// TestBodyOfUnknownLength holds the limit where no Content-Length tells of the size.
func TestBodyOfUnknownLength(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("POST", "/scim/v2/Users", io.MultiReader(strings.NewReader(`{"userName":"`), strings.NewReader(strings.Repeat("x", users.maxBody))))
	if a := w.do(r); a.Code != 413 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	r = httptest.NewRequest("POST", "/scim/v2/Users", io.MultiReader(strings.NewReader(`{"userName":"`), brokenReader{}))
	if a := w.do(r); a.Code != 400 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBaseURL(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BaseURL = "" })
	id := w.newUser("ann@x.test")
	for want, change := range map[string]func(r *http.Request){
		"http://example.com/scim/v2/Users/":  func(*http.Request) {},
		"https://example.com/scim/v2/Users/": func(r *http.Request) { r.TLS = &tls.ConnectionState{} },
		"https://gw.test:8443/scim/v2/Users/": func(r *http.Request) {
			r.Host = "gw.test:8443"
			r.Header.Set("X-Forwarded-Proto", "HTTPS, http")
		},
	} {
		r := newRequest(t, "GET", "/Users/"+id, nil)
		change(r)
		if got := w.do(r).body.Object("meta").String("location"); got != want+id {
			t.Errorf("location %q, want %q", got, want+id)
		}
	}
}

func TestNobody(t *testing.T) {
	w := newWorld(t)
	w.source.Name = ""
	for _, path := range []string{"/Users", "/Users/0", "/ServiceProviderConfig", "/nothing"} {
		if a := w.must(401, "GET", path, nil); a.Header().Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
	}
}

func TestStoreFailures(t *testing.T) {
	w := newWorld(t)
	w.newUser("ann@x.test")
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path string }{{"GET", "/Users"}, {"GET", "/Users/" + nobody}, {"POST", "/Users"}, {"PUT", "/Users/" + nobody}, {"DELETE", "/Users/" + nobody}} {
		if a := w.must(503, c.method, c.path, userBody("bob@x.test")); a.Header().Get("Retry-After") != "5" {
			t.Errorf("Retry-After %q", a.Header().Get("Retry-After"))
		}
	}
	secret := errors.New("read /var/lib/x: password of ann@x.test")
	if got := scimError(secret); got.Status != 500 || strings.Contains(got.Detail, "ann") || got.Detail != "internal error" {
		t.Errorf("an unknown error became %+v", got)
	}
}

func TestErrorTable(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{scim.Errorf(scim.InvalidFilter, "x"), 400}, {scim.Errorf(scim.TooMany, "x"), 400}, {scim.Errorf(scim.Uniqueness, "x"), 409},
		{scim.Errorf(scim.Mutability, "x"), 400}, {scim.Errorf(scim.InvalidSyntax, "x"), 400}, {scim.Errorf(scim.InvalidPath, "x"), 400},
		{scim.Errorf(scim.NoTarget, "x"), 400}, {scim.Errorf(scim.InvalidValue, "x"), 400},
		{&scim.TooLargeError{}, 413}, {&http.MaxBytesError{}, 413}, {&store.ConflictError{}, 409}, {store.ErrNotFound, 500}, {store.ErrClosed, 503},
		{store.ErrReadOnly, 500},
	} {
		if got := scimError(c.err); got.Status != c.status || got.Detail == "" {
			t.Errorf("%v: %+v, want %d", c.err, got, c.status)
		}
	}
}
