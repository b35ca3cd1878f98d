package scimhandlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

// TestHostileInput sends what no client has reason to send. Each is refused with the error that the RFC has for it (RFC 7644 section 3.12,
// tables 8 and 9), and changes nothing.
func TestHostileInput(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	user, group := "/Users/"+ann, "/Groups/"+w.newGroup("Eng", ann)
	repeated := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	filter := func(text string) string { return "/Users?filter=" + url.QueryEscape(text) }
	patch := func(ops string) string { return `{"Operations":[` + ops + `]}` }
	before := w.dump()
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		scimType           string
	}{
		"a number beyond all":           {"POST", "/Users", `{"userName":1e999999}`, 400, "invalidSyntax"},
		"a number beyond all, unknown":  {"POST", "/Users", `{"userName":"x","custom":-1e999999}`, 400, "invalidSyntax"},
		"half a surrogate pair":         {"POST", "/Users", `{"userName":"\ud800"}`, 400, "invalidSyntax"},
		"UTF-8 of a surrogate":          {"POST", "/Users", "{\"userName\":\"\xed\xa0\x80\"}", 400, "invalidSyntax"},
		"overlong UTF-8":                {"POST", "/Users", "{\"userName\":\"\xc0\xaf\"}", 400, "invalidSyntax"},
		"NUL":                           {"POST", "/Users", `{"userName":"a\u0000b"}`, 400, "invalidValue"},
		"a raw NUL":                     {"POST", "/Users", "{\"userName\":\"a\x00b\"}", 400, "invalidSyntax"},
		"a key twice":                   {"POST", "/Users", `{"userName":"x","active":true,"active":false}`, 400, "invalidSyntax"},
		"a key twice, one escaped":      {"POST", "/Users", `{"userName":"x","active":true,"\u0061ctive":false}`, 400, "invalidSyntax"},
		"a key twice, as Unicode folds": {"POST", "/Users", "{\"userName\":\"x\",\"k\":true,\"\u212a\":false}", 400, "invalidSyntax"},
		"an attribute twice":            {"POST", "/Users", `{"userName":"x","` + scim.UserSchema + `:userName":"y"}`, 400, "invalidValue"},
		"lists in lists":                {"POST", "/Users", `{"userName":"x","emails":` + strings.Repeat("[", 100_000), 400, "invalidSyntax"},
		"values without end":            {"POST", "/Groups", `{"displayName":"x","members":[` + repeated(1_000_000, `""`), 413, ""},
		"100,000 operations on a user":  {"PATCH", user, patch(repeated(100_000, `{"op":"add","value":{}}`)), 413, ""},
		"100,000 operations on a group": {"PATCH", group, patch(repeated(100_000, `{"op":"add","value":{}}`)), 413, ""},
		"dots in a filter":              {"GET", filter("a.a.a.a pr"), "", 400, "invalidFilter"},
		"dots in a path":                {"PATCH", user, patch(`{"op":"remove","path":"a.a.a.a"}`), 400, "invalidPath"},
		"NUL in a filter":               {"GET", filter("user\x00Name pr"), "", 400, "invalidFilter"},
		"invalid UTF-8 in a filter":     {"GET", filter("userName eq \"\xff\""), "", 400, "invalidFilter"},
		"half a pair in a filter":       {"GET", filter(`userName eq "\ud800"`), "", 400, "invalidFilter"},
		"nots without end":              {"GET", filter(strings.Repeat("not(", 2000)), "", 400, "invalidFilter"},
		"brackets in brackets":          {"GET", filter(strings.Repeat("emails[", 1000)), "", 400, "invalidFilter"},
		"brackets in a path":            {"PATCH", user, patch(`{"op":"remove","path":"` + strings.Repeat("emails[", 1000) + `"}`), 400, "invalidPath"},
		"the password asked for":        {"GET", filter(`password sw "a"`), "", 400, "invalidFilter"},
		"the password by a sort":        {"GET", "/Users?sortBy=password", "", 400, "invalidPath"},
		"values compared without end":   {"PATCH", user, patch(repeated(30, `{"op":"add","path":"roles","value":[`+manyRoles(150)+`]}`)), 413, ""},
		"all members read without end":  {"PATCH", group, patch(repeated(5000, `{"op":"replace","path":"members","value":["x"]}`)), 400, "invalidValue"},
		"a group in itself":             {"PATCH", group, patch(`{"op":"add","path":"members","value":["` + strings.TrimPrefix(group, "/Groups/") + `"]}`), 400, "invalidValue"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := w.must(c.status, c.method, c.path, c.body); a.body.String("scimType") != c.scimType || len(a.Body.Bytes()) > 1000 {
				t.Errorf("%.2000s", a.Body)
			}
		})
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the store changed:\n%s", diff)
	}
}
