package scim

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t testing.TB, body string) Object {
	t.Helper()
	o, err := Decode([]byte(body), Limits{})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return o
}

// canonicalCases are bodies of clients, the canonical documents and the names that are ignored. e: is the enterprise URN.
var canonicalCases = []struct {
	name    string
	in      string
	want    string
	ignored string
}{
	{"nothing", `{}`, `{}`, ""},
	{"letter case", `{"USERNAME":"a","Name":{"GIVENNAME":"A"},"Emails":[{"Value":"a@x","Primary":"True","TYPE":"work"}],"E:":{"Department":"D","Manager":{"Value":"7"}}}`,
		`{"userName":"a","name":{"givenName":"A"},"emails":[{"value":"a@x","primary":true,"type":"work"}],"e:":{"department":"D","manager":{"value":"7"}}}`, ""},
	{"not a client's to write", `{"id":"1","META":{"version":"x"},"schemas":["y"],"groups":[{"value":"g"}],"password":"secret"}`, `{}`, ""},
	{"parts that are not a client's", `{"e:":{"manager":{"displayName":"Ann","$ref":"u"}},"emails":[{"value":"a","$ref":"b"}]}`, `{"emails":[{"value":"a"}]}`, ""},
	{"unknown", `{"custom":1,"name":{"nick":"x","givenName":"A"},"emails":[{"value":"a","foo":1},{"value":"b","foo":2}],"e:":{"boss":"x"},"urn:x:y":{"a":1}}`,
		`{"name":{"givenName":"A"},"emails":[{"value":"a"},{"value":"b"}]}`, "custom emails.foo name.nick e:boss urn:x:y"},
	{"not ASCII is unknown", `{"uſerName":"a","İd":1}`, `{}`, "uſerName İd"},
	{"dotted", `{"name.givenName":"A","NAME.familyname":"B","name":{"familyName":"B"}}`, `{"name":{"givenName":"A","familyName":"B"}}`, ""},
	{"dotted and unknown", `{"name.x":"A","x.givenName":"B","emails.value":"c","userName.x":1}`, `{}`, "emails.value name.x userName.x x.givenName"},
	{"URN with a colon", `{"e:department":"D","E:MANAGER":"7","e:manager.displayName":"x"}`, `{"e:":{"department":"D","manager":{"value":"7"}}}`, ""},
	{"URN with a dot", `{"e.department":"D","e.manager.value":"7"}`, `{"e:":{"department":"D","manager":{"value":"7"}}}`, ""},
	{"URN in both forms", `{"e:":{"department":"D"},"e:division":"V","e:manager.value":"7"}`, `{"e:":{"department":"D","division":"V","manager":{"value":"7"}}}`, ""},
	{"URN unknown inside", `{"e:boss":"D","urn:nobody:userName":"x"}`, `{}`, "e:boss urn:nobody:userName"},
	{"core URN", `{"urn:ietf:params:scim:schemas:core:2.0:User:userName":"a","URN:ietf:params:scim:schemas:core:2.0:user:name.givenName":"A"}`,
		`{"userName":"a","name":{"givenName":"A"}}`, ""},
	{"core URN as an object", `{"urn:ietf:params:scim:schemas:core:2.0:User":{"userName":"a","foo":1}}`, `{"userName":"a"}`, "foo"},
	{"misspelt by Entra", `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0User":{"department":"D"}}`, `{"e:":{"department":"D"}}`, ""},
	{"misspelt by Entra, as a prefix", `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department":"D"}`, `{"e:":{"department":"D"}}`, ""},
	{"SCIM 1.1", `{"urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"7"}},"urn:scim:schemas:extension:enterprise:1.0.division":"V","urn:scim:schemas:core:1.0:title":"T"}`,
		`{"title":"T","e:":{"manager":{"value":"7"},"division":"V"}}`, ""},
	{"draft of 2.0", `{"urn:scim:schemas:extension:enterprise:2.0:User:division":"V","urn:scim:schemas:extension:enterprise:2.0":{"department":"D"}}`,
		`{"e:":{"division":"V","department":"D"}}`, ""},
	{"Slack's extensions", `{"urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User":{"startDate":"2024-04-10T00:00:00+0000"},"urn:scim:schemas:extension:slack:guest:1.0":{"type":"multi"}}`,
		`{"urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User":{"startDate":"2024-04-10T00:00:00+0000"},"urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User":{"type":"multi"}}`, ""},
	{"booleans", `{"active":"False","emails":[{"value":"a","primary":"TRUE"},{"value":"b","primary":"false"},{"value":"c","primary":true}]}`,
		`{"active":false,"emails":[{"value":"a","primary":true},{"value":"b","primary":false},{"value":"c","primary":true}]}`, ""},
	{"numbers for texts", `{"title":5,"nickName":1.50,"e:":{"employeeNumber":701984},"externalId":132500000000000001,"phoneNumbers":[{"value":4420}]}`,
		`{"title":"5","nickName":"1.5","e:":{"employeeNumber":"701984"},"externalId":"132500000000000001","phoneNumbers":[{"value":"4420"}]}`, ""},
	{"kept to the letter", `{"displayName":"  Ann  ","userName":"ANN@X.test","emails":[{"value":"A@X","type":"WORK"}]}`,
		`{"displayName":"  Ann  ","userName":"ANN@X.test","emails":[{"value":"A@X","type":"WORK"}]}`, ""},
	{"one for a list", `{"emails":{"value":"a","type":"work"},"roles":"admin","phoneNumbers":["1",{"value":"2"},3]}`,
		`{"emails":[{"value":"a","type":"work"}],"roles":[{"value":"admin"}],"phoneNumbers":[{"value":"1"},{"value":"2"},{"value":"3"}]}`, ""},
	{"a list for one", `{"title":["T"],"active":["False"],"e:":{"manager":[{"value":"7"}]},"name":[{"givenName":"A"}]}`,
		`{"title":"T","active":false,"e:":{"manager":{"value":"7"}},"name":{"givenName":"A"}}`, ""},
	{"manager as a text", `{"e:":{"manager":"7"}}`, `{"e:":{"manager":{"value":"7"}}}`, ""},
	{"manager as a number", `{"e:":{"manager":7}}`, `{"e:":{"manager":{"value":"7"}}}`, ""},
	{"cleared", `{"title":null,"nickName":"","locale":[],"timezone":{},"userType":[null],"emails":null,"phoneNumbers":"","roles":[],"ims":{},"photos":[null,"",{},[]],"name":{},"active":null}`,
		`{"title":null,"nickName":null,"locale":null,"timezone":null,"userType":null,"emails":null,"phoneNumbers":null,"roles":null,"ims":null,"photos":null,"name":null,"active":null}`, ""},
	{"manager null", `{"e:":{"manager":null}}`, `{"e:":{"manager":null}}`, ""},
	{"manager empty text", `{"e:":{"manager":""}}`, `{"e:":{"manager":null}}`, ""},
	{"manager empty list", `{"e:":{"manager":[]}}`, `{"e:":{"manager":null}}`, ""},
	{"manager empty object", `{"e:":{"manager":{}}}`, `{"e:":{"manager":null}}`, ""},
	{"manager empty value", `{"e:":{"manager":{"value":""}}}`, `{"e:":{"manager":null}}`, ""},
	{"manager empty value in a list", `{"e:manager":[{"value":null,"displayName":"Ann"}]}`, `{"e:":{"manager":null}}`, ""},
	{"parts cleared", `{"name":{"givenName":"","familyName":null},"name.middleName":""}`, `{"name":{"givenName":null,"familyName":null,"middleName":null}}`, ""},
	{"extension cleared", `{"e:":null}`, `{"e:":{"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"department":null,"manager":null}}`, ""},
	{"extension without anything", `{"e:":{},"urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User":[]}`, `{}`, ""},
	{"nothing that is kept clears nothing", `{"name":{"nick":"A"},"emails":[{"foo":"a"}]}`, `{}`, "emails.foo name.nick"},
	{"empty elements", `{"emails":[null,"",{"type":"work","value":""},{"value":null,"primary":true,"display":"x"},{"value":"a","type":null}],"addresses":[{"type":"work","streetAddress":"","locality":null},{"type":"home","country":"GB","region":""}]}`,
		`{"emails":[{"value":"a"}],"addresses":[{"type":"home","country":"GB"}]}`, ""},
	{"only empty elements clear", `{"emails":[{"type":"work","value":""}]}`, `{"emails":null}`, ""},
	{"part of an element", `{"emails":[{"primary":true},{"type":"work"}]}`, `{"emails":[{"primary":true},{"type":"work"}]}`, ""},
	{"two primaries and twins", `{"emails":[{"value":"a","primary":true,"type":"work"},{"value":"a","primary":true,"type":"home"},{"value":"a","primary":true,"type":"work"}]}`,
		`{"emails":[{"value":"a","primary":true,"type":"work"},{"value":"a","primary":true,"type":"home"},{"value":"a","primary":true,"type":"work"}]}`, ""},
	{"JSON as a role", `{"roles":[{"primary":"True","value":"{\"id\":\"7\"}"}]}`, `{"roles":[{"primary":true,"value":"{\"id\":\"7\"}"}]}`, ""},
	{"the same twice", `{"userName":"a","urn:ietf:params:scim:schemas:core:2.0:User:userName":"a","name":{"givenName":"A"},"name.givenName":"A"}`, `{"userName":"a","name":{"givenName":"A"}}`, ""},
}

