package scimhandlers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

// v1 sends a request of SCIM 1.1.
func (w *world) v1(status int, method, path string, body any, headers ...string) answer {
	w.Helper()
	r := newRequest(w, method, path, body, append([]string{"Content-Type", "application/json"}, headers...)...)
	r.URL.Path = strings.Replace(r.URL.Path, Root, RootV1, 1)
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	w.handler.ServeHTTP(a.ResponseRecorder, r)
	if a.Body.Len() > 0 {
		var err error
		if a.body, err = scim.Decode(a.Body.Bytes(), scim.Limits{}); err != nil {
			w.Fatal(err)
		}
	}
	if a.Code != status {
		w.Fatalf("%s %s: %d %s, want %d", method, path, a.Code, a.Body, status)
	}
	if got := a.Header().Get("Content-Type"); a.Body.Len() > 0 && got != "application/json" {
		w.Errorf("%s %s: content type %s", method, path, got)
	}
	if errors := a.body.List("Errors"); (a.Code >= 400) != (len(errors) == 1) {
		w.Errorf("%s %s: %d with the errors %v", method, path, a.Code, errors)
	} else if len(errors) == 1 && (errors[0].(scim.Object).String("code") != fmt.Sprint(status) || errors[0].(scim.Object).String("description") == "") {
		w.Errorf("%s %s: error %v", method, path, errors)
	}
	if text := a.Body.String(); strings.Contains(text, "urn:ietf:params:scim:schemas:core") || strings.Contains(text, "enterprise:2.0") || strings.Contains(text, "/scim/v2") {
		w.Errorf("%s %s: the answer is not SCIM 1.1: %s", method, path, text)
	}
	return a
}

const annV1 = `{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"],"userName":"ann@x.test","externalId":"e-1","active":true,
	"name":{"givenName":"Ann","familyName":"Lee"},"title":"Lead","emails":[{"value":"ann@x.test","type":"work","primary":true}],
	"urn:scim:schemas:extension:enterprise:1.0":{"department":"Eng","manager":{"managerId":"m-1","displayName":"Max"}}}`

