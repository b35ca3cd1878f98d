package scim

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"scim2slack/fuzzcost"
)

// FuzzFilter: what is read is printed and read again as the same, costs little, has an opposite, and asks the same in other letter case.
func FuzzFilter(f *testing.F) {
	for _, text := range longTexts {
		f.Add(text(2000))
	}
	doc := decode(f, typicalUser)
	f.Fuzz(func(t *testing.T, text string) {
		var parsed *Filter
		var err error
		fuzzcost.Check(t, len(text), 16<<10, func() {
			if parsed, err = ParseFilter(text); err == nil && parsed.Check(Users) == nil {
				parsed.Match(Users, doc)
				parsed.Equalities(Users)
			}
		})
		if err != nil {
			fault(t, err, InvalidFilter)
			return
		}
		if printed := parsed.String(); len(printed) <= MaxFilterLength {
			again, err := ParseFilter(printed)
			if err != nil {
				t.Fatalf("%q is printed as %q: %v", text, printed, err)
			}
			if d := cmp.Diff(parsed, again); d != "" || again.String() != printed {
				t.Fatalf("%q is printed as %q: %s", text, printed, d)
			}
		}
		swapped := swapFilter(parsed)
		if (parsed.Check(Users) == nil) != (swapped.Check(Users) == nil) {
			t.Fatalf("%s makes sense and %s does not, or the other way round: %v, %v", parsed, swapped, parsed.Check(Users), swapped.Check(Users))
		}
		if parsed.Check(Users) != nil {
			return
		}
		is := parsed.Match(Users, doc)
		if is == (&Filter{Op: Not, Terms: []*Filter{parsed}}).Match(Users, doc) {
			t.Fatalf("%q and its negation agree", text)
		}
		if is != swapped.Match(Users, doc) {
			t.Fatalf("%s says %v and %s does not", parsed, is, swapped)
		}
	})
}

// swapFilter returns the filter with names in the other letter case, and the values that are compared without regard to it too.
func swapFilter(f *Filter) *Filter { return swapFilterOf(f, nil) }

// swapFilterOf is swapFilter for the filter between the brackets of an attribute.
func swapFilterOf(f *Filter, element *Attribute) *Filter {
	out := &Filter{Op: f.Op, Value: f.Value, Path: swapPath(f.Path)}
	for _, term := range f.Terms {
		out.Terms = append(out.Terms, swapFilterOf(term, element))
	}
	compared := element.part(f.Path.Name)
	if element == nil && f.Path.Name != "" {
		target, err := Users.Resolve(f.Path)
		if err != nil {
			return out
		}
		compared = target.Attribute.part(f.Path.Sub)
	}
	if text, ok := f.Value.(string); ok && compared != nil && compared.Type == TypeString && !compared.CaseExact && isASCII(text) {
		out.Value = swapCase(text)
	}
	return out
}

// part is what a comparison of the attribute looks at; nil if that is not one thing.
func (a *Attribute) part(sub string) *Attribute {
	switch {
	case a == nil:
		return nil
	case sub != "":
		return subAttribute(a, sub)
	case a.Type == TypeComplex:
		return a.SubAttribute("value")
	}
	return a
}

func swapPath(p Path) Path {
	out := Path{URN: swapCase(p.URN), Name: swapCase(p.Name), Sub: swapCase(p.Sub)}
	if p.Filter != nil {
		target, err := Users.Resolve(Path{URN: p.URN, Name: p.Name})
		if err != nil {
			target.Attribute = nil
		}
		out.Filter = swapFilterOf(p.Filter, target.Attribute)
	}
	return out
}

// swapCase turns the letters of ASCII over; names have no others.
func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= unicode.MaxASCII:
			return r
		case unicode.IsUpper(r):
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, text)
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= unicode.MaxASCII }) < 0
}

// FuzzPath: what is read is printed and read again as the same, costs little, and means the same in other letter case.
func FuzzPath(f *testing.F) {
	for _, text := range longTexts {
		f.Add(text(2000))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p Path
		var err error
		fuzzcost.Check(t, len(text), 16<<10, func() {
			if p, err = ParsePath(text); err == nil {
				_, _ = Users.Resolve(p)
			}
		})
		ofKey, ok := pathOfKey(text)
		if ok != (err == nil) || !cmp.Equal(p, ofKey) {
			t.Fatalf("%q as a key is %v and as a path %v, %v", text, ofKey, p, err)
		}
		if err != nil {
			fault(t, err, InvalidPath)
			return
		}
		if printed := p.String(); len(printed) <= MaxFilterLength {
			again, err := ParsePath(printed)
			if err != nil {
				t.Fatalf("%q is printed as %q: %v", text, printed, err)
			}
			if d := cmp.Diff(p, again); d != "" {
				t.Fatalf("%q is printed as %q: %s", text, printed, d)
			}
		}
		target, err := Users.Resolve(p)
		swapped, err2 := Users.Resolve(swapPath(p))
		if (err == nil) != (err2 == nil) || target != swapped {
			t.Fatalf("%s means %v (%v), and in other letter case %v (%v)", p, target, err, swapped, err2)
		}
	})
}

