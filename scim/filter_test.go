package scim

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustFilter(t testing.TB, text string) *Filter {
	t.Helper()
	f, err := ParseFilter(text)
	if err != nil {
		t.Fatalf("ParseFilter(%q): %v", text, err)
	}
	return f
}

// fault returns the *Error in err, and fails the test if there is none or it is of another type.
func fault(t testing.TB, err error, want ErrorType) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *Error of type %s", err, want)
	}
	if e.Type != want {
		t.Fatalf("error is %v, want type %s", err, want)
	}
	return e
}

// TestParseFilterText holds the forms that clients send against the canonical text.
func TestParseFilterText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		// RFC 7644 figure 2
		{`userName Eq "john"`, `userName eq "john"`},
		{`name.familyName co "O'Malley"`, `name.familyName co "O'Malley"`},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, `urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`},
		{`title pr and userType eq "Employee"`, `title pr and userType eq "Employee"`},
		{`meta.lastModified gt "2011-05-13T04:42:34Z"`, `meta.lastModified gt "2011-05-13T04:42:34Z"`},
		{`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
			`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`},
		{`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`,
			`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`},
		{`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`,
			`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`},
		// Ping
		{`username Eq "ann"`, `username eq "ann"`},
		{`emails eq "ann@x.test"`, `emails eq "ann@x.test"`},
		{`displayName eq "cn=Sales\\, EU,ou=groups,dc=x"`, `displayName eq "cn=Sales\\, EU,ou=groups,dc=x"`},
		{`displayName eq "Größe"`, `displayName eq "Größe"`},
		// Okta, Entra
		{`userName eq "ann@x.test"`, `userName eq "ann@x.test"`},
		{`externalId eq jyoung`, `externalId eq "jyoung"`},
		{`emails[type eq "work"].value eq "a@x.test"`, `emails[type eq "work"].value eq "a@x.test"`},
		{`id eq "g1" and manager eq "u2"`, `id eq "g1" and manager eq "u2"`},
		{`roles[primary eq "True"]`, `roles[primary eq "True"]`},
		// test collections
		{`userName sw O`, `userName sw "O"`},
		{`name.FamilyName eq Employee and (emails.Value co a or emails.Value co b)`,
			`name.FamilyName eq "Employee" and (emails.Value co "a" or emails.Value co "b")`},
		{`meta.Created gt 2015-10-10T14:38:21.8617979-07:00`, `meta.Created gt "2015-10-10T14:38:21.8617979-07:00"`},
		{`members[value eq U023BECGF]`, `members[value eq "U023BECGF"]`},
		// what libraries got wrong
		{`emails[type eq "work" and value co "a" and primary eq true]`, `emails[type eq "work" and value co "a" and primary eq true]`},
		{`emails[not (type eq "work") and (value co "a" or value co "b")]`, `emails[not (type eq "work") and (value co "a" or value co "b")]`},
		{`title eq "a\"b\\c\/d\u0041\u00e9\uD83D\uDE00\n"`, `title eq "a\"b\\c/dAé😀\n"`},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "u1"`,
			`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "u1"`},
		// precedence, spacing, literals
		{`a pr or b pr and c pr`, `a pr or b pr and c pr`},
		{`(a pr or b pr) AND c pr`, `(a pr or b pr) and c pr`},
		{`((a pr) or ((b pr or c pr)))`, `a pr or b pr or c pr`},
		{`NOT(a pr)and(b pr)`, `not (a pr) and b pr`},
		{"\t userName  EQ\t\"x\" \n", `userName eq "x"`},
		{`active eq true`, `active eq true`},
		{`active eq True`, `active eq "True"`},
		{`title eq null`, `title eq null`},
		{`employeeNumber eq 12345678901234567890`, `employeeNumber eq 12345678901234567890`},
		{`employeeNumber eq 007`, `employeeNumber eq "007"`},
		{`x gt -1.5e3`, `x gt -1.5e3`},
		{`members.$ref eq "x"`, `members.$ref eq "x"`},
		{`not eq "x"`, `not eq "x"`},
	} {
		f, err := ParseFilter(tt.in)
		if err != nil {
			t.Errorf("ParseFilter(%s): %v", tt.in, err)
			continue
		}
		if got := f.String(); got != tt.want {
			t.Errorf("ParseFilter(%s)\n got %s\nwant %s", tt.in, got, tt.want)
		}
		if again := mustFilter(t, f.String()); !cmp.Equal(f, again) {
			t.Errorf("ParseFilter(%s) is not what its text gives: %s", tt.in, cmp.Diff(f, again))
		}
	}
}

