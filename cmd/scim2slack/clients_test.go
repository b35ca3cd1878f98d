package main

import (
	"fmt"

	"scim2slack/dialect"
	"scim2slack/scim"
)

// person is what a directory knows of somebody.
type person struct {
	userName, email, given, family, title, department string
}

// client is how one push client speaks: the requests of facts/push-clients.md sections 2.2 (PingFederate's SCIM 2.0 provisioner), 3.1 (Okta)
// and 3.2 (Entra ID), each of them a life's worth of a user and of a group.
type client struct {
	name         dialect.Name
	root         string // "" is that of SCIM 2.0
	createUser   func(g *gateway, p person, active bool) string
	updateUser   func(g *gateway, id string, p person)
	disable      func(g *gateway, id string, p person)
	enable       func(g *gateway, id string, p person)
	createGroup  func(g *gateway, name string, members ...string) string
	rename       func(g *gateway, id, name string, members ...string) // members are those that stay
	addMember    func(g *gateway, id, name, member string, all ...string)
	removeMember func(g *gateway, id, name, member string, left ...string)
}

func (d client) removeUser(g *gateway, id string)  { g.must("DELETE", "/Users/"+id, nil, 204, 200) }
func (d client) removeGroup(g *gateway, id string) { g.must("DELETE", "/Groups/"+id, nil, 204, 200) }

var clients = []client{pingFederate(), okta(), entra(), bundled()}

// userBody is the full representation that PingFederate and Okta send.
func userBody(p person, active bool) map[string]any {
	return map[string]any{
		"schemas":  []string{scim.UserSchema, scim.EnterpriseSchema},
		"userName": p.userName, "active": active, "title": p.title, "displayName": p.given + " " + p.family,
		"name":                map[string]any{"givenName": p.given, "familyName": p.family},
		"emails":              []any{map[string]any{"value": p.email, "type": "work", "primary": true}},
		scim.EnterpriseSchema: map[string]any{"department": p.department},
	}
}

func memberList(ids ...string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, map[string]any{"value": id})
	}
	return list
}

func patch(operations ...any) map[string]any {
	return map[string]any{"schemas": []string{scim.PatchSchema}, "Operations": operations}
}

func op(name, path string, value any) map[string]any {
	o := map[string]any{"op": name}
	if path != "" {
		o["path"] = path
	}
	if value != nil {
		o["value"] = value
	}
	return o
}

// pingFederate probes, searches, and PUTs whole users and groups.
func pingFederate() client {
	put := func(g *gateway, id string, p person, active bool) {
		g.must("GET", "/Users/0", nil, 404)
		g.must("PUT", "/Users/"+id, userBody(p, active), 200)
	}
	putGroup := func(g *gateway, id, name string, members []string) {
		g.must("PUT", "/Groups/"+id, map[string]any{"schemas": []string{scim.GroupSchema}, "displayName": name, "members": memberList(members...)}, 200)
	}
	return client{
		name: dialect.PingFederate,
		createUser: func(g *gateway, p person, active bool) string {
			g.must("GET", "/Users/0", nil, 404)
			if id := g.find("/Users", "userName", p.userName); id != "" {
				put(g, id, p, active)
				return id
			}
			return g.must("POST", "/Users", userBody(p, active), 201).String("id")
		},
		updateUser: func(g *gateway, id string, p person) { put(g, id, p, true) },
		disable:    func(g *gateway, id string, p person) { put(g, id, p, false) },
		enable:     func(g *gateway, id string, p person) { put(g, id, p, true) },
		createGroup: func(g *gateway, name string, members ...string) string {
			if id := g.find("/Groups", "displayName", name); id != "" {
				putGroup(g, id, name, members)
				return id
			}
			return g.must("POST", "/Groups", map[string]any{"schemas": []string{scim.GroupSchema}, "displayName": name, "members": memberList(members...)}, 201).String("id")
		},
		rename:       func(g *gateway, id, name string, members ...string) { putGroup(g, id, name, members) },
		addMember:    func(g *gateway, id, name, _ string, all ...string) { putGroup(g, id, name, all) },
		removeMember: func(g *gateway, id, name, _ string, left ...string) { putGroup(g, id, name, left) },
	}
}

// bundled is the provisioner that comes with PingFederate. It speaks SCIM 1.1 (push-clients.md section 2.1), looks nobody up, and repeats
// what it sent once more, as after a failure.
func bundled() client {
	body := func(p person, active bool) map[string]any {
		b := userBody(p, active)
		b["schemas"] = []string{"urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"}
		b["urn:scim:schemas:extension:enterprise:1.0"] = b[scim.EnterpriseSchema]
		delete(b, scim.EnterpriseSchema)
		return b
	}
	patch := func(g *gateway, path string, b map[string]any) {
		b["schemas"] = []string{"urn:scim:schemas:core:1.0"}
		g.must("PATCH", path, b, 200)
		g.must("PATCH", path, b, 200)
	}
	active := func(g *gateway, id string, p person, active bool) { patch(g, "/Users/"+id, body(p, active)) }
	return client{
		name: dialect.PingFederate, root: "/scim/v1",
		createUser: func(g *gateway, p person, active bool) string {
			id := g.must("POST", "/Users", body(p, active), 201).String("id")
			g.must("POST", "/Users", body(p, active), 201)
			return id
		},
		updateUser: func(g *gateway, id string, p person) { active(g, id, p, true) },
		disable:    func(g *gateway, id string, p person) { active(g, id, p, false) },
		enable:     func(g *gateway, id string, p person) { active(g, id, p, true) },
		createGroup: func(g *gateway, name string, members ...string) string {
			return g.must("POST", "/Groups", map[string]any{"displayName": name, "members": memberList(members...)}, 201).String("id")
		},
		rename: func(g *gateway, id, name string, _ ...string) {
			patch(g, "/Groups/"+id, map[string]any{"displayName": name})
		},
		addMember: func(g *gateway, id, _, member string, _ ...string) {
			patch(g, "/Groups/"+id, map[string]any{"members": memberList(member)})
		},
		removeMember: func(g *gateway, id, _, member string, _ ...string) {
			patch(g, "/Groups/"+id, map[string]any{"members": []any{map[string]any{"value": member, "operation": "delete"}}})
		},
	}
}

