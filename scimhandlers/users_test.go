package scimhandlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

func TestUserLife(t *testing.T) {
	w := newWorld(t)
	created := w.must(201, "POST", "/Users", userBody("ann@x.test"))
	id := created.body.String("id")
	location := "https://gw.test/scim/v2/Users/" + id
	if got := created.Header().Get("Location"); got != location {
		t.Errorf("Location %q, want %q", got, location)
	}
	want := scim.Object{
		"schemas": []any{scim.UserSchema, scim.EnterpriseSchema}, "id": id, "userName": "ann@x.test", "active": true,
		"name": scim.Object{"givenName": "Ann", "familyName": "Lee"}, "displayName": "Ann Lee",
		"emails":              []any{scim.Object{"value": "ann@x.test", "type": "work", "primary": true}},
		scim.EnterpriseSchema: scim.Object{"department": "Eng"},
	}
	got := created.body.Clone()
	meta := got.Object("meta")
	delete(got, "meta")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("created user (-want +got):\n%s", diff)
	}
	if meta.String("location") != location || meta.String("resourceType") != "User" || meta.String("version") != `W/"1"` ||
		meta.String("created") == "" || meta.String("created") != meta.String("lastModified") {
		t.Errorf("meta %v", meta)
	}
	if diff := cmp.Diff(created.body, w.must(200, "GET", "/Users/"+id, nil).body); diff != "" {
		t.Errorf("GET differs from what POST answered:\n%s", diff)
	}

	body := userBody("ann@x.test")
	body["title"] = "Lead"
	if got := w.must(200, "PUT", "/Users/"+id, body); got.body.String("title") != "Lead" || got.Header().Get("ETag") != `W/"2"` {
		t.Errorf("PUT: %s", got.Body)
	}
	patched := w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "Replace", "path": "active", "value": "False"}))
	if patched.body["active"] != false || patched.body.String("title") != "Lead" {
		t.Errorf("PATCH: %s", patched.Body)
	}
	if r := w.resource(store.User, id); r.Document["active"] != false || r.Generation != 3 {
		t.Errorf("stored: %+v", r)
	}

	w.must(204, "DELETE", "/Users/"+id, nil)
	w.must(404, "DELETE", "/Users/"+id, nil)
	w.must(404, "GET", "/Users/"+id, nil)
	w.must(404, "PUT", "/Users/"+id, body)
	w.must(404, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "path": "title", "value": "x"}))
	if r := w.resource(store.User, id); !r.Deleted || r.Generation != 4 {
		t.Errorf("tombstone: %+v", r)
	}
	wantAudit := []string{
		"source:idp resource.created 1 [active displayName emails name.familyName name.givenName " + scim.EnterpriseSchema + ":department userName] ",
		"source:idp resource.replaced 2 [title] ",
		"source:idp resource.patched 3 [active] ",
		"source:idp resource.deleted 4 [] ",
	}
	if diff := cmp.Diff(wantAudit, w.audits(store.User, id)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	if again := w.newUser("ann@x.test"); again == id {
		t.Error("a user who was deleted and comes again got the old id")
	}
}

