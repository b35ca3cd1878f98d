package scim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func named(ids ...string) []Object {
	out := []Object{}
	for _, id := range ids {
		out = append(out, Object{"value": id})
	}
	return out
}

// TestSplitMembers holds every form in which clients speak of members.
func TestSplitMembers(t *testing.T) {
	const core = `"urn:ietf:params:scim:schemas:core:2.0:Group`
	for _, tt := range []struct {
		name string
		ops  string
		rest string
		want []MemberChange
	}{
		{"Okta, remove and add in one", `[{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"add","path":"members","value":[{"value":"u2","display":"ann"}]}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Members: named("u1")}, {Kind: AddMembers, Members: []Object{{"value": "u2", "display": "ann"}}}}},
		{"Okta, rename", `[{"op":"replace","value":{"id":"g1","displayName":"Eng"}}]`, `[{"op":"replace","value":{"id":"g1","displayName":"Eng"}}]`, nil},
		{"Okta, full push", `[{"op":"replace","path":"members","value":[{"value":"u1"},{"value":"u2"}]}]`, `[]`,
			[]MemberChange{{Kind: ReplaceMembers, Members: named("u1", "u2")}}},
		{"Okta, full push of nobody", `[{"op":"replace","path":"members","value":[]}]`, `[]`, []MemberChange{{Kind: ReplaceMembers, Members: named()}}},
		{"Entra, remove with a value", `[{"op":"Remove","path":"members","value":[{"value":"u1","$ref":null}]}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Members: named("u1")}}},
		{"Entra, add with $ref null, several", `[{"op":"Add","path":"members","value":[{"$ref":null,"value":"u1"},{"$ref":null,"value":"u2"}]}]`, `[]`,
			[]MemberChange{{Kind: AddMembers, Members: named("u1", "u2")}}},
		{"authentik, the whole group without path, then one by one", `[{"op":"replace","path":null,"value":{"id":"g1","displayName":"Eng"}},{"op":"add","path":"members","value":[{"value":"u1"}]}]`,
			`[{"op":"replace","value":{"id":"g1","displayName":"Eng"}}]`, []MemberChange{{Kind: AddMembers, Members: named("u1")}}},
		{"Keycloak, all together", `[{"op":"replace","value":{"displayName":"x","externalId":"e","members":[{"value":"u1"}]}}]`,
			`[{"op":"replace","value":{"displayName":"x","externalId":"e"}}]`, []MemberChange{{Kind: ReplaceMembers, Members: named("u1")}}},
		{"Keycloak, removal with null", `[{"op":"remove","path":"members","value":null}]`, `[]`, []MemberChange{{Kind: ClearMembers}}},
		{"WSO2, no path and display only", `[{"op":"add","value":{"members":[{"display":"ann"}]}}]`, `[]`,
			[]MemberChange{{Kind: AddMembers, Members: []Object{{"display": "ann"}}}}},
		{"Slack, value without quotation marks", `[{"op":"remove","path":"members[value eq U023BECGF]"}]`, `[]`, []MemberChange{{Kind: RemoveMembers, Members: named("U023BECGF")}}},
		{"a bare text", `[{"op":"add","path":"members","value":"u1"},{"op":"add","path":"members","value":["u2"]},{"op":"remove","path":"members","value":"u3"}]`, `[]`,
			[]MemberChange{{Kind: AddMembers, Members: named("u1")}, {Kind: AddMembers, Members: named("u2")}, {Kind: RemoveMembers, Members: named("u3")}}},
		{"one object", `[{"op":"add","path":"Members","value":{"Value":"u1","Type":"User"}}]`, `[]`,
			[]MemberChange{{Kind: AddMembers, Members: []Object{{"value": "u1", "type": "User"}}}}},
		{"a number for an id", `[{"op":"add","path":"members","value":[{"value":17}]}]`, `[]`, []MemberChange{{Kind: AddMembers, Members: named("17")}}},
		{"several ids in one filter", `[{"op":"remove","path":"members[value eq \"u1\" or (value eq \"u2\" or Value eq u3)]"}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Members: named("u1", "u2", "u3")}}},
		{"URN before members", `[{"op":"add","path":` + core + `:members","value":[{"value":"u1"}]}]`, `[]`, []MemberChange{{Kind: AddMembers, Members: named("u1")}}},
		{"URN in a key", `[{"op":"add","value":{` + core + `:members":[{"value":"u1"}],"displayName":"x"}}]`, `[{"op":"add","value":{"displayName":"x"}}]`,
			[]MemberChange{{Kind: AddMembers, Members: named("u1")}}},
		{"nested under the URN", `[{"op":"replace","value":{` + core + `":{"members":[],"displayName":"y"},"displayName":"x","externalId":"e","MEMBERS":["u1"]}}]`,
			`[{"op":"replace","value":{` + core + `":{"displayName":"y"},"displayName":"x","externalId":"e"}}]`,
			[]MemberChange{{Kind: ReplaceMembers, Members: named("u1")}, {Kind: ReplaceMembers, Members: named()}}},
		{"nested under the URN alone", `[{"op":"replace","value":{` + core + `":{"members":["u1"]}}}]`, `[]`, []MemberChange{{Kind: ReplaceMembers, Members: named("u1")}}},
		{"the URN as path", `[{"op":"replace","path":` + core + `","value":{"members":["u1"],"displayName":"x"}}]`,
			`[{"op":"replace","path":` + core + `","value":{"displayName":"x"}}]`, []MemberChange{{Kind: ReplaceMembers, Members: named("u1")}}},
		{"order is kept", `[{"op":"add","path":"members","value":["u1"]},{"op":"replace","path":"displayName","value":"x"},{"op":"remove","path":"members"},{"op":"add","path":"members","value":["u2"]}]`,
			`[{"op":"replace","path":"displayName","value":"x"}]`,
			[]MemberChange{{Kind: AddMembers, Members: named("u1")}, {Kind: ClearMembers}, {Kind: AddMembers, Members: named("u2")}}},
		{"replace with null", `[{"op":"replace","path":"members","value":null},{"op":"replace","value":{"members":null}}]`, `[]`,
			[]MemberChange{{Kind: ReplaceMembers}, {Kind: ReplaceMembers}}},
		{"filter on something else", `[{"op":"remove","path":"members[type eq \"User\" and display sw a]"}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Filter: mustFilter(t, `type eq "User" and display sw a`)}}},
		{"filter on a value and something else", `[{"op":"remove","path":"members[value eq u1 or display eq x]"}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Filter: mustFilter(t, `value eq u1 or display eq x`)}}},
		{"chosen members replaced", `[{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u2"}}]`, `[]`,
			[]MemberChange{{Kind: RemoveMembers, Members: named("u1")}, {Kind: AddMembers, Members: named("u2")}}},
		{"value of a chosen member removed", `[{"op":"remove","path":"members[value eq \"u1\"].value"}]`, `[]`, []MemberChange{{Kind: RemoveMembers, Members: named("u1")}}},

		// what must change nobody's membership
		{"remove with an empty list", `[{"op":"remove","path":"members","value":[]}]`, `[]`, nil},
		{"add of nobody", `[{"op":"add","path":"members","value":[]},{"op":"add","path":"members","value":null},{"op":"add","path":"members"},{"op":"add","path":"members","value":[null]}]`, `[]`, nil},
		{"a display", `[{"op":"replace","path":"members[value eq \"u1\"].display","value":"B"},{"op":"replace","path":"members.display","value":"B"},{"op":"remove","path":"members[value eq \"u1\"].type"}]`, `[]`, nil},
		{"a display in an object", `[{"op":"replace","path":"members[value eq \"u1\"]","value":{"display":"B"}},{"op":"add","value":{"members[value eq \"u1\"].display":"B"}}]`, `[]`, nil},
		{"other attributes", `[{"op":"remove","path":"externalId"},{"op":"add","value":{}},{"op":"add","value":{"urn:acme:1.0:Group":{"members":[]},"membersX":[],"a b":1}}]`,
			`[{"op":"remove","path":"externalId"},{"op":"add","value":{}},{"op":"add","value":{"urn:acme:1.0:Group":{"members":[]},"membersX":[],"a b":1}}]`, nil},
		{"members of another schema", `[{"op":"remove","path":"urn:acme:1.0:Group:members"}]`, `[{"op":"remove","path":"urn:acme:1.0:Group:members"}]`, nil},
		{"remove without a path is left to Patch", `[{"op":"remove","value":{"members":[]}}]`, `[{"op":"remove","value":{"members":[]}}]`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ops := operations(t, tt.ops)
			rest, changes, err := SplitMembers(ops)
			if err != nil {
				t.Fatal(err)
			}
			var want []Operation
			if tt.rest != `[]` {
				want = operations(t, tt.rest)
			}
			for i := range rest {
				rest[i].Number = i + 1
			}
			if d := cmp.Diff(want, rest); d != "" {
				t.Errorf("rest: %s", d)
			}
			if d := cmp.Diff(tt.want, changes); d != "" {
				t.Errorf("changes: %s", d)
			}
			if d := cmp.Diff(operations(t, tt.ops), ops); d != "" {
				t.Errorf("the operations were changed: %s", d)
			}
		})
	}
}

