package scimhandlers

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/store"
)

// model is what a source expects to find: written as simply as can be.
type model struct {
	users  map[string]*modelUser
	groups map[string]*modelGroup
}

type modelUser struct {
	name, title string
	active      bool
	generation  uint64
}

type modelGroup struct {
	name       string
	members    map[string]bool
	generation uint64
}

// TestHistories runs random histories of pushes against the model, with crashes and lost answers in between, and compares the
// whole state after each step.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{Rapid: rt, w: newWorld(t), model: model{users: map[string]*modelUser{}, groups: map[string]*modelGroup{}}}
		defer h.w.store.Close()
		actions := map[string]func(*rapid.T){
			"": h.compare, "create user": h.createUser, "create group": h.createGroup, "put user": h.putUser, "patch user": h.patchUser,
			"put group": h.putGroup, "patch group": h.patchGroup, "delete user": h.deleteUser, "delete group": h.deleteGroup,
			"crash": func(*rapid.T) { h.flush(); h.w.restart() },
		}
		rt.Repeat(actions)
	})
}

type history struct {
	Rapid *rapid.T
	w     *world
	model model
}

func (h *history) flush() {
	if err := h.w.handler.flush(h.w.Context()); err != nil {
		h.w.Fatal(err)
	}
}

var names = rapid.SampledFrom([]string{"a", "b", "c", "d", "B", "D"})

func (h *history) user(t *rapid.T) string  { return pick(t, h.model.users) }
func (h *history) group(t *rapid.T) string { return pick(t, h.model.groups) }