func TestUnchangedWritesCostNothing(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnswerWait = 1 })
	user := w.newUser("ann@x.test")
	group := w.newGroup("Eng", user)
	if err := w.handler.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.loop.take()
	before := w.dump()
	for _, step := range []struct {
		method, path string
		body         any
	}{
		{"PUT", "/Users/" + user, userBody("ann@x.test")},
		{"PUT", "/Users/" + user, object{"userName": "ann@x.test"}},
		{"PATCH", "/Users/" + user, patchBody(object{"op": "replace", "path": "active", "value": "True"})},
		{"PATCH", "/Users/" + user, patchBody(object{"op": "add", "value": object{"displayName": "Ann Lee", "id": user}})},
		{"PUT", "/Groups/" + group, object{"displayName": "Eng", "members": refs(user)}},
		{"PATCH", "/Groups/" + group, patchBody(object{"op": "add", "path": "members", "value": refs(user)})},
		{"PATCH", "/Groups/" + group, patchBody(object{"op": "replace", "path": "members", "value": refs(user)})},
		{"PATCH", "/Groups/" + group, patchBody(object{"op": "remove", "path": `members[value eq "00000000-0000-7000-8000-000000000000"]`})},
		{"PATCH", "/Groups/" + group, patchBody(object{"op": "replace", "value": object{"id": group, "displayName": "Eng"}})},
	} {
		if a := w.send(step.method, step.path, step.body); a.Code >= 300 {
			t.Errorf("%s %s: %d %s", step.method, step.path, a.Code, a.Body)
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			t.Fatalf("%s %s %v changed the store:\n%s", step.method, step.path, step.body, diff)
		}
	}
	w.loop.mu.Lock()
	defer w.loop.mu.Unlock()
	if len(w.loop.enqueued)+len(w.loop.synced) > 0 {
		t.Errorf("the reconciler was asked: %v %v", w.loop.enqueued, w.loop.synced)
	}
}

func TestPutKeepsOrClears(t *testing.T) {
	for _, put := range []dialect.Put{dialect.PutKeep, dialect.PutClear} {
		w := newWorld(t)
		w.source.Profile.Put = put
		clears := put == dialect.PutClear
		id := w.newUser("ann@x.test")
		w.must(200, "PUT", "/Users/"+id, object{"userName": "ann@x.test", "title": "Lead"})
		doc := w.resource(store.User, id).Document
		if kept := doc.String("displayName") == "Ann Lee"; kept == clears {
			t.Errorf("clears %v: displayName %v", clears, doc["displayName"])
		}
		if clears && doc.Presence("displayName") != scim.Null {
			t.Errorf("what was cleared is %v, not null: Slack would never hear of it", doc["displayName"])
		}
	}
}

func TestPasswordIsDropped(t *testing.T) {
	w := newWorld(t)
	body := userBody("ann@x.test")
	body["password"] = "Tr0ub4dor&3"
	id := w.must(201, "POST", "/Users", body).body.String("id")
	w.must(200, "PUT", "/Users/"+id, body)
	w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "path": "password", "value": "Tr0ub4dor&3"}))
	w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "value": object{"password": "Tr0ub4dor&3"}}))
	w.must(400, "GET", "/Users"+filterQuery(`password eq "Tr0ub4dor&3"`), nil)
	if strings.Contains(w.dump(), "Tr0ub4dor") || strings.Contains(w.log.String(), "Tr0ub4dor") {
		t.Error("the password was kept or logged")
	}
	if g := w.generation(store.User, id); g != 1 {
		t.Errorf("a password made generation %d", g)
	}
}

// TestIdentifiersAreData holds that nothing a client sends is taken for an id of ours (CVE-2025-41115).
func TestIdentifiersAreData(t *testing.T) {
	w := newWorld(t)
	victim := w.newUser("victim@x.test")
	for i, externalID := range []string{victim, "1", "idp/User/" + victim, strings.ToUpper(victim)} {
		body := userBody(string(rune('a'+i)) + "@x.test")
		body["externalId"], body["id"] = externalID, victim
		id := w.must(201, "POST", "/Users", body).body.String("id")
		if id == victim || id == externalID {
			t.Errorf("externalId %q and id %q became the id %s", externalID, victim, id)
		}
	}
	if w.generation(store.User, victim) != 1 {
		t.Error("the victim was changed")
	}
}