// A life in SCIM 1.1, as PingFederate's bundled provisioner leads it (push-clients.md section 2.1).
func TestV1(t *testing.T) {
	w := newWorld(t)
	created := w.v1(201, "POST", "/Users", annV1)
	id := created.body.String("id")
	if got := created.Header().Get("Location"); got != "https://gw.test/scim/v1/Users/"+id || created.body.Object("meta").String("location") != got {
		t.Errorf("Location %s", got)
	}
	want := scim.Object{"department": "Eng", "manager": scim.Object{"managerId": "m-1"}}
	if diff := cmp.Diff(want, created.body.Object(enterpriseV1)); diff != "" {
		t.Errorf("enterprise:\n%s", diff)
	}
	if diff := cmp.Diff([]any{coreV1, enterpriseV1}, created.body.List("schemas")); diff != "" {
		t.Errorf("schemas:\n%s", diff)
	}
	// It is the same user in 2.0.
	if got := w.must(200, "GET", "/Users/"+id, nil).body; got.String("userName") != "ann@x.test" || got.Object(scim.EnterpriseSchema).Object("manager").String("value") != "m-1" {
		t.Errorf("in SCIM 2.0: %v", got)
	}
	// A record that failed comes back each minute.
	again := w.v1(201, "POST", "/Users", strings.Replace(annV1, "Lead", "Boss", 1))
	if again.body.String("id") != id || again.body.String("title") != "Boss" {
		t.Errorf("again: %s", again.Body)
	}
	w.v1(409, "POST", "/Users", strings.Replace(annV1, "e-1", "e-2", 1)) // somebody else with her name

	list := w.v1(200, "GET", "/Users"+filterQuery(`userName eq "ann@x.test"`), nil)
	if list.body["totalResults"] != 1.0 || list.body["itemsPerPage"] != 1.0 || list.body["startIndex"] != 1.0 || !slices.Equal(list.body.List("schemas"), []any{coreV1}) || found(list)[0] != id {
		t.Errorf("list: %s", list.Body)
	}
	patched := w.v1(200, "PATCH", "/Users/"+id, `{"schemas":["urn:scim:schemas:core:1.0"],"active":false,"name":{"givenName":"Anna"},
		"emails":[{"value":"ann@x.test","operation":"delete"},{"value":"anna@x.test","type":"work"}],"meta":{"attributes":["title","urn:scim:schemas:extension:enterprise:1.0:department"]}}`)
	doc := w.resource(store.User, id).Document
	if patched.body["active"] != false || doc["title"] != nil || doc.Object(scim.EnterpriseSchema)["department"] != nil || doc.Object("name").String("familyName") != "Lee" ||
		doc.Object("name").String("givenName") != "Anna" || len(doc.List("emails")) != 1 || doc.List("emails")[0].(scim.Object).String("value") != "anna@x.test" {
		t.Errorf("patched: %v", doc)
	}
	put := w.v1(200, "POST", "/Users/"+id, `{"userName":"ann@x.test","active":true,"title":"CEO"}`, "X-HTTP-Method-Override", "PUT")
	if put.body["active"] != true || put.body.String("title") != "CEO" {
		t.Errorf("PUT: %s", put.Body)
	}
	w.v1(400, "POST", "/Users/"+id, `{}`, "X-HTTP-Method-Override", "TRACE")
	w.v1(405, "POST", "/Users/"+id, `{}`)
	w.must(405, "POST", "/Users/"+id, object{}, "X-HTTP-Method-Override", "PUT") // SCIM 2.0 does not know it

	group := w.v1(201, "POST", "/Groups", `{"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Eng","members":[{"value":"`+id+`"}]}`)
	gid := group.body.String("id")
	if diff := cmp.Diff([]any{scim.Object{"value": id, "type": "User"}}, group.body.List("members")); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	bob := w.newUser("bob@x.test")
	full := w.v1(200, "PATCH", "/Groups/"+gid, `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"`+bob+`"},{"value":"`+id+`","operation":"delete"}]}`)
	if diff := cmp.Diff([]string{bob}, w.members(gid)); diff != "" || len(full.body.List("members")) != 1 {
		t.Errorf("members:\n%s\n%s", diff, full.Body)
	}
	w.v1(200, "PATCH", "/Groups/"+gid, `{"displayName":"Engineers"}`)
	if len(w.members(gid)) != 1 || w.resource(store.Group, gid).Document.String("displayName") != "Engineers" {
		t.Error("a rename changed the members, or nothing")
	}
	w.v1(200, "PATCH", "/Groups/"+gid, `{"meta":{"attributes":["members"]}}`)
	if len(w.members(gid)) != 0 {
		t.Error("the members were not cleared")
	}
	w.v1(200, "PATCH", "/Groups/"+gid, `{}`)
	version := w.v1(200, "GET", "/Groups/"+gid, nil).Header().Get("ETag")
	w.v1(412, "PATCH", "/Groups/"+gid, `{"displayName":"X"}`, "If-Match", `W/"99"`)
	w.v1(200, "PATCH", "/Groups/"+gid, `{"displayName":"X"}`, "If-Match", version)

	w.v1(200, "DELETE", "/Users/"+id, nil)
	w.v1(200, "DELETE", "/Users/"+id, nil)
	w.v1(200, "POST", "/Groups/"+gid, nil, "X-HTTP-Method-Override", "delete")
	w.v1(404, "GET", "/Users/"+id, nil)
	w.v1(404, "DELETE", "/Users/0", nil)
}

func TestV1Errors(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	before := w.dump()
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "/Users", `{"userName":""}`}, {400, "POST", "/Users", `{`}, {400, "PATCH", "/Users/" + id, `{"meta":{"attributes":"title"}}`},
		{400, "PATCH", "/Users/" + id, `{"meta":{"attributes":["userName"]}}`}, {400, "PATCH", "/Users/" + id, `{"id":"` + nobody + `","title":"x"}`},
		{404, "GET", "/Users/0", ``}, {404, "GET", "", ``}, {501, "POST", "/Bulk", `{}`}, {404, "GET", "/ResourceTypes", ``}, {405, "POST", "/Users/.search", `{}`},
		{501, "GET", "/Me", ``}, {400, "GET", "/Users?filter=x", ``},
	} {
		w.v1(c.status, c.method, c.path, c.body)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the store changed:\n%s", diff)
	}
}

