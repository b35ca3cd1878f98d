package scim

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func object(t testing.TB, text string) Object {
	t.Helper()
	o, err := Decode([]byte(text), Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

func operations(t testing.TB, text string) []Operation {
	t.Helper()
	ops, err := ParsePatch(object(t, `{"Operations":`+text+`}`))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return ops
}

const annText = `{"userName":"ann@x.test","externalId":"7","active":true,"title":"Engineer","nickName":null,
	"name":{"givenName":"Ann","familyName":"A"},
	"emails":[{"value":"ann@x.test","type":"work","primary":true},{"value":"ann@home.test","type":"home"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Eng","manager":{"value":"m1"}}}`

type patchCase struct {
	name string
	ops  string
	want string // JSON of the attributes that are other than in annText
}

func (tt patchCase) check(t *testing.T) {
	t.Helper()
	doc := object(t, annText)
	want := doc.Clone()
	for k, v := range object(t, tt.want) {
		want[k] = v
	}
	ops := operations(t, tt.ops)
	got, _, err := Users.Patch(doc, ops)
	if err != nil {
		t.Fatalf("%s: %v", tt.ops, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s\n%s", tt.ops, d)
	}
	if d := cmp.Diff(object(t, annText), doc); d != "" {
		t.Errorf("the document was changed: %s", d)
	}
	if d := cmp.Diff(operations(t, tt.ops), ops); d != "" {
		t.Errorf("the operations were changed: %s", d)
	}
	again, _, err := Users.Patch(got, ops)
	if err != nil {
		t.Errorf("a second time: %v", err)
	} else if d := cmp.Diff(got, again); d != "" {
		t.Errorf("a second time it changes more: %s", d)
	}
}

func TestPatchOfClients(t *testing.T) {
	const ent = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	const path = `"path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`
	for _, tt := range []patchCase{
		{"Okta deactivates", `[{"op":"replace","value":{"active":false}}]`, `{"active":false}`},
		{"Okta sends the id along", `[{"op":"replace","value":{"id":"g1","displayName":"Eng"}}]`, `{"displayName":"Eng"}`},
		{"read-only keys in a value", `[{"op":"replace","value":{"id":"x","meta":{"version":"1"},"schemas":["urn:x"],"groups":[{"value":"g"}],"title":"B"}}]`, `{"title":"B"}`},
		{"a password is not kept", `[{"op":"replace","value":{"password":"x"}},{"op":"replace","path":"password","value":"y"}]`, `{}`},

		{"Entra disables with text", `[{"op":"Replace","path":"active","value":"False"}]`, `{"active":false}`},
		{"Entra, filtered path", `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@x.test"}]`,
			`{"emails":[{"value":"b@x.test","type":"work","primary":true},{"value":"ann@home.test","type":"home"}]}`},
		{"Entra with the flag", `[{"op":"replace","value":{"displayName":"B","name.givenName":"B","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"7"}}]`,
			`{"displayName":"B","name":{"givenName":"B","familyName":"A"},` + ent + `:{"department":"Eng","employeeNumber":"7","manager":{"value":"m1"}}}`},
		{"old Entra, dot after the URN", `[{"op":"Replace",` + path + `.department","value":"Ops"}]`,
			`{` + ent + `:{"department":"Ops","manager":{"value":"m1"}}}`},
		{"misspelt URN of Entra's document", `[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department","value":"Ops"}]`,
			`{` + ent + `:{"department":"Ops","manager":{"value":"m1"}}}`},
		{"old Entra, value in a list of objects", `[{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"Bea"}]}]`, `{"displayName":"Bea"}`},
		{"core URN before the name", `[{"op":"Add","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Boss"}]`, `{"title":"Boss"}`},
		{"core URN before a filtered path", `[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"home\"].value","value":"h@x"}]`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":true},{"value":"h@x","type":"home"}]}`},
		{"manager as text", `[{"op":"Replace","path":"manager","value":"m2"}]`, `{` + ent + `:{"department":"Eng","manager":{"value":"m2"}}}`},
		{"manager as text with URN", `[{"op":"Replace",` + path + `:manager","value":"m2"}]`, `{` + ent + `:{"department":"Eng","manager":{"value":"m2"}}}`},
		{"manager as object", `[{"op":"Add",` + path + `:manager","value":{"Value":"m2"}}]`, `{` + ent + `:{"department":"Eng","manager":{"value":"m2"}}}`},
		{"manager as list", `[{"op":"Add",` + path + `:manager","value":[{"value":"m2"}]}]`, `{` + ent + `:{"department":"Eng","manager":{"value":"m2"}}}`},
		{"Slack's name for a manager's id", `[{"op":"replace","path":"manager.managerId","value":"m2"},{"op":"replace","value":{` + ent + `:{"manager":{"managerId":"m3"}}}}]`, `{` + ent + `:{"department":"Eng","manager":{"value":"m3"}}}`},
		{"manager's value cleared", `[{"op":"replace","path":"manager.value","value":""}]`, `{` + ent + `:{"department":"Eng","manager":null}}`},
		{"manager cleared with an object", `[{"op":"replace",` + path + `:manager","value":{"value":""}}]`, `{` + ent + `:{"department":"Eng","manager":null}}`},
		{"$ref follows from the value", `[{"op":"replace","path":"manager.$ref","value":"x"},{"op":"replace","path":"manager","value":{"value":"m1","$ref":"x"}}]`, `{}`},
		{"the same manager", `[{"op":"Replace",` + path + `:manager","value":{"value":"m1"}}]`, `{}`},
		{"manager cleared with an empty text", `[{"op":"Replace",` + path + `:manager","value":""}]`, `{` + ent + `:{"department":"Eng","manager":null}}`},
		{"manager removed", `[{"op":"Remove",` + path + `:manager"}]`, `{` + ent + `:{"department":"Eng","manager":null}}`},
		{"manager removed with a value", `[{"op":"Remove","path":"manager","value":""}]`, `{` + ent + `:{"department":"Eng","manager":null}}`},
		{"roles with a text for a boolean", `[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}]`,
			`{"roles":[{"primary":true,"value":"admin"}]}`},
		{"JSON text in a role", `[{"op":"Add","path":"roles","value":[{"primary":"True","value":"{\"id\":\"r1\"}"}]}]`,
			`{"roles":[{"primary":true,"value":"{\"id\":\"r1\"}"}]}`},
		{"filtered replace that finds nothing", `[{"op":"replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}]`,
			`{"phoneNumbers":[{"type":"mobile","value":"1"}]}`},
		{"address lines one by one", `[{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Ghent"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"BE"}]`,
			`{"addresses":[{"type":"work","locality":"Ghent","country":"BE"}]}`},
		{"cleared with an empty text", `[{"op":"replace","path":"title","value":""}]`, `{"title":null}`},
		{"filtered clearing", `[{"op":"replace","path":"emails[type eq \"home\"].value","value":""}]`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":true}]}`},
		{"the validator's untyped", `[{"op":"replace","path":"emails[type eq \"untyped\"].primary","value":true}]`, `{}`},
		{"keys with brackets", `[{"op":"add","value":{"emails[type eq \"work\"].value":"b@x","emails[type eq \"other\"].value":"o@x"}}]`,
			`{"emails":[{"value":"b@x","type":"work","primary":true},{"value":"ann@home.test","type":"home"},{"value":"o@x","type":"other"}]}`},

		{"authentik, null path", `[{"op":"replace","path":null,"value":{"id":"u1","displayName":"B"}}]`, `{"displayName":"B"}`},
		{"Keycloak, active as text", `[{"op":"replace","path":"active","value":"true"}]`, `{}`},
		{"Keycloak, removal with null", `[{"op":"remove","path":"title","value":null}]`, `{"title":null}`},
		{"rauthy, unlink", `[{"op":"replace","value":{"displayName":"B","externalId":null}}]`, `{"displayName":"B","externalId":null}`},
		{"capital names", `[{"Op":"Replace","Value":{"Title":"B","` + "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user" + `":{"Department":"D","Manager":{"Value":"m2"}}}}]`,
			`{"title":"B",` + ent + `:{"department":"D","manager":{"value":"m2"}}}`},
		{"more keys in an operation", `[{"op":"replace","name":"x","id":"y","path":"title","value":"B"}]`, `{"title":"B"}`},
		{"number for text", `[{"op":"replace","path":"employeeNumber","value":701984}]`,
			`{` + ent + `:{"department":"Eng","employeeNumber":"701984","manager":{"value":"m1"}}}`},
	} {
		t.Run(tt.name, tt.check)
	}
}

func TestPatchSemantics(t *testing.T) {
	const ent = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	const work, home = `{"value":"ann@x.test","type":"work","primary":true}`, `{"value":"ann@home.test","type":"home"}`
	for _, tt := range []patchCase{
		{"blank path is none", `[{"op":"replace","path":" ","value":{"title":"B"}}]`, `{"title":"B"}`},
		{"order is kept", `[{"op":"replace","path":"title","value":"B"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"C"}]`, `{"title":"C"}`},
		{"remove of what was never said", `[{"op":"remove","path":"locale"}]`, `{"locale":null}`},
		{"sub-attribute cleared", `[{"op":"replace","path":"name.familyName","value":null}]`, `{"name":{"givenName":"Ann","familyName":null}}`},
		{"sub-attribute removed", `[{"op":"remove","path":"name.familyName"}]`, `{"name":{"givenName":"Ann","familyName":null}}`},
		{"complex replace keeps the rest", `[{"op":"replace","path":"name","value":{"givenName":"B"}}]`, `{"name":{"givenName":"B","familyName":"A"}}`},
		{"complex add with a cleared part", `[{"op":"add","value":{"name":{"givenName":""}}}]`, `{"name":{"givenName":null,"familyName":"A"}}`},
		{"complex, name and name.x together", `[{"op":"add","value":{"name.givenName":"C","name":{"givenName":"B"}}}]`, `{"name":{"givenName":"C","familyName":"A"}}`},
		{"empty object says nothing", `[{"op":"replace","value":{"name":{}}},{"op":"replace","path":"phoneNumbers","value":[]},{"op":"add","value":{}}]`, `{"phoneNumbers":null}`},
		{"complex removed", `[{"op":"remove","path":"name"}]`, `{"name":null}`},
		{"complex removed stays removed but for what is said", `[{"op":"remove","path":"name"},{"op":"add","path":"name.givenName","value":"B"}]`,
			`{"name":{"formatted":null,"familyName":null,"givenName":"B","middleName":null,"honorificPrefix":null,"honorificSuffix":null}}`},
		{"extension removed", `[{"op":"remove","path":` + ent + `}]`, `{` + ent + `:{"department":null,"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`},
		{"extension cleared by a key", `[{"op":"replace","value":{` + ent + `:null}}]`, `{` + ent + `:{"department":null,"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`},
		{"extension removed, then nothing more removed", `[{"op":"remove","path":` + ent + `},{"op":"remove","path":"department"}]`, `{` + ent + `:{"department":null,"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`},
		{"extension removed but for what is said", `[{"op":"remove","path":` + ent + `},{"op":"add","path":"department","value":"D"}]`,
			`{` + ent + `:{"department":"D","employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`},
		{"extension as path", `[{"op":"add","path":` + ent + `,"value":{"department":"D"}}]`,
			`{` + ent + `:{"department":"D","manager":{"value":"m1"}}}`},
		{"extension new", `[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User:type","value":"multi"}]`,
			`{"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User":{"type":"multi"}}`},
		{"core schema as path", `[{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User","value":{"title":"B"}}]`, `{"title":"B"}`},

		{"add a value", `[{"op":"add","path":"emails","value":[{"value":"n@x"}]}]`, `{"emails":[` + work + `,` + home + `,{"value":"n@x"}]}`},
		{"add one object", `[{"op":"add","path":"emails","value":{"value":"n@x","type":"other"}}]`, `{"emails":[` + work + `,` + home + `,{"value":"n@x","type":"other"}]}`},
		{"add what is there", `[{"op":"add","path":"emails","value":[{"value":"ANN@home.test"}]}]`,
			`{"emails":[` + work + `,{"value":"ANN@home.test","type":"home"}]}`},
		{"add the value under another type", `[{"op":"add","path":"emails","value":[{"value":"ann@x.test","type":"other"}]}]`,
			`{"emails":[` + work + `,` + home + `,{"value":"ann@x.test","type":"other"}]}`},
		{"add to the one of the same type first", `[{"op":"replace","path":"phoneNumbers","value":[{"value":"1"},{"value":"1","type":"work"}]},{"op":"add","path":"phoneNumbers","value":[{"value":"1","type":"work"}]}]`,
			`{"phoneNumbers":[{"value":"1"},{"value":"1","type":"work"}]}`},
		{"add more about what is there", `[{"op":"add","path":"emails","value":[{"value":"ann@home.test","type":"home","display":"H"}]}]`,
			`{"emails":[` + work + `,{"value":"ann@home.test","type":"home","display":"H"}]}`},
		{"a new primary one ends the old", `[{"op":"add","path":"emails","value":[{"value":"n@x","primary":true}]}]`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":false},` + home + `,{"value":"n@x","primary":true}]}`},
		{"primary moves", `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":"true"}]`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":false},{"value":"ann@home.test","type":"home","primary":true}]}`},
		{"elements of which nothing is known", `[{"op":"replace","path":"emails","value":[{"colour":"red"}]}]`, `{}`},
		{"add nothing", `[{"op":"add","path":"emails","value":[]},{"op":"add","path":"emails","value":null}]`, `{}`},
		{"replace a list", `[{"op":"replace","path":"emails","value":[{"value":"n@x"}]}]`, `{"emails":[{"value":"n@x"}]}`},
		{"replace a list by texts", `[{"op":"replace","path":"emails","value":["n@x"]}]`, `{"emails":[{"value":"n@x"}]}`},
		{"replace a list by null", `[{"op":"replace","path":"emails","value":null}]`, `{"emails":null}`},
		{"replace a list by none", `[{"op":"replace","value":{"emails":[]}}]`, `{"emails":null}`},
		{"remove a list", `[{"op":"remove","path":"emails"}]`, `{"emails":null}`},
		{"remove by filter", `[{"op":"remove","path":"emails[type eq \"work\"]"}]`, `{"emails":[` + home + `]}`},
		{"remove the last by filter", `[{"op":"remove","path":"emails[value pr]"}]`, `{"emails":null}`},
		{"remove by a filter that finds nothing", `[{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"remove","path":"phoneNumbers[type eq \"x\"].value"}]`, `{}`},
		{"remove a sub-attribute", `[{"op":"remove","path":"emails[type eq \"work\"].value"}]`, `{"emails":[` + home + `]}`},
		{"remove listed values", `[{"op":"Remove","path":"emails","value":[{"value":"ANN@x.test"},{"value":"zoe@x"}]}]`, `{"emails":[` + home + `]}`},
		{"remove listed texts", `[{"op":"Remove","path":"emails","value":"ann@x.test"}]`, `{"emails":[` + home + `]}`},
		{"remove a listed value of another type", `[{"op":"Remove","path":"emails","value":[{"value":"ann@x.test","type":"home"}]}]`, `{}`},
		{"remove what a list describes", `[{"op":"Remove","path":"emails","value":[{"type":"home"}]}]`, `{"emails":[` + work + `]}`},
		{"remove an empty list of values", `[{"op":"Remove","path":"emails","value":[]}]`, `{}`},
		{"replace a chosen element", `[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x","display":"N"}}]`,
			`{"emails":[{"value":"n@x","type":"work","primary":true,"display":"N"},` + home + `]}`},
		{"replace a chosen element by a list", `[{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"n@x"}]}]`,
			`{"emails":[{"value":"n@x","type":"work","primary":true},` + home + `]}`},
		{"replace a chosen element by null", `[{"op":"replace","path":"emails[type eq \"work\"]","value":null}]`, `{"emails":[` + home + `]}`},
		{"a chosen element that is new", `[{"op":"add","path":"emails[type eq \"other\" and primary eq true]","value":{"value":"o@x"}}]`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":false},` + home + `,{"value":"o@x","type":"other","primary":true}]}`},
		{"a new element needs more than a type", `[{"op":"add","path":"emails[type eq \"other\"]","value":{"primary":true}}]`, `{}`},
		{"filtered clearing that finds nothing", `[{"op":"replace","path":"emails[type eq \"other\"].value","value":""}]`, `{}`},
		{"type of a chosen value", `[{"op":"replace","path":"emails[value eq \"ann@home.test\"].type","value":"other"},{"op":"add","path":"emails[value eq \"ann@home.test\"].display","value":"H"}]`,
			`{"emails":[` + work + `,{"value":"ann@home.test","type":"other","display":"H"}]}`},
		{"no filter, the primary one", `[{"op":"replace","path":"emails.value","value":"n@x"}]`,
			`{"emails":[{"value":"n@x","type":"work","primary":true},` + home + `]}`},
		{"no filter, no element", `[{"op":"add","value":{"phoneNumbers.value":"1"}}]`, `{"phoneNumbers":[{"value":"1"}]}`},
	} {
		t.Run(tt.name, tt.check)
	}
}

func TestPatchIgnoresUnknownAttributes(t *testing.T) {
	doc := object(t, annText)
	ops := operations(t, `[
		{"op":"add","path":"custom","value":1},
		{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge"},
		{"op":"replace","value":{"favourite colour":"x","name":{"nick":"y","givenName":"B"},"urn:acme:x":{"a":1},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"badge":"7","urn:ietf:params:scim:schemas:core:2.0:User":{"title":"no"}}}},
		{"op":"replace","path":"emails[type eq \"work\"].colour","value":"red"}]`)
	got, ignored, err := Users.Patch(doc, ops)
	if err != nil {
		t.Fatal(err)
	}
	want := doc.Clone()
	want.Object("name")["givenName"] = "B"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	wantIgnored := []string{"custom", "urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge", "favourite colour", "name.nick",
		"urn:acme:x", EnterpriseSchema + ":badge", EnterpriseSchema + ":" + UserSchema, `emails[type eq "work"].colour`}
	if d := cmp.Diff(wantIgnored, ignored); d != "" {
		t.Error(d)
	}
}

func TestPatchFaults(t *testing.T) {
	for _, tt := range []struct {
		ops  string
		want ErrorType
		says string
	}{
		{`{"op":"remove"}`, NoTarget, "operation 2 (remove)"},
		{`{"op":"remove","value":{"title":"x"}}`, NoTarget, "path"},
		{`{"op":"remove","path":"urn:ietf:params:scim:schemas:core:2.0:User"}`, NoTarget, "all at once"},
		{`{"op":"replace","value":"x"}`, InvalidValue, "object"},
		{`{"op":"replace"}`, InvalidValue, "object"},
		{`{"op":"replace","path":"title"}`, InvalidValue, "operation 2 (replace title): replace needs a value"},
		{`{"op":"remove","path":"userName"}`, Mutability, "userName is required"},
		{`{"op":"replace","path":"userName","value":""}`, InvalidValue, "userName is required"},
		{`{"op":"replace","value":{"USERNAME":null}}`, InvalidValue, "userName is required"},
		{`{"op":"replace","path":"id","value":"x"}`, Mutability, "id is read-only"},
		{`{"op":"add","path":"groups","value":[{"value":"g"}]}`, Mutability, "groups is read-only"},
		{`{"op":"remove","path":"meta.version"}`, Mutability, "meta.version"},
		{`{"op":"replace","path":"manager.displayName","value":"x"}`, Mutability, "manager.displayName"},
		{`{"op":"replace","path":"active","value":"maybe"}`, InvalidValue, "active"},
		{`{"op":"replace","path":"name","value":"x"}`, InvalidValue, "name"},
		{`{"op":"replace","path":"name[givenName eq \"x\"]","value":{}}`, InvalidPath, "one value only"},
		{`{"op":"replace","path":"emails[colour eq \"x\"].value","value":"x"}`, InvalidFilter, "colour"},
		{`{"op":"replace","path":"emails[type ne \"work\" and type ne \"home\"].value","value":"x"}`, NoTarget, "matches no value"},
		{`{"op":"add","path":"emails[type eq \"a\" and type eq \"b\"].value","value":"x"}`, NoTarget, "matches no value"},
		{`{"op":"add","path":"emails[value eq \"zoe@x\"].type","value":"x"}`, NoTarget, "matches no value"},
		{`{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":"x"}`, InvalidValue, "object of its attributes"},
	} {
		doc := object(t, annText)
		got, ignored, err := Users.Patch(doc, operations(t, `[{"op":"replace","path":"title","value":"changed"},`+tt.ops+`]`))
		if got != nil || ignored != nil {
			t.Errorf("%s: something comes back", tt.ops)
		}
		if err == nil {
			t.Errorf("%s is accepted", tt.ops)
			continue
		}
		if e := fault(t, err, tt.want); !strings.Contains(e.Detail, tt.says) || !strings.Contains(e.Detail, "operation 2") {
			t.Errorf("%s: %s", tt.ops, e.Detail)
		}
		if d := cmp.Diff(object(t, annText), doc); d != "" {
			t.Errorf("%s: the document was changed: %s", tt.ops, d)
		}
	}
	two := Object{"emails": []any{Object{"value": "a"}, Object{"value": "b"}}}
	_, _, err := Users.Patch(two, operations(t, `[{"op":"replace","path":"emails.value","value":"c"}]`))
	fault(t, err, InvalidPath)
	_, _, err = Groups.Patch(Object{"displayName": "x"}, operations(t, `[{"op":"remove","path":"displayName"}]`))
	fault(t, err, Mutability)
}

func TestParsePatch(t *testing.T) {
	for _, text := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"x"}]}`,
		`{"operations":[{"OP":" Add ","Path":" title ","VALUE":"x"}]}`,
		`{"schemas":["urn:x","urn:y"],"more":1,"OPERATIONS":[{"op":"ADD","path":"title","value":"x","id":"7"}]}`,
	} {
		ops, err := ParsePatch(object(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want := []Operation{{Number: 1, Kind: OpAdd, Path: &Path{Name: "title"}, Value: "x", HasValue: true}}
		if d := cmp.Diff(want, ops); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
	for _, tt := range []struct {
		text string
		want ErrorType
		says string
	}{
		{`{}`, InvalidSyntax, "Operations"},
		{`{"Operations":null}`, InvalidSyntax, "at least one"},
		{`{"Operations":[]}`, InvalidSyntax, "at least one"},
		{`{"Operations":{"op":"add"}}`, InvalidSyntax, "list"},
		{`{"Operations":["add"]}`, InvalidSyntax, "operation 1"},
		{`{"Operations":[{"op":"add","path":"title","value":"x"},{"op":"delete","path":"title"}]}`, InvalidSyntax, `operation 2: op must be add, replace or remove, not "delete"`},
		{`{"Operations":[{"path":"title"}]}`, InvalidSyntax, "missing or null"},
		{`{"Operations":[{"op":4}]}`, InvalidSyntax, "a number"},
		{`{"Operations":[{"op":"add","path":["title"]}]}`, InvalidPath, "a list"},
		{`{"Operations":[{"op":"add","path":"emails[type eq"}]}`, InvalidPath, "operation 1: at position 15"},
	} {
		_, err := ParsePatch(object(t, tt.text))
		if err == nil {
			t.Errorf("%s is accepted", tt.text)
			continue
		}
		if e := fault(t, err, tt.want); !strings.Contains(e.Detail, tt.says) {
			t.Errorf("%s: %s", tt.text, e.Detail)
		}
	}
	many := make([]any, MaxOperations+1)
	for i := range many {
		many[i] = Object{"op": "add", "value": Object{}}
	}
	_, err := ParsePatch(Object{"Operations": many})
	var tooMany *TooManyError
	if !errors.As(err, &tooMany) || tooMany.Limit != MaxOperations || tooMany.Count != MaxOperations+1 {
		t.Error(err)
	}
	if _, err := ParsePatch(Object{"Operations": many[1:]}); err != nil {
		t.Error(err)
	}
}

// TestPatchBounds sends what would cost the square of its length.
func TestPatchBounds(t *testing.T) {
	list := make([]any, MaxValues+1)
	for i := range list {
		list[i] = Object{"value": fmt.Sprint(i)}
	}
	add := func(list []any) Operation {
		return Operation{Kind: OpAdd, Path: &Path{Name: "roles"}, Value: list, HasValue: true}
	}
	_, _, err := Users.Patch(Object{}, []Operation{add(list)})
	fault(t, err, InvalidValue)
	doc, _, err := Users.Patch(Object{}, []Operation{add(list[1:])})
	if err != nil || len(doc.List("roles")) != MaxValues {
		t.Fatalf("%d roles, %v", len(doc.List("roles")), err)
	}
	_, _, err = Users.Patch(doc, []Operation{add(list)})
	fault(t, err, InvalidValue)
	doc["roles"] = list // kept by a POST: it may become shorter, and stay as long
	out, _, err := Users.Patch(doc, operations(t, `[{"op":"remove","path":"roles[value eq \"7\"]"},{"op":"add","path":"roles[value eq \"8\"].display","value":"x"}]`))
	if err != nil || len(out.List("roles")) != MaxValues {
		t.Fatalf("%d roles, %v", len(out.List("roles")), err)
	}
}

func BenchmarkPatch(b *testing.B) {
	doc := object(b, annText)
	for name, ops := range map[string][]Operation{
		"active":   operations(b, `[{"op":"replace","value":{"active":false}}]`),
		"filtered": operations(b, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x.test"}]`),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Users.Patch(doc, ops); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