// TestTargetIsWhatIsStored changes identifiers and deactivates in one request (failures.md row 10).
func TestTargetIsWhatIsStored(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	w.must(200, "PATCH", "/Users/"+ann, patchBody(
		object{"op": "Replace", "path": "userName", "value": "0123456789abcdef0123456789abcdefann@x.test"},
		object{"op": "Replace", "path": `emails[type eq "work"].value`, "value": "bob@x.test"},
		object{"op": "Replace", "path": "active", "value": "False"}))
	if w.resource(store.User, ann).Document["active"] != false || w.resource(store.User, bob).Document["active"] != true {
		t.Error("the wrong user was deactivated")
	}
	// The other id in the body is refused, wherever it stands.
	before := w.dump()
	body := userBody("ann@x.test")
	body["id"] = bob
	w.must(400, "PUT", "/Users/"+ann, body)
	delete(body, "id")
	body["ID"] = bob
	w.must(400, "PUT", "/Users/"+ann, body)
	w.must(400, "PATCH", "/Users/"+ann, patchBody(object{"op": "replace", "value": object{"id": bob, "active": false}}))
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("a refused request changed the store:\n%s", diff)
	}
}

func TestSourcesNeverMeet(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	group := w.newGroup("Eng", id)
	other := []string{"Test-Source", "other"}
	for _, c := range []struct{ method, path string }{
		{"GET", "/Users/" + id}, {"PUT", "/Users/" + id}, {"PATCH", "/Users/" + id}, {"DELETE", "/Users/" + id}, {"DELETE", "/Groups/" + group},
	} {
		body := any(userBody("ann@x.test"))
		if c.method == "PATCH" {
			body = patchBody(object{"op": "replace", "path": "active", "value": false})
		}
		w.must(404, c.method, c.path, body, other...)
	}
	if ids := found(w.must(200, "GET", "/Users", nil, other...)); len(ids) != 0 {
		t.Errorf("another source sees %v", ids)
	}
	theirs := w.must(201, "POST", "/Users", userBody("ann@x.test"), other...).body.String("id")
	theirGroup := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "members": refs(id, theirs)}, other...).body
	if got := theirGroup.List("members"); len(got) != 1 || got[0].(scim.Object).String("value") != theirs {
		t.Errorf("members %v, want only %s", got, theirs)
	}
}

func TestVersions(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	path := "/Users/" + id
	if a := w.must(304, "GET", path, nil, "If-None-Match", `W/"1"`); a.Body.Len() > 0 || a.Header().Get("ETag") != `W/"1"` {
		t.Errorf("304 with %q, ETag %q", a.Body, a.Header().Get("ETag"))
	}
	w.must(200, "GET", path, nil, "If-None-Match", `W/"2", "7"`)
	change := patchBody(object{"op": "replace", "path": "title", "value": "Lead"})
	w.must(412, "PATCH", path, change, "If-Match", `W/"9"`)
	w.must(412, "PUT", path, userBody("ann@x.test"), "If-Match", `W/"9"`)
	w.must(412, "DELETE", path, nil, "If-Match", `W/"9"`)
	w.must(412, "PUT", path, userBody("ann@x.test"), "If-None-Match", "*")
	w.must(412, "PATCH", path, change, "If-None-Match", `W/"7", W/"1"`)
	w.must(200, "PATCH", path, change, "If-Match", `W/"1"`)
	w.must(412, "PATCH", path, change, "If-Match", `W/"1"`)
	w.must(200, "PUT", path, userBody("ann@x.test"), "If-Match", `"2"`)
	w.must(204, "DELETE", path, nil, "If-Match", "*")
	w.must(404, "DELETE", path, nil, "If-Match", "*")
}

