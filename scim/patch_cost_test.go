package scim

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"scim2slack/fuzzcost"
)

// joined repeats the text n times with its number for %d, and commas between.
func joined(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteByte(',')
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
	}
	return strings.TrimPrefix(b.String(), ",")
}

// Each of these bodies is small, and took the gateway seconds, in which no other write went on.
func TestPatchComparisonsAreBounded(t *testing.T) {
	roles := func(n int) string { return `{"roles":[` + joined(n, `{"value":"r%d"}`) + `]}` }
	long := `{"roles":[` + joined(200, `{"value":"%d`+strings.Repeat("X", 5000)+`"}`) + `]}`
	terms := "type eq 1" + strings.Repeat(" or type eq 1", 600)
	for _, tt := range []struct{ name, doc, ops string }{
		{"many operations choose among many values", roles(6_000), joined(4900, `{"op":"remove","path":"roles[value eq \"none\"]"}`)},
		{"many operations change one of many values", roles(200), joined(4900, `{"op":"add","path":"roles[value eq \"r7\"].type","value":"t%d"}`)},
		{"many terms", roles(200), joined(130, `{"op":"remove","path":"roles[`+terms+`]"}`)},
		{"long texts that are there", long, joined(4900, `{"op":"remove","path":"roles[value co \"z\"]"}`)},
		{"long texts that are looked for", roles(200), joined(120, `{"op":"remove","path":"roles[value co \"`+strings.Repeat("Z", 8000)+`\"]"}`)},
		{"many values removed from many", roles(6_000), `{"op":"remove","path":"roles","value":[` + joined(5000, `{"value":"x%d"}`) + `]}`},
		{"many values added to many", roles(6_000), joined(30, `{"op":"add","path":"roles","value":[`+joined(100, `{"value":"x%d"}`)+`]}`)},
		{"keys of a value", roles(6_000), `{"op":"add","value":{` + joined(100, `"roles[value eq \"none%d\"].type":""`) + `}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, ops := object(t, tt.doc), operations(t, "["+tt.ops+"]")
			got, ignored, err := Users.Patch(doc, ops)
			var tooMany *TooManyError
			if !errors.As(err, &tooMany) || tooMany.Limit != MaxComparisons || tooMany.Count <= MaxComparisons || got != nil || ignored != nil {
				t.Errorf("%v, %v, %v", got, ignored, err)
			}
			if !Equal(object(t, tt.doc), doc) {
				t.Error("the document was changed")
			}
		})
	}
}

// What a client has reason to send is far below the limit: the whole of a long list, twice, and a change of each value.
func TestPatchOfManyValues(t *testing.T) {
	ops := operations(t, `[{"op":"add","path":"roles","value":[`+joined(MaxValues, `{"value":"r%d"}`)+`]},
		{"op":"add","path":"roles","value":[`+joined(MaxValues, `{"value":"r%d","display":"R"}`)+`]},`+
		joined(MaxValues, `{"op":"replace","path":"roles[value eq \"r%d\"].type","value":"t"}`)+`,{"op":"remove","path":"roles[value sw \"r1\"]"}]`)
	doc, _, err := Users.Patch(Object{}, ops)
	if err != nil || len(doc.List("roles")) != 89 { // r0, r2 to r9, r20 to r99
		t.Fatalf("%d roles, %v", len(doc.List("roles")), err)
	}
	for _, role := range doc.List("roles") {
		if role := role.(Object); role.String("type") != "t" || role.String("display") != "R" {
			t.Errorf("%v", role)
		}
	}
}

// TestRemovalIsOnePass removes every value of a list as long as a POST may bring it.
func TestRemovalIsOnePass(t *testing.T) {
	doc := object(t, `{"roles":[`+joined(20_000, `{"value":"r%d","type":"t"}`)+`]}`)
	fuzzcost.Check(t, 20_000*len(`{"value":"r","type":"t"}`), 0, func() {
		out, _, err := Users.Patch(doc, []Operation{{Kind: OpReplace, Path: &Path{Name: "roles", Filter: mustFilter(t, `type eq t`)}, HasValue: true}})
		if err != nil || out["roles"] != nil {
			t.Fatalf("%v, %v", out, err)
		}
	})
}

// TestUnknownKeysAreCheap sends values of nothing but what nobody knows: no message is made for any of it.
func TestUnknownKeysAreCheap(t *testing.T) {
	for _, format := range []string{`"%d":0`, `"K%d":0`, `"a %d":0`, `"a.a.a.a%d":0`, `"urn:x:%d":0`, `"a[%d":0`} {
		value := "{" + joined(2_000, format) + "}"
		for _, text := range []string{value, `{"name":` + value + `}`, `{"` + GroupSchema + `":` + value + `}`, `{"` + EnterpriseSchema + `":` + value + `}`} {
			ops := operations(t, `[{"op":"add","value":`+text+`}]`)
			fuzzcost.Check(t, len(text), 128<<10, func() {
				if _, _, err := Users.Patch(Object{}, ops); err != nil {
					t.Fatal(err)
				}
				if _, changes, err := SplitMembers(ops); err != nil || len(changes) > 0 {
					t.Fatal(changes, err)
				}
			})
		}
	}
}

// TestMemberScansAreBounded sends what looks at all members of a group again and again.
func TestMemberScansAreBounded(t *testing.T) {
	for name, op := range map[string]string{
		"filters":                         `{"op":"remove","path":"members[display co \"a\"]"}`,
		"replacements":                    `{"op":"replace","path":"members","value":["nobody"]}`,
		"replacements without a path":     `{"op":"replace","value":{"members":["nobody"]}}`,
		"replacements of chosen members":  `{"op":"replace","path":"members[type eq \"User\"]","value":[]}`,
		"filters in the keys of a value ": `{"op":"replace","value":{"members[display eq \"a\"]":null}}`,
	} {
		_, changes, err := SplitMembers(operations(t, "["+joined(MaxMemberScans, op)+"]"))
		if err != nil || len(changes) != MaxMemberScans {
			t.Errorf("%s at the limit: %d changes, %v", name, len(changes), err)
		}
		_, _, err = SplitMembers(operations(t, "["+joined(MaxMemberScans+1, op)+"]"))
		fault(t, err, InvalidValue)
	}
	_, _, err := SplitMembers(operations(t, `[{"op":"remove","path":"members[display eq 0`+strings.Repeat(" or display eq 0", MaxMemberScans)+`]"}]`))
	fault(t, err, InvalidValue)
	// By their ids so many are removed as a body names.
	if _, changes, err := SplitMembers(operations(t, "["+joined(MaxOperations, `{"op":"remove","path":"members[value eq \"u%d\"]"}`)+"]")); err != nil || len(changes) != MaxOperations {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

// longTexts make filters and paths of about n bytes that are hard in their own way. Some are refused.
var longTexts = map[string]func(n int) string{
	"chain of or": func(n int) string { return "a pr" + strings.Repeat(" or a pr", n/8) },
	"and in or":   func(n int) string { return "a pr" + strings.Repeat(" or a pr and b pr", n/17) },
	"groups":      func(n int) string { return "(a pr)" + strings.Repeat(" and (a pr or b pr)", n/19) },
	"nots":        func(n int) string { return "not(a pr)" + strings.Repeat(" or not(a pr)", n/13) },
	"nested nots": func(n int) string { return strings.Repeat("not(", n/4) },
	"parentheses": func(n int) string { return strings.Repeat("(", n) },
	"flat in deep": func(n int) string {
		return strings.Repeat("(", 32) + "a pr" + strings.Repeat(" or a pr", (n-400)/8) + strings.Repeat(" or a pr)", 32)
	},
	"value filters":   func(n int) string { return "emails[type pr]" + strings.Repeat(" or emails[type pr]", n/19) },
	"long string":     func(n int) string { return `a eq "` + strings.Repeat("x", n) + `"` },
	"escapes":         func(n int) string { return `a eq "` + strings.Repeat(`\n`, n/2) + `"` },
	"open string":     func(n int) string { return `a eq "` + strings.Repeat("x", n) },
	"long number":     func(n int) string { return "a eq 1" + strings.Repeat("0", n) },
	"long name":       func(n int) string { return strings.Repeat("a", n) + " pr" },
	"dots":            func(n int) string { return strings.Repeat("a.", n/2) + "a pr" },
	"colons":          func(n int) string { return strings.Repeat("a:", n/2) + "a pr" },
	"versions":        func(n int) string { return strings.Repeat("1.", n/2) + ":a pr" },
	"blanks":          func(n int) string { return "a" + strings.Repeat(" ", n) + "pr" },
	"words":           func(n int) string { return "a pr" + strings.Repeat(" a", n/2) },
	"quotation marks": func(n int) string { return strings.Repeat(`"`, n) },
}

// TestFiltersCostLinearMemory doubles the length of texts: what is allocated doubles at the most.
func TestFiltersCostLinearMemory(t *testing.T) {
	for name, text := range longTexts {
		whole, half := parseCost(text(8000)), parseCost(text(4000))
		if whole > 2*half+half/4+16<<10 {
			t.Errorf("%s: %d bytes for 4000, %d for 8000", name, half, whole)
		}
		fuzzcost.Check(t, 8000, 16<<10, func() { parseAll(text(8000)) })
	}
}

func parseAll(text string) {
	if f, err := ParseFilter(text); err == nil && f.Check(Users) == nil {
		f.Match(Users, Object{"userName": "x", "emails": []any{Object{"value": "x", "type": "work"}}})
	}
	_, _ = ParsePath(text)
}

func parseCost(text string) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	parseAll(text)
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// BenchmarkFilterLength shows that texts are read in time in proportion to their length: the megabytes in a second stay the same.
func BenchmarkFilterLength(b *testing.B) {
	for name, text := range longTexts {
		for _, n := range []int{1000, 8000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				text := text(n)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					parseAll(text)
				}
			})
		}
	}
}
