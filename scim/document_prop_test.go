package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sentValue draws what clients put where a value of any kind belongs, right and wrong.
func sentValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.SampledFrom([]any{nil, "", "a", "B ", "True", "false", true, false, 0.0, 7.0, 1.5, "2024-04-10", "é\n\"\\<&>"}),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(sentValue(depth-1), 0, 3).Draw(t, "list") }),
			rapid.Custom(func(t *rapid.T) any { return sentObject(partNames, depth-1).Draw(t, "object") }))
	}
	return rapid.OneOf(kinds...)
}

var partNames = []string{"value", "Value", "type", "primary", "display", "$ref", "givenName", "familyName", "FAMILYNAME", "managerId", "displayName",
	"department", "employeeNumber", "manager", "manager.value", "startDate", "country", "nobody"}

var topNames = []string{"userName", "USERNAME", "active", "title", "emails", "Emails", "phoneNumbers", "addresses", "roles", "name", "name.givenName",
	"name.familyName", "id", "password", "externalId", EnterpriseSchema, strings.ToUpper(EnterpriseSchema), EnterpriseSchema + ":department",
	EnterpriseSchema + ".manager", EnterpriseSchema + ":manager.value", UserSchema + ":title", UserSchema, SlackProfileSchema, "members", "nobody",
	"urn:scim:schemas:extension:enterprise:1.0"}

func sentObject(names []string, depth int) *rapid.Generator[Object] {
	return rapid.Custom(func(t *rapid.T) Object {
		return Object(rapid.MapOfN(rapid.SampledFrom(names), sentValue(depth), 0, 6).Draw(t, "attributes"))
	})
}

// canonicalDocument draws canonical documents of users.
func canonicalDocument() *rapid.Generator[Object] {
	return rapid.Custom(func(t *rapid.T) Object {
		// One wrong value refuses the whole document: take it attribute by attribute.
		doc := Object{}
		for name, v := range sentObject(topNames, 3).Draw(t, "sent") {
			if got, _, err := Users.Canonical(Object{name: v}); err == nil {
				doc = Users.Merge(doc, got)
			}
		}
		return doc
	})
}

func TestCanonicalIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resourceType := rapid.SampledFrom([]*ResourceType{Users, Groups}).Draw(t, "type")
		in := sentObject(topNames, 3).Draw(t, "in")
		before := in.Clone()
		doc, _, err := resourceType.Canonical(in)
		if !Equal(before, in) {
			t.Fatalf("the body was changed: %s", cmp.Diff(before, in))
		}
		_, _, err2 := resourceType.Canonical(in)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("two errors for one body: %v, %v", err, err2)
		}
		if err != nil {
			return
		}
		again, ignored, err := resourceType.Canonical(doc)
		if err != nil || len(ignored) > 0 || !Equal(doc, again) {
			t.Fatalf("not canonical: error %v, ignored %v, %s", err, ignored, cmp.Diff(doc, again))
		}
		for name, v := range doc {
			checkForm(t, resourceType, "", name, v)
		}
	})
}

// checkForm checks that an attribute of a canonical document has its canonical name and the Go type of its schema.
func checkForm(t *rapid.T, r *ResourceType, urn, name string, v any) {
	if r.isExtension(name) {
		extension, ok := v.(Object)
		if !ok || len(extension) == 0 {
			t.Fatalf("%s is %v", name, v)
		}
		for part, v := range extension {
			checkForm(t, r, name, part, v)
		}
		return
	}
	a := r.Attribute(urn, name)
	if a == nil || a.Name != name || !a.kept() {
		t.Fatalf("%s is in a canonical document", name)
	}
	list, isList := v.([]any)
	if v != nil && (isList != a.MultiValued || isList && len(list) == 0) {
		t.Fatalf("%s is %v", name, v)
	}
	for _, v := range append(slices.Clip(list), v) {
		o, isObject := v.(Object)
		if _, isList := v.([]any); v == nil || isList {
			continue
		}
		if isObject != (a.Type == TypeComplex) || isObject && len(o) == 0 {
			t.Fatalf("%s is %v", name, v)
		}
		for part, v := range o {
			sub := a.SubAttribute(part)
			if _, isBool := v.(bool); sub == nil || sub.Name != part || !sub.kept() || v != nil && isBool != (sub.Type == TypeBoolean) || v == "" {
				t.Fatalf("%s.%s is %v", name, part, v)
			}
			if v == nil && isList {
				t.Fatalf("%s.%s is nil in an element", name, part)
			}
		}
	}
}

