package scim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// unit is an attribute, or the smallest part of one, that an operation can name. Elements of a list count as one unit.
type unit struct {
	urn, name, sub string
}

var userUnits = []unit{
	{"", "title", ""}, {"", "displayName", ""}, {"", "active", ""}, {"", "externalId", ""}, {"", "userName", ""},
	{"", "name", "givenName"}, {"", "name", "familyName"}, {"", "emails", ""}, {"", "phoneNumbers", ""}, {"", "addresses", ""},
	{EnterpriseSchema, "department", ""}, {EnterpriseSchema, "costCenter", ""}, {EnterpriseSchema, "manager", ""},
	{SlackGuestSchema, "type", ""},
}

// of returns what a document says of the unit. A part of what was cleared as a whole is cleared.
func (u unit) of(doc Object) (value any, present bool) {
	if u.urn != "" {
		doc = doc.Object(u.urn)
	}
	value, present = doc[u.name]
	if u.sub == "" || value == nil {
		return value, present
	}
	o, _ := value.(Object)
	value, present = o[u.sub]
	return value, present
}

func (u unit) path() string { return Path{URN: u.urn, Name: u.name, Sub: u.sub}.String() }

func drawText(t *rapid.T) any {
	return rapid.SampledFrom([]any{"a", "b", "C@x", "", nil}).Draw(t, "text")
}

func drawElement(t *rapid.T) Object {
	o := Object{"value": rapid.SampledFrom([]string{"a@x", "b@x", "A@X", "c"}).Draw(t, "value")}
	if rapid.Bool().Draw(t, "typed") {
		o["type"] = rapid.SampledFrom([]string{"work", "home", "Work"}).Draw(t, "type")
	}
	if rapid.Bool().Draw(t, "primary") {
		o["primary"] = rapid.SampledFrom([]any{true, "True", false}).Draw(t, "value of primary")
	}
	return o
}

// drawValue makes a value such as clients send for the unit.
func (u unit) drawValue(t *rapid.T) any {
	switch u.name {
	case "active":
		return rapid.SampledFrom([]any{true, false, "True", "False", nil}).Draw(t, "active")
	case "userName":
		return rapid.SampledFrom([]any{"ann", "bea"}).Draw(t, "userName")
	case "emails", "phoneNumbers":
		return rapid.OneOf(
			rapid.Just[any](nil), rapid.Just[any]([]any{}),
			rapid.Custom(func(t *rapid.T) any { return drawElement(t) }),
			rapid.Custom(func(t *rapid.T) any { return []any{drawElement(t), drawElement(t)} }),
		).Draw(t, "list")
	case "addresses":
		return []any{Object{"type": "work", "country": rapid.SampledFrom([]string{"BE", "NL"}).Draw(t, "country")}}
	case "manager":
		return rapid.SampledFrom([]any{"m1", "", nil, Object{"value": "m2"}, Object{"value": ""}, []any{Object{"Value": "m3"}}}).Draw(t, "manager")
	}
	return drawText(t)
}