func TestSplitMembersFaults(t *testing.T) {
	for _, tt := range []struct {
		op   string
		want ErrorType
		says string
	}{
		{`{"op":"replace","path":"members"}`, InvalidValue, "needs a value"},
		{`{"op":"add","path":"members","value":[{"value":"u1"},{"value":""}]}`, InvalidValue, "member 2 has no value"},
		{`{"op":"replace","value":{"members":[{}]}}`, InvalidValue, "member 1 has no value"},
		{`{"op":"add","path":"members","value":[["u1"]]}`, InvalidValue, "a list"},
		{`{"op":"add","path":"members","value":[{"value":{"value":"u1"}}]}`, InvalidValue, "an object"},
		{`{"op":"add","path":"members","value":[" "]}`, InvalidValue, "empty text"},
		{`{"op":"remove","path":"members","value":{}}`, InvalidValue, "no value"},
		{`{"op":"replace","path":"members","value":true}`, InvalidValue, "true or false"},
		{`{"op":"replace","path":"members[value eq \"u1\"].value","value":"u2"}`, Mutability, "add and remove"},
		{`{"op":"remove","path":"members.value"}`, Mutability, "add and remove"},
		{`{"op":"remove","path":"members[colour eq \"red\"]"}`, InvalidFilter, "colour"},
	} {
		rest, changes, err := SplitMembers(operations(t, `[{"op":"add","path":"members","value":["u0"]},`+tt.op+`]`))
		if rest != nil || changes != nil || err == nil {
			t.Errorf("%s is accepted", tt.op)
			continue
		}
		if e := fault(t, err, tt.want); !strings.Contains(e.Detail, tt.says) || !strings.Contains(e.Detail, "operation 2") {
			t.Errorf("%s: %s", tt.op, e.Detail)
		}
	}
}