func TestProjectionOfAnswers(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	w.newGroup("Eng", id)
	full := w.must(200, "GET", "/Users/"+id, nil).body
	groups := full.List("groups")
	if len(groups) != 1 || groups[0].(scim.Object).String("display") != "Eng" || groups[0].(scim.Object).String("type") != "direct" ||
		!strings.HasPrefix(groups[0].(scim.Object).String("$ref"), "https://gw.test/scim/v2/Groups/") {
		t.Errorf("groups %v", groups)
	}
	narrow := w.must(200, "GET", "/Users/"+id+"?attributes=username", nil).body
	if diff := cmp.Diff(scim.Object{"schemas": full["schemas"], "id": id, "userName": "ann@x.test"}, narrow); diff != "" {
		t.Errorf("attributes=username:\n%s", diff)
	}
	without := w.must(200, "GET", "/Users/"+id+"?excludedAttributes=groups&excludedAttributes=name", nil).body
	if without["groups"] != nil || without["name"] != nil || without["emails"] == nil {
		t.Errorf("excludedAttributes: %v", without)
	}
	w.must(400, "GET", "/Users/"+id+"?attributes=id&excludedAttributes=name", nil)
	if got := w.must(200, "PATCH", "/Users/"+id+"?attributes=title", patchBody(object{"op": "add", "path": "title", "value": "Lead"})).body; got["userName"] != nil || got["title"] != "Lead" {
		t.Errorf("PATCH with attributes: %v", got)
	}
	if got := w.must(201, "POST", "/Users?attributes=userName", userBody("bob@x.test")).body; got["name"] != nil || got["userName"] == nil {
		t.Errorf("POST with attributes: %v", got)
	}
}

func TestHeadSaysWhatGetWould(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	for _, path := range []string{"/Users/" + id, "/Users", "/Schemas", "/Users/0", "/ServiceProviderConfig"} {
		get, head := w.send("GET", path, nil), w.send("HEAD", path, nil)
		if head.Code != get.Code || head.Body.Len() > 0 || head.Header().Get("Content-Length") != get.Header().Get("Content-Length") {
			t.Errorf("HEAD %s: %d, %q, length %s; GET: %d, length %s", path, head.Code, head.Body, head.Header().Get("Content-Length"),
				get.Code, get.Header().Get("Content-Length"))
		}
	}
}

func TestConflicts(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	before := w.dump()
	for _, a := range []answer{
		w.must(409, "POST", "/Users", userBody("ANN@x.test")),
		w.must(409, "PUT", "/Users/"+bob, userBody("Ann@x.test")),
		w.must(409, "PATCH", "/Users/"+bob, patchBody(object{"op": "replace", "path": "userName", "value": "ann@X.test"})),
	} {
		if a.body.String("scimType") != "uniqueness" || !strings.Contains(a.body.String("detail"), ann) || !strings.Contains(strings.ToLower(a.body.String("detail")), `username "ann@x.test"`) {
			t.Errorf("conflict: %s", a.Body)
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("a conflict changed the store:\n%s", diff)
	}
	w.must(200, "PUT", "/Users/"+ann, userBody("ANN@x.test")) // one's own name in another letter case
	if got := w.resource(store.User, ann).Document.String("userName"); got != "ANN@x.test" {
		t.Errorf("userName %q", got)
	}
}

// An active that is cleared is one that is not spoken of: nobody comes back, or goes, by silence.
func TestClearedActiveSaysNothing(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	for _, body := range []object{{"userName": "new"}, {"userName": "newer", "active": nil}} {
		if got := w.must(201, "POST", "/Users", body); got.body["active"] != true {
			t.Errorf("who is new is active: %s", got.Body)
		}
	}
	for _, active := range []bool{true, false} {
		w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "path": "active", "value": active}))
		if a := w.must(400, "PATCH", "/Users/"+id, patchBody(object{"op": "remove", "path": "active"})); a.body.String("scimType") != "mutability" {
			t.Errorf("removing it: %s", a.Body)
		}
		for _, clear := range []object{{"op": "replace", "path": "active", "value": nil}, {"op": "replace", "value": object{"active": nil}}} {
			if got := w.must(200, "PATCH", "/Users/"+id, patchBody(clear)); got.body["active"] != active {
				t.Errorf("%v made active %v of %v", clear, got.body["active"], active)
			}
		}
		body := userBody("ann@x.test")
		body["active"] = nil
		if got := w.must(200, "PUT", "/Users/"+id, body); got.body["active"] != active {
			t.Errorf("PUT made active %v of %v", got.body["active"], active)
		}
	}
}
