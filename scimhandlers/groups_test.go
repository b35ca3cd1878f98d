package scimhandlers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

const nobody = "01890000-0000-7000-8000-000000000000" // an id that nobody has

func sorted(ids ...string) []string {
	slices.Sort(ids)
	return append([]string{}, ids...)
}

func TestGroupLife(t *testing.T) {
	w := newWorld(t)
	ann, bob, cid := w.newUser("ann@x.test"), w.newUser("bob@x.test"), w.newUser("cid@x.test")
	created := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "externalId": "g-1",
		"members": []any{object{"value": ann, "display": "Ann", "$ref": nil}}})
	id := created.body.String("id")
	member := created.body.List("members")[0].(scim.Object)
	want := scim.Object{"value": ann, "display": "Ann", "type": "User", "$ref": "https://gw.test/scim/v2/Users/" + ann}
	if diff := cmp.Diff(want, member); diff != "" {
		t.Errorf("member (-want +got):\n%s", diff)
	}
	path := "/Groups/" + id
	if a := w.must(204, "PATCH", path, patchBody(object{"op": "add", "path": "members", "value": refs(bob, cid)})); a.Body.Len() > 0 || a.Header().Get("ETag") != `W/"2"` {
		t.Errorf("PATCH: %q, ETag %q", a.Body, a.Header().Get("ETag"))
	}
	if a := w.must(200, "PATCH", path+"?attributes=displayName", patchBody(object{"op": "replace", "value": object{"id": id, "displayName": "Engineers"}})); a.body.String("displayName") != "Engineers" || a.body["members"] != nil {
		t.Errorf("PATCH with attributes: %s", a.Body)
	}
	if diff := cmp.Diff(sorted(ann, bob, cid), w.members(id)); diff != "" {
		t.Errorf("a rename changed the members:\n%s", diff)
	}
	put := w.must(200, "PUT", path, object{"displayName": "Engineers", "members": refs(cid)})
	if len(put.body.List("members")) != 1 {
		t.Errorf("PUT: %s", put.Body)
	}
	wantAudit := []string{
		"source:idp resource.created 1 [displayName externalId members] members: 1 added",
		"source:idp resource.patched 2 [members] members: 2 added",
		"source:idp resource.patched 3 [displayName] ",
		"source:idp resource.replaced 4 [members] members: 2 removed",
	}
	if diff := cmp.Diff(wantAudit, w.audits(store.Group, id)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	w.must(204, "DELETE", path, nil)
	w.must(404, "DELETE", path, nil)
	if got := w.must(200, "GET", "/Users/"+cid, nil).body; got["groups"] != nil {
		t.Errorf("a user is still in a deleted group: %v", got["groups"])
	}
}

