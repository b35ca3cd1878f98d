package server

import (
	"errors"
	"strings"
	"testing"
)

func TestShownPath(t *testing.T) {
	const id = "0190b7a0-0000-7000-8000-000000000001"
	for path, want := range map[string]string{
		"/scim/v2/Users":                          "/scim/v2/Users",
		"/scim/v2/Users/" + id:                    "/scim/v2/Users/" + id,
		"/scim/v2/Users/.search":                  "/scim/v2/Users/.search",
		"/scim/v2/Users/janet@example.com":        "/scim/v2/Users/*",
		"/scim/v2/xoxp-1/Groups/" + id + "/x":     "/scim/v2/*/Groups/" + id + "/*",
		"/" + strings.Repeat("a/", 50_000):        "/*/*/*/*/*/*/*/*",
		"*":                                       "*",
		"":                                        "",
		"/scim/v2/Users/{" + id + "}":             "/scim/v2/Users/*",
		"/scim/v2/Users/" + strings.ToUpper(id):   "/scim/v2/Users/" + strings.ToUpper(id),
		"/scim/v2/Schemas/urn:ietf:params:scim:x": "/scim/v2/Schemas/*",
	} {
		if got := shownPath(path); got != want {
			t.Errorf("%.60q is shown as %q, want %q", path, got, want)
		}
	}
}

func TestShownPanic(t *testing.T) {
	caught := func(f func()) (p any) {
		defer func() { p = recover() }()
		f()
		return nil
	}
	var list []int
	for want, p := range map[string]any{
		"runtime error: index out of range [3] with length 0": caught(func() { list[3]++ }),
		"*errors.errorString": errors.New("janet@example.com"),
		"string":              "janet@example.com",
	} {
		if got := shownPanic(p); got != want {
			t.Errorf("shown as %q, want %q", got, want)
		}
	}
	if shownMethod("PATCH") != "PATCH" || shownMethod("xoxp-1") != hidden {
		t.Error("methods")
	}
}
