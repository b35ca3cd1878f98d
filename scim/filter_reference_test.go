package scim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	filter "github.com/scim2/filter-parser/v2"
	"pgregory.net/rapid"
)

// fromReference turns what another parser of RFC 7644 read into a Filter.
func fromReference(e filter.Expression) *Filter {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		f := &Filter{Op: Operator(e.Operator)}
		f.add(fromReference(e.Left))
		f.add(fromReference(e.Right))
		return f
	case *filter.NotExpression:
		return &Filter{Op: Not, Terms: []*Filter{fromReference(e.Expression)}}
	case *filter.AttributeExpression:
		return &Filter{Op: Operator(e.Operator), Value: e.CompareValue, Path: Path{
			URN: e.AttributePath.URI(), Name: e.AttributePath.AttributeName, Sub: e.AttributePath.SubAttributeName()}}
	case *filter.ValuePath:
		return &Filter{Op: Has, Path: Path{URN: e.AttributePath.URI(), Name: e.AttributePath.AttributeName, Filter: fromReference(e.ValueFilter)}}
	}
	return nil
}

// TestFilterAgreesWithReference reads random filters with the parser of elimity's library as well. It takes fewer filters, but what both
// take must mean the same: precedence, negation, names and literals.
func TestFilterAgreesWithReference(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawPlainFilter(t, 2)
		want, err := filter.ParseFilter([]byte(text))
		if err != nil {
			return
		}
		got, err := ParseFilter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if d := cmp.Diff(fromReference(want), got); d != "" {
			t.Fatalf("%s: %s", text, d)
		}
		compared++
	})
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// drawPlainFilter writes a filter in the RFC's grammar, with more parentheses than needed.
func drawPlainFilter(t *rapid.T, depth int) string {
	term := func() string {
		name := rapid.SampledFrom([]string{"userName", "name.givenName", "emails.type", UserSchema + ":title", EnterpriseSchema + ":manager.value"}).Draw(t, "name")
		op := rapid.SampledFrom([]string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "EQ", "Pr"}).Draw(t, "op")
		if op == "pr" || op == "Pr" {
			return name + " " + op
		}
		return name + " " + op + " " + rapid.SampledFrom([]string{`"x"`, `"a b (c)"`, `""`, "true", "false", "null"}).Draw(t, "literal")
	}
	if depth == 0 {
		return term()
	}
	inner := func() string { return drawPlainFilter(t, depth-1) }
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return inner() + " and " + inner()
	case 1:
		return inner() + " or " + inner() + " and " + inner()
	case 2:
		return "not (" + inner() + ")"
	case 3:
		return "(" + inner() + ")"
	case 4:
		return `emails[type eq "work" and value co "x"]`
	}
	return term()
}
