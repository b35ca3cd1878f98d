package scimhandlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/dialect"
)

// What the schemas do not have is ignored and named in the debug log, or refused, as the source wishes.
func TestUnknownAttributes(t *testing.T) {
	for _, unknown := range []dialect.Unknown{dialect.UnknownIgnore, dialect.UnknownReject} {
		w := newWorld(t)
		w.source.Profile.Unknown = unknown
		ann := w.newUser("ann@x.test")
		body := userBody("bob@x.test")
		body["shoeSize"] = 42
		for _, c := range []struct {
			method, path string
			body         any
			status       int
			scimType     string
		}{
			{"POST", "/Users", body, 201, "invalidSyntax"},
			{"PUT", "/Users/" + ann, object{"userName": "ann@x.test", "title": "Lead", "shoeSize": 42}, 200, "invalidSyntax"},
			{"PATCH", "/Users/" + ann, patchBody(object{"op": "add", "path": "shoeSize", "value": 42}, object{"op": "add", "path": "title", "value": "Boss"}), 200, "invalidPath"},
			{"PATCH", "/Users/" + ann, patchBody(object{"op": "add", "value": object{"title": "Boss", "shoeSize": 42}}), 200, "invalidPath"},
			{"POST", "/Groups", object{"displayName": "Eng", "urn:example:x": object{"shoeSize": 1}}, 201, "invalidSyntax"},
		} {
			w.log.Reset()
			before := w.dump()
			if unknown == dialect.UnknownIgnore {
				w.must(c.status, c.method, c.path, c.body)
				if log := w.log.String(); !strings.Contains(log, "attributes ignored") || !strings.Contains(log, "shoeSize") && !strings.Contains(log, "urn:example:x") {
					t.Errorf("%s %s: the log does not name what was ignored: %s", c.method, c.path, log)
				}
				continue
			}
			a := w.must(400, c.method, c.path, c.body)
			if a.body.String("scimType") != c.scimType || !strings.Contains(a.body.String("detail"), "/Schemas") {
				t.Errorf("%s %s: %s", c.method, c.path, a.Body)
			}
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				t.Errorf("%s %s changed the store:\n%s", c.method, c.path, diff)
			}
		}
	}
}