func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored, sent := canonicalDocument().Draw(t, "stored"), canonicalDocument().Draw(t, "sent")
		storedBefore, sentBefore := stored.Clone(), sent.Clone()
		merged, replaced := Users.Merge(stored, sent), Users.Replacement(stored, sent)

		if again := Users.Merge(merged, sent); !Equal(merged, again) {
			t.Fatalf("merging twice is not merging once: %s", cmp.Diff(merged, again))
		}
		if again := Users.Replacement(replaced, sent); !Equal(replaced, again) {
			t.Fatalf("replacing twice is not replacing once: %s", cmp.Diff(replaced, again))
		}
		if same := Users.Merge(stored, Object{}); !Equal(same, stored) {
			t.Fatalf("a PUT of nothing changed: %v", changedNames(stored, same))
		}
		if !Equal(Users.Render(replaced, Meta{}), Users.Render(sent, Meta{})) {
			t.Fatalf("a replacement does not show what was sent: %s", cmp.Diff(sent, replaced))
		}
		for _, name := range leaves(sent) {
			a, b := leaf(sent, name), leaf(merged, name)
			if !equalValue(a, b) {
				t.Fatalf("%v was sent as %v and merged as %v", name, a, b)
			}
		}
		for _, name := range leaves(stored) {
			if a, b := leaf(stored, name), leaf(merged, name); !mentions(sent, name) && !equalValue(a, b) {
				t.Fatalf("%v was not sent, but %v became %v", name, a, b)
			}
			if b := leaf(replaced, name); !mentions(sent, name) && b != nil {
				t.Fatalf("%v was not sent, but is %v after a replacement", name, b)
			}
		}
		for _, doc := range []Object{merged, replaced} {
			if again, ignored, err := Users.Canonical(doc); err != nil || len(ignored) > 0 || !Equal(doc, again) {
				t.Fatalf("not canonical: %v %v %s", err, ignored, cmp.Diff(doc, again))
			}
			scribble(doc)
		}
		if !Equal(stored, storedBefore) || !Equal(sent, sentBefore) {
			t.Fatal("the result shares values with what it was made of")
		}
	})
}

// leaves lists the paths of the values that stand for themselves.
func leaves(o Object) [][]string {
	var out [][]string
	for name, v := range o {
		part, ok := v.(Object)
		if !ok {
			out = append(out, []string{name})
		}
		for _, rest := range leaves(part) {
			out = append(out, append([]string{name}, rest...))
		}
	}
	return out
}

func leaf(o Object, path []string) any {
	for _, name := range path[:len(path)-1] {
		o = o.Object(name)
	}
	return o[path[len(path)-1]]
}

// mentions reports whether a document speaks of a path, or of what it lies in.
func mentions(o Object, path []string) bool {
	for _, name := range path {
		v, ok := o[name]
		if !ok {
			return false
		}
		if o, ok = v.(Object); !ok {
			return true
		}
	}
	return true
}

// scribble changes every value of a document in place.
func scribble(v any) {
	switch v := v.(type) {
	case Object:
		for name, part := range v {
			scribble(part)
			v[name] = "scribbled"
		}
	case []any:
		for i := range v {
			scribble(v[i])
			v[i] = "scribbled"
		}
	}
}

func TestChangedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := canonicalDocument().Draw(t, "a"), canonicalDocument().Draw(t, "b")
		names := changedNames(a, b)
		if Equal(a, b) != (len(names) == 0) {
			t.Fatalf("Equal is %v, changed are %v", Equal(a, b), names)
		}
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Fatalf("not sorted, or one twice: %v", names)
		}
		if !slices.Equal(names, changedNames(b, a)) {
			t.Fatalf("the other way round: %v, %v", names, changedNames(b, a))
		}
		for i, d := range Differences(a, b) {
			if d.Attribute != names[i] || !slices.ContainsFunc(Differences(b, a), func(r Difference) bool {
				return r.Attribute == d.Attribute && equalValue(r.Before, d.After) && equalValue(r.After, d.Before)
			}) {
				t.Fatalf("difference %d is %+v, of %v", i, d, names)
			}
		}
		if !Equal(a, a.Clone()) || len(changedNames(a, a.Clone())) > 0 {
			t.Fatal("a copy differs")
		}
	})
}

func TestRenderProperties(t *testing.T) {
	meta := Meta{ID: "1", Location: "https://x/Users/1", Version: `W/"1"`, Created: time.Unix(1, 0), Modified: time.Unix(2, 0)}
	rapid.Check(t, func(t *rapid.T) {
		doc := canonicalDocument().Draw(t, "doc")
		before := doc.Clone()
		answer := Users.Render(doc, meta)
		text := AppendJSON(nil, answer)
		back, err := Decode(text, Limits{})
		if err != nil || !Equal(back, answer) {
			t.Fatalf("%s came back as %v (%v)", text, back, err)
		}
		if !json.Valid(text) || !bytes.Equal(text, AppendJSON(nil, back)) {
			t.Fatalf("%s is not stable", text)
		}
		if strings.Contains(string(text), "null") || strings.Contains(string(text), "[]") || strings.Contains(string(text), "{}") || strings.Contains(string(text), `:""`) {
			t.Fatalf("%s holds something empty", text)
		}
		for _, e := range Users.Extensions {
			if _, ok := answer[e.ID]; ok != slices.Contains(answer.List("schemas"), any(e.ID)) {
				t.Fatalf("%s does not list its schemas", text)
			}
		}
		// A client that sends back what it was answered changes nothing.
		sent, ignored, err := Users.Canonical(back)
		if err != nil || len(ignored) > 0 || !Equal(Users.Merge(doc, sent), doc) {
			t.Fatalf("%s is not what a client may send back: %v %v %v", text, err, ignored, changedNames(doc, Users.Merge(doc, sent)))
		}
		scribble(answer)
		if !Equal(doc, before) {
			t.Fatal("the answer shares values with the document")
		}
	})
}
