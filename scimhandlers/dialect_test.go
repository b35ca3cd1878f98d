package scimhandlers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/store"
)

// The bodies below are as the clients send them (push-clients.md sections 2.2, 2.3, 2.6, 3.1 and 3.2).

func TestPingFederate(t *testing.T) {
	w := newWorld(t)
	header := []string{"Content-Type", "application/scim+json"}
	w.must(404, "GET", "/Users/0", nil, header...)
	none := w.must(200, "GET", "/Users"+filterQuery(`userName eq "ann@x.test"`), nil, header...)
	if none.body["totalResults"] != 0.0 || len(none.body.List("Resources")) != 0 || none.body["Resources"] == nil {
		t.Errorf("no hit: %s", none.Body)
	}
	// One e-mail of two is not mapped: both are filled with the same address, both are primary.
	body := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test","active":true,"name":{"givenName":"Ann","familyName":"Lee"},
		"emails":[{"value":"ann@x.test","type":"work","primary":true},{"value":"ann@x.test","type":"home","primary":true}]}`
	created := w.must(201, "POST", "/Users", body, header...)
	id := created.body.String("id")
	wantEmails := []any{scim.Object{"value": "ann@x.test", "type": "work", "primary": true}, scim.Object{"value": "ann@x.test", "type": "home", "primary": true}}
	if diff := cmp.Diff(wantEmails, created.body.List("emails")); diff != "" {
		t.Errorf("type and primary must come back as they were sent:\n%s", diff)
	}
	hit := w.must(200, "GET", "/Users"+filterQuery(`emails eq "ann@x.test"`), nil, header...)
	if diff := cmp.Diff([]string{id}, found(hit)); diff != "" {
		t.Errorf("filter with bare emails:\n%s", diff)
	}
	// A title that Okta or an administrator set is not mapped here, and stays.
	w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "add", "path": "title", "value": "Lead"}))
	disabled := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test","active":false,"name":{"givenName":"Ann","familyName":"Lee"},
		"emails":[{"value":"ann@x.test","type":"work","primary":true}]}`
	if got := w.must(200, "PUT", "/Users/"+id, disabled, header...).body; got["active"] != false || got["title"] != "Lead" {
		t.Errorf("disabled: %v", got)
	}
	if got := found(w.must(200, "GET", "/Users"+filterQuery(`userName eq "ann@x.test"`), nil)); len(got) != 1 {
		t.Error("an inactive user is not found any more")
	}
	w.must(200, "PUT", "/Users/"+id, body, header...)

	group := w.must(201, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Zürich Team","members":[{"value":"`+id+`"}]}`).body.String("id")
	if got := found(w.must(200, "GET", "/Groups"+filterQuery(`displayName eq "zürich team"`), nil)); len(got) != 1 || got[0] != group {
		t.Errorf("a name beyond ASCII is found as %v", got)
	}
	w.must(200, "GET", "/Groups?startIndex=1&count=100", nil)
	w.must(200, "PUT", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Zürich Team"}`)
	if got := w.members(group); len(got) != 0 {
		t.Errorf("a group PUT without members kept %v", got)
	}
	w.must(204, "DELETE", "/Users/"+id, nil)
	w.must(204, "DELETE", "/Groups/"+group, nil)
}

func TestOkta(t *testing.T) {
	w := newWorld(t)
	header := []string{"User-Agent", "Okta SCIM Client 1.0.0", "Accept", "application/scim+json", "Accept-Charset", "utf-8",
		"Content-Type", "application/scim+json; charset=utf-8"}
	w.must(200, "GET", "/Users?startIndex=1&count=2", nil, header...)
	w.must(200, "GET", "/Groups?startIndex=1&count=100", nil, header...)
	w.must(200, "GET", "/Users"+filterQuery(`userName eq "ann@x.test"`)+"&startIndex=1&count=100", nil, header...)
	created := w.must(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test",
		"name":{"givenName":"Ann","familyName":"Lee"},"emails":[{"primary":true,"value":"ann@x.test","type":"work"}],"displayName":"Ann Lee",
		"locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`, header...)
	id := created.body.String("id")

	// It reads the user and puts all of it back with its changes, id and meta included.
	full := w.must(200, "GET", "/Users/"+id, nil, header...).body
	full["name"] = scim.Object{"givenName": "Anna", "familyName": "Lee"}
	full["groups"] = []any{}
	if got := w.must(200, "PUT", "/Users/"+id, string(scim.AppendJSON(nil, full)), header...).body; got.Object("name").String("givenName") != "Anna" {
		t.Errorf("PUT: %v", got)
	}
	off := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`
	if got := w.must(200, "PATCH", "/Users/"+id, off, header...).body; got["active"] != false || got.List("schemas")[0] != scim.UserSchema {
		t.Errorf("deactivated: %v", got)
	}

	w.must(200, "GET", "/Groups"+filterQuery(`displayName eq "Eng"`)+"&startIndex=1&count=100", nil, header...)
	group := w.must(201, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Eng","members":[]}`, header...).body.String("id")
	bob := w.newUser("bob@x.test")
	w.must(204, "PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
		{"op":"replace","value":{"id":"`+group+`","displayName":"Engineers"}},
		{"op":"add","path":"members","value":[{"value":"`+id+`","display":"ann@x.test"}]}]}`, header...)
	w.must(204, "PATCH", "/Groups/"+group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
		{"op":"remove","path":"members[value eq \"`+id+`\"]"},{"op":"add","path":"members","value":[{"value":"`+bob+`","display":"bob"},{"value":"`+nobody+`"}]}]}`, header...)
	if diff := cmp.Diff([]string{bob}, w.members(group)); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	if got := w.resource(store.Group, group).Document.String("displayName"); got != "Engineers" {
		t.Errorf("displayName %q", got)
	}
	w.must(204, "PATCH", "/Groups/"+group, `{"Operations":[{"op":"replace","path":"members","value":[]}]}`, header...)
	if got := w.members(group); len(got) != 0 {
		t.Errorf("a full push of nobody left %v", got)
	}
	w.must(204, "DELETE", "/Groups/"+group, nil, header...)
}