func pick[V any](t *rapid.T, m map[string]V) string {
	if len(m) == 0 {
		t.Skip("there is none")
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(t, "id")
}

// some draws ids of users, known and unknown.
func (h *history) some(t *rapid.T) (sent []string, known map[string]bool) {
	pool := append(slices.Sorted(maps.Keys(h.model.users)), nobody, "17")
	sent = rapid.SliceOfN(rapid.SampledFrom(pool), 0, 4).Draw(t, "members")
	known = map[string]bool{}
	for _, id := range sent {
		if h.model.users[id] != nil {
			known[id] = true
		}
	}
	return sent, known
}

func (h *history) userTaken(name, but string) bool {
	for id, u := range h.model.users {
		if id != but && strings.EqualFold(u.name, name) {
			return true
		}
	}
	return false
}

func (h *history) groupTaken(name, but string) bool {
	for id, g := range h.model.groups {
		if id != but && strings.EqualFold(g.name, name) {
			return true
		}
	}
	return false
}

func (h *history) createUser(t *rapid.T) {
	u := &modelUser{name: names.Draw(t, "name"), title: names.Draw(t, "title"), active: true, generation: 1}
	body := object{"userName": u.name, "title": u.title, "active": true}
	if h.userTaken(u.name, "") {
		h.w.must(409, "POST", "/Users", body)
		return
	}
	if rapid.Bool().Draw(t, "the answer is lost") {
		h.w.loseAnswer("/Users", body)
	}
	h.model.users[h.w.must(201, "POST", "/Users", body).body.String("id")] = u
}

func (h *history) createGroup(t *rapid.T) {
	sent, known := h.some(t)
	g := &modelGroup{name: names.Draw(t, "name"), members: known, generation: 1}
	body := object{"displayName": g.name, "members": refs(sent...)}
	if h.groupTaken(g.name, "") {
		h.w.must(409, "POST", "/Groups", body)
		return
	}
	h.model.groups[h.w.must(201, "POST", "/Groups", body).body.String("id")] = g
}

func (h *history) putUser(t *rapid.T) {
	id := h.user(t)
	u, next := h.model.users[id], *h.model.users[id]
	body := object{"userName": u.name}
	if rapid.Bool().Draw(t, "rename") {
		next.name = names.Draw(t, "name")
		body["userName"] = next.name
	}
	if rapid.Bool().Draw(t, "title") {
		next.title = names.Draw(t, "title")
		body["title"] = next.title
	}
	h.editUser(id, next, "PUT", body)
}

func (h *history) patchUser(t *rapid.T) {
	id := h.user(t)
	next := *h.model.users[id]
	next.active = rapid.Bool().Draw(t, "active")
	op := object{"op": "Replace", "path": "active", "value": fmt.Sprint(next.active)}
	if rapid.Bool().Draw(t, "without a path") {
		next.name = names.Draw(t, "name")
		op = object{"op": "replace", "value": object{"active": next.active, "userName": next.name}}
	}
	h.editUser(id, next, "PATCH", patchBody(op))
}

func (h *history) editUser(id string, next modelUser, method string, body any) {
	if h.userTaken(next.name, id) {
		h.w.must(409, method, "/Users/"+id, body)
		return
	}
	if next != *h.model.users[id] {
		next.generation++
	}
	*h.model.users[id] = next
	h.w.must(200, method, "/Users/"+id, body)
}

func (h *history) putGroup(t *rapid.T) {
	id := h.group(t)
	sent, known := h.some(t)
	if len(sent) > 0 && len(known) == 0 {
		known = h.model.groups[id].members // nothing but unknown members is a mistake
	}
	next := modelGroup{name: names.Draw(t, "name"), members: known}
	body := object{"displayName": next.name, "members": refs(sent...)}
	h.editGroup(id, next, 200, "PUT", body)
}

func (h *history) patchGroup(t *rapid.T) {
	id := h.group(t)
	next := modelGroup{name: h.model.groups[id].name, members: maps.Clone(h.model.groups[id].members)}
	var operations []any
	for range rapid.IntRange(1, 3).Draw(t, "operations") {
		operations = append(operations, h.groupOperation(t, &next))
	}
	h.editGroup(id, next, 204, "PATCH", patchBody(operations...))
}

// groupOperation draws an operation and does it in the model.
func (h *history) groupOperation(t *rapid.T, g *modelGroup) object {
	sent, known := h.some(t)
	switch rapid.SampledFrom([]string{"add", "remove", "filter", "replace", "clear", "rename"}).Draw(t, "operation") {
	case "add":
		maps.Copy(g.members, known)
		return object{"op": "Add", "path": "members", "value": refs(sent...)}
	case "remove":
		maps.DeleteFunc(g.members, func(id string, _ bool) bool { return known[id] })
		return object{"op": "Remove", "path": "members", "value": refs(sent...)}
	case "filter":
		id := h.user(t)
		delete(g.members, id)
		return object{"op": "remove", "path": `members[value eq "` + id + `"]`}
	case "replace":
		if len(sent) == 0 || len(known) > 0 {
			g.members = known
		}
		return object{"op": "replace", "path": "members", "value": refs(sent...)}
	case "clear":
		clear(g.members)
		return object{"op": "remove", "path": "members"}
	}
	g.name = names.Draw(t, "name")
	return object{"op": "replace", "value": object{"displayName": g.name}}
}

func (h *history) editGroup(id string, next modelGroup, status int, method string, body any) {
	g := h.model.groups[id]
	if h.groupTaken(next.name, id) {
		h.w.must(409, method, "/Groups/"+id, body)
		return
	}
	h.w.must(status, method, "/Groups/"+id, body)
	// Members that come and go within one request may count as a change.
	now := h.w.generation(store.Group, id)
	if changed := next.name != g.name || !maps.Equal(next.members, g.members); changed && now != g.generation+1 || now > g.generation+1 {
		h.Rapid.Fatalf("generation %d after %d", now, g.generation)
	}
	next.generation = now
	*g = next
}

func (h *history) deleteUser(t *rapid.T) {
	id := h.user(t)
	h.w.must(204, "DELETE", "/Users/"+id, nil)
	h.w.must(404, "GET", "/Users/"+id, nil)
	delete(h.model.users, id)
	for _, g := range h.model.groups {
		if g.members[id] {
			delete(g.members, id)
			g.generation++
		}
	}
}

func (h *history) deleteGroup(t *rapid.T) {
	id := h.group(t)
	h.w.must(204, "DELETE", "/Groups/"+id, nil)
	delete(h.model.groups, id)
}

// compare reads everything back over SCIM.
func (h *history) compare(t *rapid.T) {
	got := model{users: map[string]*modelUser{}, groups: map[string]*modelGroup{}}
	memberships := map[string]bool{}
	for _, r := range h.w.must(200, "GET", "/Users", nil).body.List("Resources") {
		o := r.(scim.Object)
		id := o.String("id")
		got.users[id] = &modelUser{name: o.String("userName"), title: o.String("title"), active: o["active"] == true, generation: h.w.generation(store.User, id)}
		for _, g := range o.List("groups") {
			memberships[g.(scim.Object).String("value")+" "+id] = true
		}
	}
	for _, r := range h.w.must(200, "GET", "/Groups", nil).body.List("Resources") {
		o := r.(scim.Object)
		g := &modelGroup{name: o.String("displayName"), members: map[string]bool{}, generation: h.w.generation(store.Group, o.String("id"))}
		for _, m := range o.List("members") {
			id := m.(scim.Object).String("value")
			g.members[id] = true
			if !memberships[o.String("id")+" "+id] {
				t.Fatalf("%s is in %s, but the user does not say so", id, o.String("id"))
			}
			delete(memberships, o.String("id")+" "+id)
		}
		got.groups[o.String("id")] = g
	}
	if len(memberships) > 0 {
		t.Fatalf("users speak of groups that do not have them: %v", memberships)
	}
	if diff := cmp.Diff(h.model, got, cmp.AllowUnexported(model{}, modelUser{}, modelGroup{})); diff != "" {
		t.Fatalf("state (-want +got):\n%s", diff)
	}
}

// FuzzRequest sends anything to a handler with a user and a group in it. Nothing may be an internal error, and whatever is refused
// changes nothing.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/Users", "filter=userName+eq+%22a%22", "")
	f.Add("POST", "/Users", "", `{"userName":"b","emails":[{"value":"b@x.test"}]}`)
	f.Add("PUT", "/Groups/GROUP", "", `{"displayName":"g","members":[{"value":"USER"},"x"]}`)
	f.Add("PATCH", "/Groups/GROUP", "attributes=members", `{"Operations":[{"op":"remove","path":"members[value eq \"USER\"]"}]}`)
	f.Add("PATCH", "/Users/USER", "", `{"Operations":[{"op":"replace","value":{"name.givenName":"x","active":"False"}}]}`)
	f.Add("DELETE", "/Users/USER", "", "")
	f.Add("GET", "/Schemas/urn%3a", "startIndex=2&count=-1&%", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		w := newWorld(t)
		user := w.newUser("ann@x.test")
		replace := strings.NewReplacer("USER", user, "GROUP", w.newGroup("Eng", user))
		r := httptest.NewRequest("GET", "/scim/v2", strings.NewReader(replace.Replace(body)))
		r.Method, r.URL.RawQuery = method, query
		if u, err := r.URL.Parse("/scim/v2" + replace.Replace(path)); err == nil {
			r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
		}
		before := w.dump()
		a := w.do(r)
		if a.Code >= 500 && a.Code != 501 {
			t.Errorf("%s %s?%s %q: %d %s", method, path, query, body, a.Code, a.Body)
		}
		if a.Code >= 400 || method == "GET" {
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				t.Errorf("%s %s?%s %q: %d and the store changed:\n%s", method, path, query, body, a.Code, diff)
			}
		}
	})
}