// TestMemberOperations goes through the forms in which clients change members; the group holds a and b before each.
func TestMemberOperations(t *testing.T) {
	for _, c := range []struct {
		name string
		op   string // A to D are ids of users, X is nobody's
		want string
	}{
		{"add one", `{"op":"add","path":"members","value":[{"value":"C"}]}`, "A B C"},
		{"add one object", `{"op":"Add","path":"members","value":{"value":"C"}}`, "A B C"},
		{"add a bare id", `{"op":"add","path":"members","value":"C"}`, "A B C"},
		{"add bare ids", `{"op":"add","path":"members","value":["C","D"]}`, "A B C D"},
		{"add who is there", `{"op":"add","path":"members","value":[{"value":"A"}]}`, "A B"},
		{"add with $ref null", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"C"}]}`, "A B C"},
		{"add without a path", `{"op":"add","value":{"members":[{"value":"C"}]}}`, "A B C"},
		{"add with the URN", `{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members","value":[{"value":"C"}]}`, "A B C"},
		{"add nobody", `{"op":"add","path":"members","value":[]}`, "A B"},
		{"add unknown and known", `{"op":"add","path":"members","value":[{"value":"X"},{"value":"C"},{"value":"17"}]}`, "A B C"},
		{"add by display alone", `{"op":"add","path":"members","value":[{"display":"Cid"},{"value":"C"}]}`, "A B C"},
		{"remove by filter", `{"op":"remove","path":"members[value eq \"A\"]"}`, "B"},
		{"remove by filter of several", `{"op":"remove","path":"members[value eq \"A\" or value eq \"B\"]"}`, ""},
		{"remove by value list", `{"op":"Remove","path":"members","value":[{"value":"A"}]}`, "B"},
		{"remove by bare id", `{"op":"remove","path":"members","value":"A"}`, "B"},
		{"remove by display", `{"op":"remove","path":"members[display eq \"ann\"]"}`, "B"},
		{"remove unknown", `{"op":"remove","path":"members[value eq \"X\"]"}`, "A B"},
		{"remove an empty list", `{"op":"remove","path":"members","value":[]}`, "A B"},
		{"remove all", `{"op":"remove","path":"members"}`, ""},
		{"replace", `{"op":"replace","path":"members","value":[{"value":"B"},{"value":"C"}]}`, "B C"},
		{"replace by nothing", `{"op":"replace","path":"members","value":[]}`, ""},
		{"replace by null", `{"op":"replace","path":"members","value":null}`, ""},
		{"replace with some unknown", `{"op":"replace","path":"members","value":[{"value":"X"},{"value":"C"}]}`, "C"},
		{"replace with none but unknown", `{"op":"replace","path":"members","value":[{"value":"X"}]}`, "A B"},
		{"replace twice the same", `{"op":"replace","path":"members","value":[{"value":"C"},{"value":"C"}]}`, "C"},
		{"something else", `{"op":"replace","path":"displayName","value":"Other"}`, "A B"},
		{"something else without a path", `{"op":"replace","value":{"displayName":"Other","externalId":"e"}}`, "A B"},
		{"an unknown attribute", `{"op":"replace","path":"description","value":"x"}`, "A B"},
		{"Okta's delta", `{"op":"remove","path":"members[value eq \"A\"]"},{"op":"add","path":"members","value":[{"value":"C","display":"cid"}]}`, "B C"},
		{"add and remove", `{"op":"add","path":"members","value":[{"value":"C"}]},{"op":"remove","path":"members[value eq \"C\"]"}`, "A B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ids := map[string]string{"X": nobody}
			for _, letter := range []string{"A", "B", "C", "D"} {
				ids[letter] = w.newUser(letter + "@x.test")
			}
			group := w.must(201, "POST", "/Groups", object{"displayName": "Eng",
				"members": []any{object{"value": ids["A"], "display": "Ann"}, object{"value": ids["B"]}}}).body.String("id")
			op := c.op
			for letter, id := range ids {
				op = strings.ReplaceAll(op, `"`+letter+`"`, `"`+id+`"`)
				op = strings.ReplaceAll(op, `\"`+letter+`\"`, `\"`+id+`\"`)
			}
			w.must(204, "PATCH", "/Groups/"+group, `{"Operations":[`+op+`]}`)
			want := []string{}
			for _, letter := range strings.Fields(c.want) {
				want = append(want, ids[letter])
			}
			if diff := cmp.Diff(sorted(want...), w.members(group)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupPutWithoutMembers(t *testing.T) {
	for _, members := range []dialect.GroupPut{dialect.GroupPutEmpty, dialect.GroupPutKeep} {
		for _, put := range []dialect.Put{dialect.PutKeep, dialect.PutClear} {
			w := newWorld(t)
			w.source.Profile.GroupPutWithoutMembers, w.source.Profile.Put = members, put
			ann := w.newUser("ann@x.test")
			group := w.newGroup("Eng", ann)
			w.must(200, "PUT", "/Groups/"+group, object{"displayName": "Eng"})
			if kept := len(w.members(group)) == 1; kept != (members == dialect.GroupPutKeep) {
				t.Errorf("groupPutWithoutMembers %s, put %s: members %v", members, put, w.members(group))
			}
			w.must(200, "PUT", "/Groups/"+group, object{"displayName": "Eng", "members": []any{}})
			if got := w.members(group); len(got) != 0 {
				t.Errorf("an empty list kept %v", got)
			}
		}
	}
}

// A member may be named by its address alone, and is answered with it.
func TestMembersByReference(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	url := func(id string) string { return "https://gw.test/scim/v2/Users/" + id }
	a := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "members": []any{object{"$ref": url(ann)}}})
	group := a.body.String("id")
	if m := a.body.List("members")[0].(scim.Object); m.String("value") != ann || m.String("$ref") != url(ann) {
		t.Errorf("member %v", m)
	}
	w.must(204, "PATCH", "/Groups/"+group, patchBody(object{"op": "add", "path": "members", "value": []any{object{"$ref": url(bob) + "/", "type": "User"}}},
		object{"op": "remove", "path": "members", "value": []any{object{"$ref": "../Users/" + ann}}}))
	if diff := cmp.Diff([]string{bob}, w.members(group)); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownMembersAreToldOf(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	group := w.newGroup("Eng", ann, nobody)
	if !strings.Contains(w.log.String(), `"level":"WARN"`) || !strings.Contains(w.log.String(), nobody) {
		t.Errorf("no warning of the unknown member in the log:\n%s", w.log)
	}
	want := []string{"source:idp resource.created 1 [displayName members] members: 1 added, 1 left out because unknown"}
	if diff := cmp.Diff(want, w.audits(store.Group, group)); diff != "" {
		t.Errorf("audit:\n%s", diff)
	}
}

func TestGroupsInGroups(t *testing.T) {
	w := newWorld(t)
	inner := w.newGroup("Inner")
	outer := w.newGroup("Outer", inner)
	got := w.must(200, "GET", "/Groups/"+outer, nil).body.List("members")[0].(scim.Object)
	if got.String("type") != "Group" || got.String("$ref") != "https://gw.test/scim/v2/Groups/"+inner {
		t.Errorf("member %v", got)
	}
	before := w.dump()
	for _, c := range []struct {
		method string
		body   any
	}{
		{"PUT", object{"displayName": "Outer", "members": refs(outer)}},
		{"PATCH", patchBody(object{"op": "add", "path": "members", "value": refs(outer)})},
		{"PATCH", patchBody(object{"op": "replace", "path": "members", "value": refs(inner, outer)})},
	} {
		w.must(400, c.method, "/Groups/"+outer, c.body)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("a group that names itself changed the store:\n%s", diff)
	}
}

func TestDeletedMembersLeaveTheirGroups(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	inner := w.newGroup("Inner", ann)
	outer := w.newGroup("Outer", ann, bob, inner)
	gone := w.newGroup("Gone", ann)
	w.must(204, "DELETE", "/Groups/"+gone, nil)
	w.loop.take()
	w.must(204, "DELETE", "/Users/"+ann, nil)
	if got := append(w.members(inner), w.members(outer)...); slices.Contains(got, ann) {
		t.Error("a deleted user is still a member")
	}
	woken := w.loop.take()
	slices.SortFunc(woken, func(a, b store.Key) int { return strings.Compare(a.ID, b.ID) })
	want := []store.Key{w.key(store.User, ann), w.key(store.Group, inner), w.key(store.Group, outer)}
	if diff := cmp.Diff(want, woken); diff != "" {
		t.Errorf("the reconciler was told of (-want +got):\n%s", diff)
	}
	if w.generation(store.Group, inner) != 2 || w.generation(store.Group, outer) != 2 || w.generation(store.Group, gone) != 2 {
		t.Error("generations of the groups")
	}
	w.must(204, "DELETE", "/Groups/"+inner, nil)
	if diff := cmp.Diff([]string{bob}, w.members(outer)); diff != "" {
		t.Errorf("members of the outer group:\n%s", diff)
	}
}

func TestDisplayOfAMember(t *testing.T) {
	w := newWorld(t)
	ann := w.newUser("ann@x.test")
	group := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "members": []any{object{"value": ann, "display": "Ann"}}}).body.String("id")
	display := func() any {
		return w.must(200, "GET", "/Groups/"+group, nil).body.List("members")[0].(scim.Object)["display"]
	}
	w.must(204, "PATCH", "/Groups/"+group, patchBody(object{"op": "add", "path": "members", "value": refs(ann)}))
	w.must(200, "PUT", "/Groups/"+group, object{"displayName": "Eng", "members": refs(ann)})
	if got := display(); got != "Ann" {
		t.Errorf("display %v was lost by a request that did not speak of it", got)
	}
	w.must(200, "PUT", "/Groups/"+group, object{"displayName": "Eng", "members": []any{object{"value": ann, "display": "Ann Lee"}}})
	if got := display(); got != "Ann Lee" {
		t.Errorf("display %v", got)
	}
	if g := w.generation(store.Group, group); g != 1 {
		t.Errorf("a display made generation %d", g)
	}
}

