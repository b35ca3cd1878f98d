package scim

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// form is one form that an operation has: in RFC 7644 section 3.5.2, sentence by sentence, or at a client (push-clients.md sections 3.2,
// 3.16 and 3.17). It is applied to annText. e: is the enterprise URN, c: that of users.
type form struct {
	name string
	op   string    // one operation, or several with commas
	want string    // JSON of what is other than in annText
	err  ErrorType // if it is refused
}

const (
	workEmail = `{"value":"ann@x.test","type":"work","primary":true}`
	homeEmail = `{"value":"ann@home.test","type":"home"}`
)

var forms = map[string][]form{
	// Where a client's habit says otherwise it wins, because it harms nobody: a push that is refused for a form leaves a leaver active.
	"3.5.2 the request": {
		{"op in capitals (Entra)", `{"op":"REPLACE","path":"title","value":"B"}`, `{"title":"B"}`, ""},
		{"op with blanks", `{"op":" add ","path":"title","value":"B"}`, `{"title":"B"}`, ""},
		{"op that is none", `{"op":"move","path":"title","value":"B"}`, "", InvalidSyntax},
		{"op of JSON Patch that is none here", `{"op":"test","path":"title","value":"B"}`, "", InvalidSyntax},
		{"no op", `{"path":"title","value":"B"}`, "", InvalidSyntax},
		{"op of SCIM 1.1", `{"operation":"delete","path":"title"}`, "", InvalidSyntax},
		{"keys in capitals", `{"OP":"add","PATH":"title","VALUE":"B"}`, `{"title":"B"}`, ""},
		{"other keys", `{"op":"add","path":"title","value":"B","id":"7","name":"x","$ref":null}`, `{"title":"B"}`, ""},
		{"path null (authentik)", `{"op":"replace","path":null,"value":{"title":"B"}}`, `{"title":"B"}`, ""},
		{"path empty", `{"op":"replace","path":"","value":{"title":"B"}}`, `{"title":"B"}`, ""},
		{"path that is no text", `{"op":"replace","path":7,"value":"B"}`, "", InvalidPath},
		{"path malformed", `{"op":"replace","path":"emails[type eq","value":"B"}`, "", InvalidPath},
		{"path of JSON Patch", `{"op":"replace","path":"/title","value":"B"}`, "", InvalidPath},
		{"operations in their order", `{"op":"add","path":"title","value":"B"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"C"}`, `{"title":"C"}`, ""},
		{"all or nothing", `{"op":"add","path":"title","value":"B"},{"op":"remove"}`, "", NoTarget},
		// The RFC has invalidPath or noTarget for it. Directories push attributes of other products with the rest (3.17 point 3).
		{"path of an unknown attribute", `{"op":"add","path":"favouriteColour","value":"B"}`, `{}`, ""},
		{"path of an unknown schema", `{"op":"add","path":"urn:acme:2.0:User:badge","value":"B"}`, `{}`, ""},
		{"path of an unknown sub-attribute", `{"op":"add","path":"name.nick","value":"B"}`, `{}`, ""},
		{"path in another letter case", `{"op":"add","path":"TITLE","value":"B"}`, `{"title":"B"}`, ""},
		{"path with the core's URN (zulip#39773)", `{"op":"add","path":"c:title","value":"B"}`, `{"title":"B"}`, ""},
		{"path with a URN in another letter case", `{"op":"add","path":"E:Department","value":"B"}`, `{"e:":{"department":"B"}}`, ""},
		{"path with a dot after the URN (old Entra)", `{"op":"add","path":"e.department","value":"B"}`, `{"e:":{"department":"B"}}`, ""},
		{"path of the enterprise extension without its URN", `{"op":"add","path":"department","value":"B"}`, `{"e:":{"department":"B"}}`, ""},
		{"primary true ends the other (figure before 3.5.2.1)", `{"op":"add","path":"emails","value":[{"value":"n@x","primary":true}]}`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":false},` + homeEmail + `,{"value":"n@x","primary":true}]}`, ""},
		{"primary of a chosen one ends the other", `{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}`,
			`{"emails":[{"value":"ann@x.test","type":"work","primary":false},{"value":"ann@home.test","type":"home","primary":true}]}`, ""},
		{"two primaries in one list stay as sent (PingFederate)", `{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`,
			`{"emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, ""},
	},
	"3.5.2 mutability": {
		{"read-only by its path", `{"op":"replace","path":"id","value":"7"}`, "", Mutability},
		{"read-only by its path, the value that it has", `{"op":"add","path":"groups","value":[]}`, "", Mutability},
		{"read-only part by its path", `{"op":"replace","path":"meta.version","value":"7"}`, "", Mutability},
		{"read-only part of an extension by its path", `{"op":"replace","path":"e:manager.displayName","value":"7"}`, "", Mutability},
		{"read-only removed", `{"op":"remove","path":"meta"}`, "", Mutability},
		{"schemas by their path", `{"op":"add","path":"schemas","value":["e:"]}`, "", Mutability},
		// Okta, authentik and Entra send them along with what changes.
		{"read-only within a value", `{"op":"replace","value":{"id":"7","meta":{"version":"1"},"groups":[],"schemas":["c:"],"title":"B"}}`, `{"title":"B"}`, ""},
		{"read-only part within a value", `{"op":"replace","path":"manager","value":{"value":"m2","displayName":"Max"}}`, `{"e:":{"manager":{"value":"m2"}}}`, ""},
		{"read-only part as a key", `{"op":"replace","value":{"e:manager.displayName":"Max","title":"B"}}`, `{"title":"B"}`, ""},
		{"write-only is taken and never kept", `{"op":"replace","path":"password","value":"x"},{"op":"replace","value":{"password":"y"}}`, `{}`, ""},
		{"$ref of a manager, which follows from the value", `{"op":"add","path":"manager.$ref","value":"x"}`, `{}`, ""},
	},
	"3.5.2.1 add": {
		{"without a path", `{"op":"add","value":{"title":"B","nickName":"Nan"}}`, `{"title":"B","nickName":"Nan"}`, ""},
		{"without a path and value", `{"op":"add"}`, "", InvalidValue},
		{"without a path, value a text", `{"op":"add","value":"title"}`, "", InvalidValue},
		{"without a value", `{"op":"add","path":"title"}`, "", InvalidValue},
		{"what is not there", `{"op":"add","path":"nickName","value":"Nan"}`, `{"nickName":"Nan"}`, ""},
		{"complex: its parts", `{"op":"add","path":"name","value":{"middleName":"M"}}`, `{"name":{"middleName":"M"}}`, ""},
		{"multi-valued: one more", `{"op":"add","path":"emails","value":[{"value":"n@x","type":"other"}]}`, `{"emails":[` + workEmail + `,` + homeEmail + `,{"value":"n@x","type":"other"}]}`, ""},
		{"multi-valued: one object", `{"op":"add","path":"emails","value":{"value":"n@x"}}`, `{"emails":[` + workEmail + `,` + homeEmail + `,{"value":"n@x"}]}`, ""},
		{"multi-valued: a text", `{"op":"add","path":"emails","value":"n@x"}`, `{"emails":[` + workEmail + `,` + homeEmail + `,{"value":"n@x"}]}`, ""},
		{"multi-valued: there already", `{"op":"add","path":"emails","value":[{"value":"ann@x.test","type":"work"}]}`, `{}`, ""},
		{"single-valued: replaces", `{"op":"add","path":"title","value":"B"}`, `{"title":"B"}`, ""},
		{"the same value", `{"op":"add","path":"title","value":"Engineer"}`, `{}`, ""},
		{"a chosen element's part", `{"op":"add","path":"emails[type eq \"home\"].display","value":"H"}`, `{"emails":[` + workEmail + `,{"value":"ann@home.test","type":"home","display":"H"}]}`, ""},
		// The RFC has no word for it. Entra adds each part of what is not there by such a path (ssoready#249).
		{"a chosen element that is not there", `{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}`, `{"phoneNumbers":[{"type":"mobile","value":"1"}]}`, ""},
		{"parts of one that is not there, in two operations", `{"op":"Add","path":"addresses[type eq \"work\"].country","value":"BE"},{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Ghent"}`,
			`{"addresses":[{"type":"work","country":"BE","locality":"Ghent"}]}`, ""},
		{"a string boolean in the filter (lightdash#25676)", `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}`, `{"roles":[{"primary":true,"value":"admin"}]}`, ""},
	},
	"3.5.2.2 remove": {
		{"without a path", `{"op":"remove"}`, "", NoTarget},
		{"without a path, with a value", `{"op":"remove","value":{"title":"Engineer"}}`, "", NoTarget},
		{"single-valued", `{"op":"remove","path":"title"}`, `{"title":null}`, ""},
		{"single-valued, with a value null (Keycloak)", `{"op":"remove","path":"title","value":null}`, `{"title":null}`, ""},
		{"complex", `{"op":"remove","path":"name"}`, `{"name":null}`, ""},
		{"part", `{"op":"remove","path":"name.familyName"}`, `{"name":{"familyName":null}}`, ""},
		{"multi-valued", `{"op":"remove","path":"emails"}`, `{"emails":null}`, ""},
		{"chosen values", `{"op":"remove","path":"emails[type eq \"work\"]"}`, `{"emails":[` + homeEmail + `]}`, ""},
		{"chosen values, all of them", `{"op":"remove","path":"emails[value pr]"}`, `{"emails":null}`, ""},
		{"part of chosen values", `{"op":"remove","path":"emails[type eq \"work\"].primary"}`, `{"emails":[{"value":"ann@x.test","type":"work"},` + homeEmail + `]}`, ""},
		{"chosen values that are not there", `{"op":"remove","path":"emails[type eq \"other\"]"}`, `{}`, ""},
		{"listed values (Entra)", `{"op":"Remove","path":"emails","value":[{"value":"ann@x.test"}]}`, `{"emails":[` + homeEmail + `]}`, ""},
		{"listed texts", `{"op":"Remove","path":"emails","value":["ann@x.test","zoe@x"]}`, `{"emails":[` + homeEmail + `]}`, ""},
		{"an empty list", `{"op":"Remove","path":"emails","value":[]}`, `{}`, ""},
		{"extension", `{"op":"remove","path":"e:"}`, `{"e:":{"department":null,"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`, ""},
		{"the core", `{"op":"remove","path":"c:"}`, "", NoTarget},
		{"required", `{"op":"remove","path":"userName"}`, "", Mutability},
		{"active, which says who is a leaver", `{"op":"remove","path":"active"}`, "", Mutability},
		{"what was never there", `{"op":"remove","path":"locale"}`, `{"locale":null}`, ""},
		{"manager with a value (Entra)", `{"op":"Remove","path":"manager","value":"m1"}`, `{"e:":{"manager":null}}`, ""},
	},
	"3.5.2.3 replace": {
		{"without a path (Okta)", `{"op":"replace","value":{"active":false}}`, `{"active":false}`, ""},
		{"without a path, dotted and URN keys (Entra)", `{"op":"replace","value":{"name.givenName":"B","e:employeeNumber":"7","displayName":"B"}}`,
			`{"name":{"givenName":"B"},"e:":{"employeeNumber":"7"},"displayName":"B"}`, ""},
		{"without a path, a whole extension", `{"op":"replace","value":{"e:":{"department":"Ops","manager":"m2"}}}`, `{"e:":{"department":"Ops","manager":{"value":"m2"}}}`, ""},
		{"without a path, the core wrapped", `{"op":"replace","value":{"c:":{"title":"B"}}}`, `{"title":"B"}`, ""},
		{"without a path, filtered keys", `{"op":"replace","value":{"emails[type eq \"work\"].value":"b@x"}}`, `{"emails":[{"value":"b@x","type":"work","primary":true},` + homeEmail + `]}`, ""},
		{"without a path, unknown attributes", `{"op":"replace","value":{"favouriteColour":"red","title":"B","urn:acme:x":{"a":1}}}`, `{"title":"B"}`, ""},
		{"by the URN of an extension", `{"op":"replace","path":"e:","value":{"department":"Ops"}}`, `{"e:":{"department":"Ops"}}`, ""},
		{"by the URN of an extension, a text", `{"op":"replace","path":"e:","value":"Ops"}`, "", InvalidValue},
		{"single-valued", `{"op":"replace","path":"title","value":"B"}`, `{"title":"B"}`, ""},
		{"single-valued that is not there", `{"op":"replace","path":"nickName","value":"B"}`, `{"nickName":"B"}`, ""},
		{"complex: the parts that are said", `{"op":"replace","path":"name","value":{"givenName":"B"}}`, `{"name":{"givenName":"B"}}`, ""},
		{"complex by a text", `{"op":"replace","path":"name","value":"Ann A"}`, "", InvalidValue},
		{"part", `{"op":"replace","path":"name.givenName","value":"B"}`, `{"name":{"givenName":"B"}}`, ""},
		{"multi-valued: all", `{"op":"replace","path":"emails","value":[{"value":"n@x"}]}`, `{"emails":[{"value":"n@x"}]}`, ""},
		{"chosen: part", `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@x"}`, `{"emails":[{"value":"b@x","type":"work","primary":true},` + homeEmail + `]}`, ""},
		// The RFC replaces the whole of it. Clients leave out what the filter said already.
		{"chosen: whole", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"b@x"}}`, `{"emails":[{"value":"b@x","type":"work","primary":true},` + homeEmail + `]}`, ""},
		// The RFC has noTarget. Entra means it to be created, where the filter says what it should be.
		{"chosen: nothing, but the filter describes it", `{"op":"Replace","path":"emails[type eq \"other\"].value","value":"o@x"}`, `{"emails":[` + workEmail + `,` + homeEmail + `,{"type":"other","value":"o@x"}]}`, ""},
		{"chosen: nothing, and the filter does not describe it", `{"op":"replace","path":"emails[type ne \"work\" and type ne \"home\"].value","value":"o@x"}`, "", NoTarget},
		{"chosen: nothing, named by its value", `{"op":"replace","path":"emails[value eq \"zoe@x\"].type","value":"home"}`, "", NoTarget},
		{"chosen: nothing of either", `{"op":"replace","path":"emails[type eq \"a\" or type eq \"b\"].value","value":"o@x"}`, "", NoTarget},
		{"chosen: unknown part in the filter", `{"op":"replace","path":"emails[colour eq \"red\"].value","value":"o@x"}`, "", InvalidFilter},
		{"brackets after one value", `{"op":"replace","path":"name[givenName eq \"Ann\"].familyName","value":"B"}`, "", InvalidPath},
		{"part of many without a filter: the primary one", `{"op":"replace","path":"emails.value","value":"b@x"}`, `{"emails":[{"value":"b@x","type":"work","primary":true},` + homeEmail + `]}`, ""},
	},
	"values": {
		{"False", `{"op":"Replace","path":"active","value":"False"}`, `{"active":false}`, ""},
		{"false in a list of objects (old Entra)", `{"op":"Replace","path":"active","value":[{"$ref":null,"value":"False"}]}`, `{"active":false}`, ""},
		{"true as text (Keycloak)", `{"op":"replace","path":"active","value":"true"}`, `{}`, ""},
		{"what is not surely no", `{"op":"replace","path":"active","value":"no"}`, "", InvalidValue},
		{"a number for a boolean", `{"op":"replace","path":"active","value":0}`, "", InvalidValue},
		{"empty for a boolean", `{"op":"replace","path":"active","value":""}`, "", InvalidValue},
		{"null clears", `{"op":"replace","path":"title","value":null}`, `{"title":null}`, ""},
		{"empty text clears (polis)", `{"op":"replace","path":"title","value":""}`, `{"title":null}`, ""},
		{"empty list clears", `{"op":"replace","value":{"emails":[]}}`, `{"emails":null}`, ""},
		{"list of null clears", `{"op":"replace","path":"emails","value":[null]}`, `{"emails":null}`, ""},
		{"empty text clears a chosen value", `{"op":"replace","path":"emails[type eq \"home\"].value","value":""}`, `{"emails":[` + workEmail + `]}`, ""},
		{"null in a whole extension", `{"op":"replace","value":{"e:":{"department":null}}}`, `{"e:":{"department":null}}`, ""},
		{"null for a whole extension", `{"op":"replace","value":{"e:":null}}`, `{"e:":{"department":null,"employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`, ""},
		{"null for what is required", `{"op":"replace","path":"userName","value":null}`, "", InvalidValue},
		{"empty text for what is required", `{"op":"replace","value":{"userName":""}}`, "", InvalidValue},
		{"a number for a text", `{"op":"replace","path":"employeeNumber","value":701984}`, `{"e:":{"employeeNumber":"701984"}}`, ""},
		{"a number that no float holds", `{"op":"replace","path":"employeeNumber","value":12345678901234567890}`, `{"e:":{"employeeNumber":"12345678901234567890"}}`, ""},
		{"a list of one for one", `{"op":"replace","path":"title","value":["B"]}`, `{"title":"B"}`, ""},
		{"a list for one", `{"op":"replace","path":"title","value":["B","C"]}`, "", InvalidValue},
		{"an object for a text", `{"op":"replace","path":"title","value":{"a":"B"}}`, "", InvalidValue},
		{"NUL", `{"op":"replace","path":"title","value":"a\u0000b"}`, "", InvalidValue},
		{"manager as text", `{"op":"Add","path":"e:manager","value":"m2"}`, `{"e:":{"manager":{"value":"m2"}}}`, ""},
		{"manager as number", `{"op":"Add","path":"e:manager","value":17}`, `{"e:":{"manager":{"value":"17"}}}`, ""},
		{"manager as object", `{"op":"Add","path":"manager","value":{"value":"m2","$ref":"../Users/m2"}}`, `{"e:":{"manager":{"value":"m2"}}}`, ""},
		{"manager as list", `{"op":"Add","path":"manager","value":[{"value":"m2"}]}`, `{"e:":{"manager":{"value":"m2"}}}`, ""},
		{"manager's value by its path", `{"op":"Add","path":"e:manager.value","value":"m2"}`, `{"e:":{"manager":{"value":"m2"}}}`, ""},
		{"manager cleared by an empty text (Entra)", `{"op":"Replace","path":"manager","value":""}`, `{"e:":{"manager":null}}`, ""},
		{"manager cleared by an empty value (Entra)", `{"op":"Replace","path":"manager","value":{"value":""}}`, `{"e:":{"manager":null}}`, ""},
		{"JSON text in a role (Entra)", `{"op":"Add","path":"roles","value":[{"primary":"True","value":"{\"id\":\"r1\"}"}]}`, `{"roles":[{"primary":true,"value":"{\"id\":\"r1\"}"}]}`, ""},
	},
}

// short writes e: and c: out where a path, a key or a list begins with them.
func short(text string) string {
	return strings.NewReplacer(`"e:"`, `"`+EnterpriseSchema+`"`, `"c:"`, `"`+UserSchema+`"`, `"e:`, `"`+EnterpriseSchema+`:`, `"c:`, `"`+UserSchema+`:`,
		`"E:`, `"`+strings.ToUpper(EnterpriseSchema)+`:`, `"e.`, `"`+EnterpriseSchema+`.`).Replace(text)
}

// TestPatchForms applies each form; it changes what it says, nothing else, and nothing at all if it is refused.
func TestPatchForms(t *testing.T) {
	for section, list := range forms {
		for _, f := range list {
			t.Run(section+"/"+f.name, func(t *testing.T) {
				doc := object(t, annText)
				got, err := patchText(doc, `{"Operations":[`+short(f.op)+`]}`)
				if !Equal(doc, object(t, annText)) {
					t.Errorf("the document was changed: %v", doc)
				}
				if f.err != "" {
					if got != nil {
						t.Errorf("%v comes with the error", got)
					}
					fault(t, err, f.err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(Users.Merge(doc, object(t, short(f.want))), got); d != "" {
					t.Errorf("(-want +got) %s", d)
				}
				checkCanonical(t, got)
				// Whoever does not get the answer sends it again.
				again, err := patchText(got, `{"Operations":[`+short(f.op)+`]}`)
				if err != nil || !Equal(got, again) {
					t.Errorf("a second time: %v %s", err, cmp.Diff(got, again))
				}
			})
		}
	}
}

func patchText(doc Object, text string) (Object, error) {
	body, err := Decode([]byte(text), Limits{})
	if err != nil {
		return nil, err
	}
	ops, err := ParsePatch(body)
	if err != nil {
		return nil, err
	}
	out, _, err := Users.Patch(doc, ops)
	return out, err
}

// TestPatchFormsNameTheOperation holds that whoever reads the message finds what is wrong.
func TestPatchFormsNameTheOperation(t *testing.T) {
	for section, list := range forms {
		for _, f := range list {
			_, err := patchText(object(t, annText), `{"Operations":[{"op":"add","path":"title","value":"x"},`+short(f.op)+`]}`)
			var e *Error
			if f.err == "" || f.name == "all or nothing" {
				continue
			}
			if !errors.As(err, &e) || !strings.HasPrefix(e.Detail, "operation 2") {
				t.Errorf("%s/%s: %v", section, f.name, err)
			}
		}
	}
}