func TestParseFilterFaults(t *testing.T) {
	for _, tt := range []struct{ in, says string }{
		{``, "the filter is empty"},
		{`   `, "the filter is empty"},
		{`userName`, "at position 9"},
		{`userName eq`, "at position 12"},
		{`userName equals "x"`, "at position 10"},
		{`userName eq "x`, "at position 13"},
		{`userName eq "x" title pr`, "at position 17"},
		{`userName eq "x" and`, "at position 20"},
		{`(userName eq "x"`, `or ")"`},
		{`userName eq "x")`, "at position 16"},
		{`userName eq 'x'`, "double quotation marks"},
		{`userName eq O"Brien`, "double quotation marks"},
		{`emails[type eq "work"`, `expected "]"`},
		{`emails[] pr`, "at position 8"},
		{`emails[type eq "work"].`, "sub-attribute"},
		{`emails[a[b eq 1] pr]`, "brackets cannot stand in brackets"},
		{`name.given.name eq "x"`, "at position 1"},
		{`name. eq "x"`, "at position 1"},
		{`urn:ietf:params:scim:schemas:core:2.0:User eq "x"`, "not a schema alone"},
		{`userName eq "\q"`, "JSON escape"},
		{`userName eq "\u12"`, "JSON escape"},
		{`userName eq "\ud800"`, "JSON escape"},
		{`userName eq "\ud800\u0041"`, "JSON escape"},
		{`userName eq "\udc00"`, "JSON escape"},
		{`userName eq "\`, "JSON escape"},
		{"userName eq \"\xff\"", "not valid UTF-8"},
		{`not userName eq "x"`, "one of the operators"},
		{`4 eq 4`, "at position 1"},
		{strings.Repeat("(", MaxFilterDepth+1) + "a pr" + strings.Repeat(")", MaxFilterDepth+1), "nested"},
		{strings.Repeat("(", 300<<10), "at most 8192"},
		{"userName eq " + Quote(strings.Repeat("x", MaxFilterLength)), "at most 8192"},
	} {
		_, err := ParseFilter(tt.in)
		if err == nil {
			t.Errorf("ParseFilter(%.60s) is accepted", tt.in)
			continue
		}
		e := fault(t, err, InvalidFilter)
		if !strings.Contains(e.Detail, tt.says) || len(e.Detail) > 400 {
			t.Errorf("ParseFilter(%.60s): %s\nwant it to say %q", tt.in, e.Detail, tt.says)
		}
	}
}

// TestDeepFilter walks, prints, checks and evaluates a filter of the greatest depth.
func TestDeepFilter(t *testing.T) {
	text := strings.Repeat("not (", MaxFilterDepth) + `userName eq "ann"` + strings.Repeat(")", MaxFilterDepth)
	f := mustFilter(t, text)
	if got := f.String(); got != text {
		t.Errorf("printed as %s", got)
	}
	if err := f.Check(Users); err != nil {
		t.Error(err)
	}
	if !f.Match(Users, Object{"userName": "Ann"}) {
		t.Error("does not match")
	}
}

func TestLongChain(t *testing.T) {
	text := strings.TrimSuffix(strings.Repeat("a pr or ", MaxFilterLength/8), " or ")
	f := mustFilter(t, text)
	if len(f.Terms) != MaxFilterLength/8 {
		t.Errorf("%d terms", len(f.Terms))
	}
}

func TestQuoteIsOneEquality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.String().Draw(t, "x")
		f, err := ParseFilter(`userName eq ` + Quote(x))
		if err != nil {
			t.Fatal(err)
		}
		want := &Filter{Op: Eq, Path: Path{Name: "userName"}, Value: x}
		if d := cmp.Diff(want, f); d != "" {
			t.Fatal(d)
		}
	})
}

func TestQuoteIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.String().Draw(t, "x")
		var back string
		if err := json.Unmarshal([]byte(Quote(x)), &back); err != nil || back != x {
			t.Fatalf("%s: %q, %v", Quote(x), back, err)
		}
	})
	if got := Quote("a\xffb"); got != "\"a\uFFFDb\"" {
		t.Errorf("not UTF-8: %s", got)
	}
}

func drawFilter(t *rapid.T, depth int, inElement bool) *Filter {
	kinds := []Operator{Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le, Pr}
	if depth > 0 {
		kinds = append(kinds, And, Or, Not, And, Or, Not)
		if !inElement {
			kinds = append(kinds, Has)
		}
	}
	f := &Filter{Op: rapid.SampledFrom(kinds).Draw(t, "op")}
	switch f.Op {
	case And, Or:
		for range rapid.IntRange(2, 3).Draw(t, "terms") {
			f.add(drawFilter(t, depth-1, inElement))
		}
		return f
	case Not:
		f.Terms = []*Filter{drawFilter(t, depth-1, inElement)}
		return f
	}
	f.Path.URN = rapid.SampledFrom([]string{"", "", UserSchema, EnterpriseSchema, "urn:x"}).Draw(t, "urn")
	f.Path.Name = rapid.SampledFrom([]string{"userName", "emails", "a", "type", "value", "primary", "not", "and", "eq"}).Draw(t, "name")
	if f.Op == Has {
		f.Path.Filter = drawFilter(t, depth-1, true)
		return f
	}
	if !inElement && depth > 0 && rapid.Bool().Draw(t, "bracketed") {
		f.Path.Filter = drawFilter(t, depth-1, true)
	}
	f.Path.Sub = rapid.SampledFrom([]string{"", "value", "$ref"}).Draw(t, "sub")
	if f.Op != Pr {
		f.Value = rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.SampledFrom([]any{nil, true, false, json.Number("12"), json.Number("-0.5e9")}),
		).Draw(t, "value")
	}
	return f
}

func TestFilterTextIsTheSameFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFilter(t, 4, false)
		text := f.String()
		if len(text) > MaxFilterLength {
			t.Skip("too long to be read back")
		}
		again, err := ParseFilter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if d := cmp.Diff(f, again); d != "" {
			t.Fatalf("%s: %s", text, d)
		}
	})
}

func BenchmarkParseFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFilter(`userName eq "user500@example.com"`); err != nil {
			b.Fatal(err)
		}
	}
}