// TestLargeGroupIsNotRead patches one member of a large group and counts what is read of it.
func TestLargeGroupIsNotRead(t *testing.T) {
	w := newWorld(t)
	group, ids := w.largeGroup(3000)
	new := w.newUser("new@x.test")
	allocations := testing.AllocsPerRun(3, func() {
		w.must(204, "PATCH", "/Groups/"+group, patchBody(object{"op": "add", "path": "members", "value": refs(new)}))
		w.must(204, "PATCH", "/Groups/"+group, patchBody(object{"op": "remove", "path": fmt.Sprintf(`members[value eq "%s"]`, new)}))
	})
	if allocations > 3000 { // reading the members would take one each, at least
		t.Errorf("%v allocations for one member added and removed", allocations)
	}
	list := w.must(200, "GET", "/Groups"+filterQuery(`id eq "`+group+`" and members eq "`+ids[7]+`"`)+"&attributes=id", nil)
	if diff := cmp.Diff([]string{group}, found(list)); diff != "" {
		t.Errorf("Entra's question for one member:\n%s", diff)
	}
	w.must(200, "PUT", "/Groups/"+group+"?excludedAttributes=members", object{"displayName": "Large", "members": refs(append(ids[1:], new)...)})
	if got := w.members(group); len(got) != 3000 || slices.Contains(got, ids[0]) || !slices.Contains(got, new) {
		t.Errorf("%d members after a PUT that exchanges one", len(got))
	}
}

// largeGroup makes a group with members directly in the store.
func (w *world) largeGroup(n int) (group string, ids []string) {
	w.Helper()
	group = w.newGroup("Large")
	w.update(func(tx store.Tx) error {
		ids = ids[:0]
		members := make([]store.Member, n)
		for i := range n {
			id := fmt.Sprintf("018a0000-0000-7000-8000-%012d", i)
			err := tx.PutResource(store.Resource{Key: w.key(store.User, id), Generation: 1,
				Document: scim.Object{"userName": fmt.Sprintf("member%d@x.test", i), "active": true}})
			if err != nil {
				return err
			}
			members[i] = store.Member{ID: id, Type: store.User}
			ids = append(ids, id)
		}
		_, err := tx.AddMembers(w.key(store.Group, group), members...)
		return err
	})
	return group, ids
}