func TestV1Discovery(t *testing.T) {
	w := newWorld(t)
	config := w.v1(200, "GET", "/ServiceProviderConfigs", nil)
	if config.body.Object("patch")["supported"] != true || config.body.Object("bulk")["supported"] != false || config.body.Object("xmlDataFormat")["supported"] != false {
		t.Errorf("config: %s", config.Body)
	}
	schemas := w.v1(200, "GET", "/Schemas", nil).body.List("Resources")
	if len(schemas) != 2 {
		t.Fatalf("%d schemas", len(schemas))
	}
	user := w.v1(200, "GET", "/Schemas/urn:scim:schemas:core:1.0:User", nil)
	if diff := cmp.Diff(user.body, w.v1(200, "GET", "/Schemas/User", nil).body); diff != "" {
		t.Error(diff)
	}
	named := map[string]any{}
	for _, a := range user.body.List("attributes") {
		o := a.(scim.Object)
		named[o.String("name")] = o["schema"]
		if o.String("name") == "manager" && o.List("subAttributes")[0].(scim.Object).String("name") != "managerId" {
			t.Errorf("manager: %v", o)
		}
	}
	if named["userName"] != coreV1 || named["department"] != enterpriseV1 || named["startDate"] != scim.SlackProfileSchema {
		t.Errorf("attributes: %v", named)
	}
	w.v1(404, "GET", "/Schemas/Robot", nil)
	w.v1(405, "POST", "/Schemas", `{}`)
}

// A history that comes by SCIM 1.1 leaves the documents that the same history leaves by SCIM 2.0.
func TestV1IsV2(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		one, two := newWorld(t), newWorld(t)
		two.source.Profile.PostKnown = dialect.PostAdopt
		defer one.store.Close()
		defer two.store.Close()
		ids1, ids2 := []string{}, []string{}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			var body1, body2 object
			name := names.Draw(rt, "name")
			title, department := values.Draw(rt, "title"), values.Draw(rt, "department")
			i := rapid.IntRange(0, len(ids1)).Draw(rt, "user")
			switch {
			case i == len(ids1):
				body1 = object{"userName": name, "title": title, enterpriseV1: object{"department": department}}
				body2 = object{"userName": name, "title": title, scim.EnterpriseSchema: object{"department": department}}
				a := one.v1(201, "POST", "/Users", body1)
				b := two.must(201, "POST", "/Users", body2)
				if !slices.Contains(ids1, a.body.String("id")) {
					ids1, ids2 = append(ids1, a.body.String("id")), append(ids2, b.body.String("id"))
				}
			case rapid.Bool().Draw(rt, "PUT"):
				a := one.v1any("PUT", "/Users/"+ids1[i], object{"userName": name, "title": title})
				status := two.send("PUT", "/Users/"+ids2[i], object{"userName": name, "title": title}).Code
				if a != status {
					rt.Fatalf("%d by 1.1 and %d by 2.0", a, status)
				}
			default:
				active := rapid.Bool().Draw(rt, "active")
				operations := []any{object{"op": "remove", "path": "title"}}
				body1 = object{"meta": object{"attributes": []string{"title"}}, "active": active, enterpriseV1: object{"department": department},
					"emails": []any{object{"value": "old@x.test", "operation": "delete"}, object{"value": name + "@x.test"}}}
				operations = append(operations, object{"op": "replace", "value": object{"active": active, scim.EnterpriseSchema: object{"department": department}}},
					object{"op": "remove", "path": `emails[value eq "old@x.test"]`}, object{"op": "add", "path": "emails", "value": []any{object{"value": name + "@x.test"}}})
				one.v1(200, "PATCH", "/Users/"+ids1[i], body1)
				two.must(200, "PATCH", "/Users/"+ids2[i], patchBody(operations...))
			}
		}
		for i := range ids1 {
			a, b := one.resource(store.User, ids1[i]).Document, two.resource(store.User, ids2[i]).Document
			if diff := cmp.Diff(b, a); diff != "" {
				rt.Fatalf("by 2.0 and by 1.1:\n%s", diff)
			}
		}
	})
}

// v1any sends a request of SCIM 1.1 and returns the status of its answer.
func (w *world) v1any(method, path string, body any) int {
	raw, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	r := httptest.NewRequest(method, RootV1+path, io.NopCloser(strings.NewReader(string(raw))))
	a := httptest.NewRecorder()
	w.handler.ServeHTTP(a, r)
	return a.Code
}