// okta sends a random password with each creation, reads before it PUTs, deactivates by a PATCH without a path and renames with the
// read-only id inside the value.
func okta() client {
	put := func(g *gateway, id string, p person) {
		body := map[string]any(g.must("GET", "/Users/"+id, nil, 200))
		for k, v := range userBody(p, true) {
			body[k] = v
		}
		g.must("PUT", "/Users/"+id, body, 200)
	}
	active := func(g *gateway, id string, value bool) {
		g.must("PATCH", "/Users/"+id, patch(op("replace", "", map[string]any{"active": value})), 200, 204)
	}
	return client{
		name: dialect.Okta,
		createUser: func(g *gateway, p person, active bool) string {
			g.find("/Users", "userName", p.userName)
			body := userBody(p, active)
			body["externalId"], body["password"], body["groups"], body["locale"] = "00u-"+p.userName, "Random!123", []any{}, "en-US"
			return g.must("POST", "/Users", body, 201).String("id")
		},
		updateUser: put,
		disable:    func(g *gateway, id string, _ person) { active(g, id, false) },
		enable: func(g *gateway, id string, p person) {
			active(g, id, true)
			put(g, id, p)
		},
		createGroup: func(g *gateway, name string, members ...string) string {
			g.find("/Groups", "displayName", name)
			return g.must("POST", "/Groups", map[string]any{"schemas": []string{scim.GroupSchema}, "displayName": name, "members": memberList(members...)}, 201).String("id")
		},
		rename: func(g *gateway, id, name string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(op("replace", "", map[string]any{"id": id, "displayName": name})), 200, 204)
		},
		addMember: func(g *gateway, id, name, member string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(
				op("replace", "", map[string]any{"id": id, "displayName": name}),
				op("add", "members", []any{map[string]any{"value": member, "display": "x"}})), 200, 204)
		},
		removeMember: func(g *gateway, id, _, member string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(op("remove", fmt.Sprintf(`members[value eq "%s"]`, member), nil)), 200, 204)
		},
	}
}

// entra capitalises operations, sends booleans as strings, creates by filtered paths, and removes members by a value list.
func entra() client {
	set := func(g *gateway, id string, p person) {
		g.must("PATCH", "/Users/"+id, patch(
			op("Replace", "userName", p.userName), op("Replace", "title", p.title),
			op("Replace", `emails[type eq "work"].value`, p.email), op("Replace", "displayName", p.given+" "+p.family),
			op("Replace", "name.givenName", p.given), op("Replace", "name.familyName", p.family),
			op("Add", scim.EnterpriseSchema+":department", p.department)), 200)
	}
	active := func(g *gateway, id, value string) {
		g.must("PATCH", "/Users/"+id, patch(op("Replace", "active", value)), 200)
	}
	return client{
		name: dialect.Entra,
		createUser: func(g *gateway, p person, active bool) string {
			g.find("/Users", "externalId", "obj-"+p.userName)
			body := userBody(p, active)
			body["externalId"], body["meta"], body["roles"] = "obj-"+p.userName, map[string]any{"resourceType": "User"}, []any{}
			return g.must("POST", "/Users", body, 201).String("id")
		},
		updateUser: set,
		disable:    func(g *gateway, id string, _ person) { active(g, id, "False") },
		enable: func(g *gateway, id string, p person) {
			active(g, id, "True")
			set(g, id, p)
		},
		createGroup: func(g *gateway, name string, members ...string) string {
			g.must("GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22"+name+"%22", nil, 200)
			id := g.must("POST", "/Groups", map[string]any{
				"schemas":    []string{scim.GroupSchema, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"},
				"externalId": "grp-" + name, "displayName": name, "meta": map[string]any{"resourceType": "Group"}}, 201).String("id")
			for _, m := range members {
				g.must("PATCH", "/Groups/"+id, patch(op("Add", "members", []any{map[string]any{"$ref": nil, "value": m}})), 200, 204)
			}
			return id
		},
		rename: func(g *gateway, id, name string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(op("Replace", "displayName", name)), 200, 204)
		},
		addMember: func(g *gateway, id, _, member string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(op("Add", "members", []any{map[string]any{"$ref": nil, "value": member}})), 200, 204)
		},
		removeMember: func(g *gateway, id, _, member string, _ ...string) {
			g.must("PATCH", "/Groups/"+id, patch(op("Remove", "members", []any{map[string]any{"$ref": nil, "value": member}})), 200, 204)
		},
	}
}