func TestEntra(t *testing.T) {
	w := newWorld(t)
	header := []string{"Content-Type", "application/scim+json; charset=utf-8"}
	probe := w.must(200, "GET", "/Users"+filterQuery(`userName eq "b3a1f9c2-0000-4000-8000-1234567890ab"`), nil, header...)
	if probe.body["totalResults"] != 0.0 {
		t.Errorf("probe: %s", probe.Body)
	}
	created := w.must(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"0f3c","userName":"ann@x.test","active":true,"emails":[{"primary":true,"type":"work","value":"ann@x.test"}],
		"meta":{"resourceType":"User"},"name":{"formatted":"Ann A","familyName":"A","givenName":"Ann"},"roles":[],"title":null}`, header...)
	id := created.body.String("id")
	path := "/Users/" + id
	w.must(409, "POST", "/Users", `{"userName":"ann@x.test"}`, header...)
	boss := w.newUser("boss@x.test")
	for _, c := range []struct {
		operations string
		check      func(doc scim.Object) any
		want       any
	}{
		{`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@x.test"}`, func(d scim.Object) any { return d.List("emails")[0].(scim.Object)["value"] }, "b@x.test"},
		{`{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+41 1"}`, func(d scim.Object) any { return d.List("phoneNumbers")[0].(scim.Object)["value"] }, "+41 1"},
		{`{"op":"Replace","path":"active","value":"False"}`, func(d scim.Object) any { return d["active"] }, false},
		{`{"op":"Replace","path":"active","value":"True"}`, func(d scim.Object) any { return d["active"] }, true},
		{`{"op":"replace","value":{"displayName":"B","name.givenName":"Bea","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"7"}}`,
			func(d scim.Object) any {
				return []any{d["displayName"], d.Object("name")["givenName"], d.Object("name")["familyName"], d.Object(scim.EnterpriseSchema)["employeeNumber"]}
			}, []any{"B", "Bea", "A", "7"}},
		{`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"` + boss + `"}`,
			func(d scim.Object) any { return d.Object(scim.EnterpriseSchema).Object("manager").String("value") }, boss},
		{`{"op":"Replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Lead"}`, func(d scim.Object) any { return d["title"] }, "Lead"},
		{`{"op":"Remove","path":"title"}`, func(d scim.Object) any { return d["title"] }, nil},
	} {
		answer := w.must(200, "PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+c.operations+`]}`, header...)
		if diff := cmp.Diff(c.want, c.check(answer.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.operations, diff)
		}
		if diff := cmp.Diff(c.want, c.check(w.resource(store.User, id).Document)); diff != "" {
			t.Errorf("%s in the store (-want +got):\n%s", c.operations, diff)
		}
	}
	// Soft deletion renames the user; restoring gives the name back. It is one and the same user all the time.
	w.must(200, "PATCH", path, `{"Operations":[{"op":"Replace","path":"userName","value":"0f3c0f3c0f3c0f3c0f3c0f3c0f3c0f3cann@x.test"},{"op":"Replace","path":"active","value":"False"}]}`)
	if got := found(w.must(200, "GET", "/Users"+filterQuery(`externalId eq "0f3c"`), nil)); len(got) != 1 || got[0] != id {
		t.Errorf("found %v", got)
	}
	w.must(200, "PATCH", path, `{"Operations":[{"op":"Replace","path":"userName","value":"ann@x.test"},{"op":"Replace","path":"active","value":"True"}]}`)

	group := w.must(201, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"8aa1","displayName":"Eng","meta":{"resourceType":"Group"}}`, header...).body.String("id")
	one := w.must(200, "GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22ENG%22", nil)
	if diff := cmp.Diff([]string{group}, found(one)); diff != "" {
		t.Errorf("group by name:\n%s", diff)
	}
	w.must(204, "PATCH", "/Groups/"+group, `{"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+id+`"},{"$ref":null,"value":"`+boss+`"}]}]}`)
	w.must(204, "PATCH", "/Groups/"+group, `{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+boss+`"}]}]}`)
	w.must(204, "PATCH", "/Groups/"+group, `{"Operations":[{"op":"Replace","path":"displayName","value":"Engineers"}]}`)
	if diff := cmp.Diff([]string{id}, w.members(group)); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	w.must(204, "DELETE", path, nil)
	w.must(404, "DELETE", path, nil)
	w.must(404, "DELETE", "/Groups/unknown", nil)
}