// enterprise writes the short e: of the cases out.
func enterprise(s string) string {
	return strings.NewReplacer(`"e:":`, `"`+EnterpriseSchema+`":`, `"E:":`, `"`+strings.ToUpper(EnterpriseSchema)+`":`, `"e:`, `"`+EnterpriseSchema+`:`,
		`"E:`, `"`+strings.ToUpper(EnterpriseSchema)+`:`, `"e.`, `"`+EnterpriseSchema+`.`, " e:", " "+EnterpriseSchema+":").Replace(s)
}

func TestCanonical(t *testing.T) {
	for _, c := range canonicalCases {
		t.Run(c.name, func(t *testing.T) {
			in := decode(t, enterprise(c.in))
			before := in.Clone()
			got, ignored, err := Users.Canonical(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, enterprise(c.want)), got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(strings.Fields(enterprise(" "+c.ignored)), ignored); diff != "" && len(ignored)+len(c.ignored) > 0 {
				t.Errorf("ignored: %s", diff)
			}
			again, _, err := Users.Canonical(got)
			if diff := cmp.Diff(got, again); diff != "" || err != nil {
				t.Errorf("not canonical: %v %s", err, diff)
			}
			if diff := cmp.Diff(before, in); diff != "" {
				t.Errorf("the body was changed: %s", diff)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"active":"yes"}`, `active must be true or false, not the text "yes"`},
		{`{"active":"fALSE"}`, `active must be true or false`},
		{`{"active":" false"}`, `active must be true or false`},
		{`{"active":"0"}`, `active must be true or false`},
		{`{"active":0}`, `active must be true or false, not the number 0`},
		{`{"active":1}`, `active must be true or false, not the number 1`},
		{`{"active":""}`, `active must be true or false`},
		{`{"active":[]}`, `active must be true or false, not a list`},
		{`{"active":{}}`, `active must be true or false, not an object`},
		{`{"active":[true,false]}`, `active takes one value, not a list of 2`},
		{`{"active":{"value":true}}`, `active must be true or false, not an object`},
		{`{"emails":[{"value":"a"},{"value":"b","primary":"yes"}]}`, `emails[1].primary must be true or false`},
		{`{"title":true}`, `title must be a text, not a boolean`},
		{`{"title":{"value":"x"}}`, `title must be a text, not an object`},
		{`{"title":["a","b"]}`, `title takes one value, not a list of 2`},
		{`{"title":[["a"]]}`, `title takes one value, not a list of 1`},
		{`{"title":"a\u0000b"}`, `title holds the character U+0000`},
		{`{"name":"Ann"}`, `name must be an object, not a text`},
		{`{"name":{"givenName":{"a":1}}}`, `name.givenName must be a text`},
		{`{"name.givenName":true}`, `name.givenName must be a text`},
		{`{"emails":true}`, `emails[0] must be an object, not a boolean`},
		{`{"emails":[["a"]]}`, `emails[0] must be an object, not a list`},
		{`{"addresses":["a"]}`, `addresses[0] must be an object, not a text`},
		{`{"e:":"x"}`, EnterpriseSchema + ` must be an object`},
		{`{"e:":[1,2]}`, EnterpriseSchema + ` must be an object`},
		{`{"e:manager":[{"value":"1"},{"value":"2"}]}`, EnterpriseSchema + `:manager takes one value`},
		{`{"e:":{"manager":{"value":{"x":1}}}}`, EnterpriseSchema + `:manager.value must be a text`},
		{`{"urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User":{"startDate":true}}`, `:startDate must be a text, not a boolean`},
		{`{"name":{"givenName":"A"},"name.givenName":"B"}`, `name.givenName is given more than once`},
		{`{"name":null,"name.givenName":"B"}`, `name.givenName is given more than once`},
		{`{"userName":"a","urn:ietf:params:scim:schemas:core:2.0:User:userName":"b"}`, `userName is given more than once`},
		{`{"e:":{"department":"D"},"e:department":"E"}`, EnterpriseSchema + `:department is given more than once`},
		{`{"e:":{"manager":{"value":"1","managerId":"2"}}}`, EnterpriseSchema + `:manager.value is given more than once`},
	} {
		doc, _, err := Users.Canonical(decode(t, enterprise(c.in)))
		var e *Error
		if !errors.As(err, &e) || e.Type != InvalidValue || !strings.Contains(e.Detail, c.want) {
			t.Errorf("%s: got error %v, want %q", c.in, err, c.want)
		}
		if doc != nil {
			t.Errorf("%s: a document came with the error", c.in)
		}
	}
}

func TestCanonicalGroup(t *testing.T) {
	for _, c := range []struct{ in, want, refused string }{
		{`{"displayName":"G","members":[{"value":"1","display":"A","type":"User","$ref":"x"},"2",{"Value":"3","$ref":null},4,null]}`,
			`{"displayName":"G","members":[{"value":"1","display":"A","type":"User"},{"value":"2"},{"value":"3"},{"value":"4"}]}`, ""},
		{`{"members":{"value":"1"}}`, `{"members":[{"value":"1"}]}`, ""},
		{`{"members":"1"}`, `{"members":[{"value":"1"}]}`, ""},
		{`{"members":[]}`, `{"members":null}`, ""},
		{`{"members":null}`, `{"members":null}`, ""},
		{`{"urn:ietf:params:scim:schemas:core:2.0:Group:displayName":"G","id":"7","userName":"x"}`, `{"displayName":"G"}`, ""},
		{`{"members":[{"value":"1"},{"display":"A"}]}`, "", "members[1] has no value"},
		{`{"members":[{"value":""}]}`, "", "members[0] has no value"},
		{`{"members":[{"value":null,"type":"User"}]}`, "", "members[0] has no value"},
		{`{"members":[{}]}`, "", "members[0] has no value"},
		{`{"members":[""]}`, "", "members[0] has no value"},
		{`{"members":[{"foo":"1"}]}`, "", "members[0] has no value"},
		{`{"members":[{"value":["1","2"]}]}`, "", "members[0].value takes one value"},
	} {
		got, _, err := Groups.Canonical(decode(t, c.in))
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: got error %v, want %q", c.in, err, c.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if diff := cmp.Diff(decode(t, c.want), got); diff != "" {
			t.Errorf("%s: %s", c.in, diff)
		}
	}
}

func TestCanonicalValue(t *testing.T) {
	emails, active := Users.Attribute("", "emails"), Users.Attribute("", "active")
	manager := Users.Attribute(EnterpriseSchema, "manager")
	for _, c := range []struct {
		a     *Attribute
		value any
		want  any
	}{
		{emails, "a", []any{Object{"value": "a"}}},
		{emails, Object{"Value": "a"}, []any{Object{"value": "a"}}},
		{emails, []any{}, nil},
		{emails, nil, nil},
		{emails, []any{Object{"foo": "a"}}, []any{}},
		{emails.SubAttribute("primary"), "True", true},
		{emails.SubAttribute("value"), "", nil},
		{active, "False", false},
		{active, []any{true}, true},
		{active, nil, nil},
		{manager, "7", Object{"value": "7"}},
		{manager, []any{Object{"managerId": "7", "displayName": "x"}}, Object{"value": "7"}},
		{manager, "", nil},
		{manager, Object{"displayName": "x"}, Object{}},
		{manager.SubAttribute("value"), 7.0, "7"},
	} {
		got, err := Users.CanonicalValue(c.a, c.value, "it")
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s from %v: %v %s", c.a.Name, c.value, err, diff)
		}
	}
	_, err := Users.CanonicalValue(emails, []any{"a", Object{"primary": "x"}}, `emails[type eq "work"]`)
	if e := new(Error); !errors.As(err, &e) || !strings.HasPrefix(e.Detail, `emails[type eq "work"][1].primary must be true or false`) {
		t.Errorf("got error %v", err)
	}
}