// members is the model that changes are applied to.
type members map[string]bool

func (m members) apply(changes []MemberChange) {
	for _, c := range changes {
		if c.Kind == ClearMembers || c.Kind == ReplaceMembers {
			clear(m)
		}
		for _, o := range c.Members {
			if c.Kind == RemoveMembers {
				delete(m, o.String("value"))
			} else {
				m[o.String("value")] = true
			}
		}
		if c.Filter != nil {
			for id := range m {
				if c.Filter.MatchElement(Groups.Attribute("", "members"), Object{"value": id, "type": "User"}) {
					delete(m, id)
				}
			}
		}
	}
}

// TestMembersModel applies random dialects of the same changes and compares the members after each step.
func TestMembersModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got, want := members{}, members{}
		id := rapid.SampledFrom([]string{"u1", "u2", "u3", `u"4\`})
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			ids := rapid.SliceOfNDistinct(id, 0, 3, rapid.ID).Draw(t, "ids")
			list := []any{}
			for _, id := range ids {
				if rapid.Bool().Draw(t, "text") {
					list = append(list, id)
				} else {
					list = append(list, Object{"value": id, "$ref": nil})
				}
			}
			op := Object{}
			switch kind := rapid.SampledFrom([]string{"add", "replace", "remove list", "remove filter", "clear", "rename", "rename with members"}).Draw(t, "kind"); kind {
			case "add":
				op = Object{"op": "Add", "path": "members", "value": list}
				for _, id := range ids {
					want[id] = true
				}
			case "replace", "rename with members":
				op = Object{"op": "replace", "path": "members", "value": list}
				if kind != "replace" {
					op = Object{"op": "replace", "value": Object{"displayName": "x", "members": list}}
				}
				clear(want)
				for _, id := range ids {
					want[id] = true
				}
			case "remove list":
				op = Object{"op": "Remove", "path": "members", "value": list}
				for _, id := range ids {
					delete(want, id)
				}
			case "remove filter":
				terms := []string{`value eq "nobody"`}
				if rapid.Bool().Draw(t, "typed") {
					terms = []string{`type eq "Group"`}
				}
				for _, id := range ids {
					terms = append(terms, "value eq "+Quote(id))
					delete(want, id)
				}
				op = Object{"op": "remove", "path": "members[" + strings.Join(terms, " or ") + "]"}
			case "clear":
				op = Object{"op": "remove", "path": "members"}
				clear(want)
			case "rename":
				op = Object{"op": "replace", "value": Object{"id": "g", "displayName": "x"}}
			}
			ops, err := ParsePatch(Object{"Operations": []any{op}})
			if err != nil {
				t.Fatal(err)
			}
			_, changes, err := SplitMembers(ops)
			if err != nil {
				t.Fatal(err)
			}
			got.apply(changes)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("after %v: %s", op, d)
			}
		}
	})
}