// FuzzBody: a body is read as encoding/json reads it, or refused for a rule that only Decode has; it comes back from AppendJSON; what is
// accepted of it is canonical, and can be validated, rendered and written; and nothing of that costs much.
func FuzzBody(f *testing.F) {
	f.Add([]byte(typicalUser))
	for _, c := range canonicalCases {
		f.Add([]byte(enterprise(c.in)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in Object
		var err error
		fuzzcost.Check(t, len(data), 16<<10, func() { in, err = Decode(data, Limits{Bytes: 1 << 16}) })
		if err != nil {
			if plain, ok := plainly(data); ok && len(data) <= 1<<16 {
				t.Fatalf("%q is refused (%v), but it is well-formed: %v", data, err, plain)
			}
			return
		}
		again, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{again, AppendJSON(nil, in)} {
			back, err := Decode(text, Limits{Bytes: 1 << 20})
			if err != nil || !Equal(in, back) {
				t.Fatalf("%q came back as %v (%v), was %v", text, back, err, in)
			}
		}
		if plain, ok := plainly(data); !ok || !Equal(plain, in) {
			t.Fatalf("%q: encoding/json reads %v, not %v", data, plain, in)
		}
		for _, r := range []*ResourceType{Users, Groups} {
			checkBody(t, r, in, len(data))
		}
	})
}

func checkBody(t *testing.T, r *ResourceType, in Object, size int) {
	var doc Object
	var err error
	before := in.Clone()
	// A bare text in a list becomes an object: a map, however short the text is.
	fuzzcost.Check(t, size, 64<<10+512*listed(in), func() {
		if doc, _, err = r.Canonical(in); err == nil && r.Validate(doc) == nil {
			r.AppendResource(nil, doc, Meta{})
		}
	})
	if !Equal(before, in) {
		t.Fatalf("%v was changed to %v", before, in)
	}
	if err != nil {
		fault(t, err, InvalidValue)
		return
	}
	again, ignored, err := r.Canonical(doc)
	if err != nil || len(ignored) > 0 || !Equal(doc, again) {
		t.Fatalf("%v: error %v, ignored %v, %s", in, err, ignored, cmp.Diff(doc, again))
	}
	text := AppendJSON(nil, r.Render(doc, Meta{ID: "1"}))
	if _, err := Decode(text, Limits{Bytes: 1 << 30, Depth: 8}); err != nil {
		t.Fatalf("%v was rendered as %s: %v", in, text, err)
	}
}

// listed is how many bare texts and numbers the lists of a value hold.
func listed(value any) (n int) {
	switch v := value.(type) {
	case Object:
		for _, part := range v {
			n += listed(part)
		}
	case []any:
		for _, part := range v {
			switch part.(type) {
			case string, float64:
				n++
			default:
				n += listed(part)
			}
		}
	}
	return n
}

// FuzzPatch applies any request to a user and a group: no panic, little cost, the documents given stay what they were, nothing comes back
// with an error, what comes back is canonical, and members are never left in what Patch is given.
func FuzzPatch(f *testing.F) {
	for _, list := range forms {
		for _, form := range list {
			f.Add(`{"Operations":[` + short(form.op) + `]}`)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := Decode([]byte(text), Limits{})
		if err != nil {
			return
		}
		ops, err := ParsePatch(body)
		if err != nil {
			return
		}
		user := object(t, annText)
		var out Object
		var ignored []string
		fuzzcost.Check(t, len(text), 64<<10, func() {
			_, _ = ParsePatch(body)
			out, ignored, err = Users.Patch(user, ops)
			_, _, _ = SplitMembers(ops)
		})
		if err != nil && (out != nil || ignored != nil) || err == nil && out == nil {
			t.Fatalf("%v and %v with %v", out, ignored, err)
		}
		if d := cmp.Diff(object(t, annText), user); d != "" {
			t.Fatalf("the user was changed: %s", d)
		}
		if d := cmp.Diff(body, decode(t, text)); d != "" {
			t.Fatalf("the request was changed: %s", d)
		}
		if out != nil {
			checkCanonical(t, out)
		}
		rest, _, err := SplitMembers(ops)
		if err != nil {
			return
		}
		group, _, err := Groups.Patch(Object{"displayName": "x"}, rest)
		if _, ok := group["members"]; ok {
			t.Fatalf("members are left in the operations: %v", err)
		}
	})
}
