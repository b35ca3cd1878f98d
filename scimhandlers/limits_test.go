package scimhandlers

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

// Whatever is too much is refused with the error that says so, and changes nothing. docs/limits.md lists the same.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	group := w.newGroup("Eng", ann)
	repeated := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	filter := func(text string) string { return "/Users?filter=" + url.QueryEscape(text) }
	before := w.dump()
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		scimType           string
	}{
		"user's body":        {"POST", "/Users", `{"userName":"` + strings.Repeat("x", users.maxBody) + `"}`, 413, ""},
		"group's body":       {"POST", "/Groups", `{"displayName":"` + strings.Repeat("x", groups.maxBody) + `"}`, 413, ""},
		"search body":        {"POST", "/.search", `{"filter":"` + strings.Repeat("x", searchBody) + `"}`, 413, ""},
		"bulk body":          {"POST", "/Bulk", `{"x":"` + strings.Repeat("x", maxBulkPayload) + `"}`, 413, ""},
		"bulk operations":    {"POST", "/Bulk", `{"Operations":[` + repeated(maxBulkOperations+1, `{"method":"DELETE","path":"/Users/1"}`) + `]}`, 413, ""},
		"user's values":      {"POST", "/Users", `{"userName":"x","emails":[` + repeated(users.maxBody/bytesPerValue, `"a"`) + `]}`, 413, ""},
		"group's values":     {"POST", "/Groups", `{"displayName":"x","x":[` + repeated(groups.maxBody/bytesPerValue, `{}`) + `]}`, 413, ""},
		"unread members":     {"POST", "/Groups", `{"displayName":"x","members":[` + repeated(groups.maxBody/bytesPerValue-10, `"a"`) + `]}`, 413, ""},
		"nesting":            {"POST", "/Users", strings.Repeat(`{"a":`, scim.DefaultLimits.Depth+1) + "1" + strings.Repeat("}", scim.DefaultLimits.Depth+1), 400, "invalidSyntax"},
		"filter's length":    {"GET", filter(`userName eq "` + strings.Repeat("x", scim.MaxFilterLength) + `"`), "", 400, "invalidFilter"},
		"filter's depth":     {"GET", filter(strings.Repeat("(", scim.MaxFilterDepth+1) + "userName pr" + strings.Repeat(")", scim.MaxFilterDepth+1)), "", 400, "invalidFilter"},
		"nots of a filter":   {"GET", filter(strings.Repeat("not(", 1000) + "userName pr" + strings.Repeat(")", 1000)), "", 400, "invalidFilter"},
		"path's length":      {"PATCH", "/Users/" + ann, `{"Operations":[{"op":"remove","path":"` + strings.Repeat("a", scim.MaxFilterLength+1) + `"}]}`, 400, "invalidPath"},
		"PATCH operations":   {"PATCH", "/Users/" + ann, `{"Operations":[` + repeated(scim.MaxOperations+1, `{"op":"add","value":{}}`) + `]}`, 413, ""},
		"values":             {"PATCH", "/Users/" + ann, `{"Operations":[{"op":"add","path":"roles","value":[` + manyRoles(scim.MaxValues+1) + `]}]}`, 400, "invalidValue"},
		"comparisons":        {"PATCH", "/Users/" + ann, `{"Operations":[` + repeated(13, `{"op":"add","path":"roles","value":[`+manyRoles(scim.MaxValues)+`]}`) + `]}`, 413, ""},
		"members scanned":    {"PATCH", "/Groups/" + group, `{"Operations":[` + repeated(scim.MaxMemberScans+1, `{"op":"replace","path":"members","value":["nobody"]}`) + `]}`, 400, "invalidValue"},
		"members of a POST":  {"POST", "/Groups", `{"displayName":"X","members":[` + repeated(scim.MaxMembers+1, `{"value":"1"}`) + `]}`, 413, ""},
		"members of a PATCH": {"PATCH", "/Groups/" + group, `{"Operations":[{"op":"add","path":"members","value":[` + repeated(scim.MaxMembers+1, `{"value":"1"}`) + `]}]}`, 413, ""},
		"attributes' length": {"GET", "/Users?attributes=" + strings.Repeat("a", scim.MaxFilterLength+1), "", 400, "invalidValue"},
		"cursor's length":    {"GET", "/Users?cursor=" + strings.Repeat("a", maxCursor+1), "", 400, "invalidCursor"},
		"cursor's count":     {"GET", fmt.Sprint("/Users?cursor=&count=", maxCount+1), "", 400, "invalidCount"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.must(c.status, c.method, c.path, c.body)
			if a.body.String("scimType") != c.scimType {
				t.Errorf("%s", a.Body)
			}
		})
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the store changed:\n%s", diff)
	}
	// A page that is too large is one that is as large as can be.
	if a := w.must(200, "GET", fmt.Sprint("/Users?count=", maxCount+1), nil); len(found(a)) != 1 {
		t.Errorf("a large page: %s", a.Body)
	}
}

func manyRoles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"value":"r%d"}`, i)
	}
	return b.String()[1:]
}

// docs/limits.md has the values that the code has.
func TestLimitsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]int{
		"users.maxBody": users.maxBody, "groups.maxBody": groups.maxBody, "maxBulkPayload": maxBulkPayload, "maxBulkOperations": maxBulkOperations,
		"searchBody": searchBody, "DefaultLimits.Depth": scim.DefaultLimits.Depth, "MaxFilterLength": scim.MaxFilterLength, "MaxFilterDepth": scim.MaxFilterDepth,
		"MaxOperations": scim.MaxOperations, "MaxValues": scim.MaxValues, "MaxMembers": scim.MaxMembers, "MaxMemberScans": scim.MaxMemberScans,
		"MaxComparisons": scim.MaxComparisons,
		"maxCursor":      maxCursor, "maxCount": maxCount, "defaultCount": defaultCount, "bytesPerValue": bytesPerValue, "maxPageMembers": maxPageMembers,
	} {
		if row := fmt.Sprintf("| %d | `%s` |", value, name); !strings.Contains(string(raw), row) {
			t.Errorf("docs/limits.md has no row with %q", row)
		}
	}
}