// drawOperation makes an operation and tells which units it names.
func drawOperation(t *rapid.T) (op Object, names map[unit]bool) {
	u := rapid.SampledFrom(userUnits).Draw(t, "unit")
	names = map[unit]bool{u: true}
	kind := rapid.SampledFrom([]string{"add", "Replace", "remove"}).Draw(t, "op")
	form := rapid.SampledFrom([]string{"path", "path", "key", "keys", "element", "parent", "case"}).Draw(t, "form")
	list := u.name == "emails" || u.name == "phoneNumbers"
	switch {
	case form == "element" && list:
		path := u.name + rapid.SampledFrom([]string{`[type eq "work"].value`, `[primary eq "True"].value`, `[value co "x"]`,
			`[type eq "home" and value pr]`, `[type eq "work"].type`, `[type eq "home"].primary`}).Draw(t, "path")
		value := rapid.SampledFrom([]any{"n@x", "", nil, "true"}).Draw(t, "value")
		if rapid.Bool().Draw(t, "as key") && kind != "remove" {
			return Object{"op": kind, "value": Object{path: value}}, names
		}
		return Object{"op": kind, "path": path, "value": value}, names
	case form == "parent" && (u.sub != "" || u.urn != ""):
		parent := Path{URN: u.urn, Name: u.name}
		key := u.sub
		if u.sub == "" {
			parent.Name, key = "", u.name
		}
		if kind == "remove" {
			for _, other := range userUnits {
				if other.urn == u.urn && (u.urn != "" || other.name == u.name) {
					names[other] = true
				}
			}
			return Object{"op": kind, "path": parent.String()}, names
		}
		value := Object{key: u.drawValue(t)}
		if rapid.Bool().Draw(t, "as key") {
			return Object{"op": kind, "value": Object{parent.String(): value}}, names
		}
		return Object{"op": kind, "path": parent.String(), "value": value}, names
	case kind == "remove":
		return Object{"op": kind, "path": u.path()}, names
	case form == "key":
		return Object{"op": kind, "value": Object{u.path(): u.drawValue(t), "id": "x", "unknown": Object{"title": "no"}}}, names
	case form == "keys":
		v := rapid.SampledFrom(userUnits).Draw(t, "second unit")
		names[v] = true
		return Object{"op": kind, "value": Object{strings.ToUpper(u.path()): u.drawValue(t), v.path(): v.drawValue(t)}}, names
	case form == "case":
		return Object{"op": kind, "path": strings.ToUpper(u.path()), "value": u.drawValue(t)}, names
	}
	return Object{"op": kind, "path": u.path(), "value": u.drawValue(t)}, names
}

// TestPatchChangesOnlyWhatIsNamed applies random operations one after the other to a document that grows from nothing.
func TestPatchChangesOnlyWhatIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := Object{"userName": "ann"}
		var all []any
		for range rapid.IntRange(1, 6).Draw(t, "operations") {
			raw, names := drawOperation(t)
			ops, err := ParsePatch(Object{"Operations": []any{raw}})
			if err != nil {
				t.Fatal(err)
			}
			before := doc.Clone()
			out, _, err := Users.Patch(doc, ops)
			if d := cmp.Diff(before, doc); d != "" {
				t.Fatalf("%v changes the document it was given: %s", raw, d)
			}
			if err != nil {
				continue
			}
			all = append(all, raw)
			for _, u := range userUnits {
				was, had := u.of(before)
				is, has := u.of(out)
				if !names[u] && (had != has || !cmp.Equal(was, is)) {
					t.Fatalf("%v changes %v from %v to %v", raw, u, was, is)
				}
			}
			doc = out
		}
		if len(all) == 0 {
			return
		}
		ops, err := ParsePatch(Object{"Operations": all})
		if err != nil {
			t.Fatal(err)
		}
		together, _, err := Users.Patch(Object{"userName": "ann"}, ops)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(doc, together); d != "" {
			t.Fatalf("one request is not the same as several: %s", d)
		}
		checkCanonical(t, together)
	})
}

// TestPatchAddIsIdempotent adds values, each said once, a second time: nothing may change.
func TestPatchAddIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		element := rapid.Custom(func(t *rapid.T) any { return drawElement(t) })
		value := func(e any) string { return strings.ToLower(e.(Object).String("value")) }
		ops := []Operation{{Kind: OpReplace, Path: &Path{Name: "emails"}, Value: rapid.SliceOfN(element, 1, 4).Draw(t, "there"), HasValue: true}}
		doc, _, err := Users.Patch(nil, ops)
		if err != nil {
			t.Fatal(err)
		}
		added := rapid.SliceOfNDistinct(element, 1, 3, value).Draw(t, "added")
		ops[0].Kind, ops[0].Value = OpAdd, added
		once, _, err := Users.Patch(doc, ops)
		if err != nil {
			t.Fatal(err)
		}
		twice, _, err := Users.Patch(once, ops)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(once, twice); d != "" {
			t.Fatalf("%v added twice to %v: %s", added, doc, d)
		}
	})
}

// checkCanonical holds that a document is as Canonical would make it.
func checkCanonical(t rapid.TB, doc Object) {
	t.Helper()
	again, ignored, err := Users.Canonical(doc)
	if err != nil || len(ignored) > 0 {
		t.Fatalf("not canonical: %v, %v", ignored, err)
	}
	if d := cmp.Diff(again, doc); d != "" {
		t.Fatalf("not canonical: %s", d)
	}
}
