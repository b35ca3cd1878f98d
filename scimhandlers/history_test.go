package scimhandlers

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

// TestHistories runs random histories of pushes, in every dialect and in the spellings of many clients, against the model, with
// crashes and lost answers in between, and compares the whole state after each step: what a request does not name never changes.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{Rapid: rt, w: newWorld(t), model: model{users: map[string]*modelUser{}, groups: map[string]*modelGroup{}}}
		h.w.source.Profile = profiles().Draw(rt, "profile")
		defer h.w.store.Close()
		actions := map[string]func(*rapid.T){
			"": h.compare, "create user": h.createUser, "create group": h.createGroup, "put user": h.putUser, "patch user": h.patchUser,
			"soft delete": h.softDelete, "put group": h.putGroup, "patch group": h.patchGroup, "delete user": h.deleteUser,
			"delete group": h.deleteGroup, "crash": func(*rapid.T) { h.flush(); h.w.restart() },
		}
		rt.Repeat(actions)
	})
}

type history struct {
	Rapid *rapid.T
	w     *world
	model model
}

func (h *history) profile() dialect.Profile { return h.w.source.Profile }

func (h *history) flush() {
	if err := h.w.handler.flush(h.w.Context()); err != nil {
		h.w.Fatal(err)
	}
}

var (
	names  = rapid.SampledFrom([]string{"a", "b", "c", "d", "B", "D"})
	values = rapid.SampledFrom([]string{"", "x", "y", "z"})
)

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

// holder returns the user with the value of an attribute, and "" if there is none.
func (h *history) holder(path, value, but string) string {
	for id, u := range h.model.users {
		if id != but && value != "" && strings.EqualFold(u.attributes[path], value) {
			return id
		}
	}
	return ""
}

func (h *history) groupTaken(name, but string) bool {
	for id, g := range h.model.groups {
		if id != but && strings.EqualFold(g.name, name) {
			return true
		}
	}
	return false
}

// represent draws what a client maps of a person.
func represent(t *rapid.T, userName string) representation {
	r := representation{attributes: map[string]string{"userName": userName}}
	for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom(optional), 0, 4, rapid.ID).Draw(t, "attributes") {
		r.attributes[path] = values.Draw(t, path)
	}
	if rapid.Bool().Draw(t, "says active") {
		active := rapid.Bool().Draw(t, "active")
		r.active = &active
	}
	return r
}

func (h *history) createUser(t *rapid.T) {
	r := represent(t, names.Draw(t, "name"))
	if id := rapid.SampledFrom([]string{"", "e-1", "e-2", "e-3"}).Draw(t, "externalId"); id != "" {
		r.attributes["externalId"] = id
	}
	body := r.body()
	byName, byID := h.holder("userName", r.attributes["userName"], ""), h.holder("externalId", r.attributes["externalId"], "")
	known := byName
	if known == "" {
		known = byID
	}
	switch {
	case known == "":
		if rapid.Bool().Draw(t, "the answer is lost") {
			h.w.loseAnswer("/Users", body)
		}
		u := &modelUser{attributes: map[string]string{}, active: true, generation: 1}
		u.apply(r, dialect.PutKeep)
		h.model.users[h.w.must(201, "POST", "/Users", body).body.String("id")] = u
	case byID != "" && byID != known || !h.adopts(h.model.users[known], r):
		h.w.must(409, "POST", "/Users", body)
	default:
		if r.active == nil {
			r.active = new(bool)
			*r.active = true
		}
		u := h.model.users[known]
		next := u.clone()
		next.apply(r, h.profile().Put)
		if got := h.w.must(201, "POST", "/Users", body).body.String("id"); got != known {
			t.Fatalf("the POST of %s made %s", known, got)
		}
		h.advance(t, known, next)
	}
}

// adopts says whether a POST is meant for a user that is there.
func (h *history) adopts(u *modelUser, r representation) bool {
	revival := !u.active && (r.active == nil || *r.active)
	was, is := u.attributes["externalId"], r.attributes["externalId"]
	switch h.profile().PostKnown {
	case dialect.PostAdopt:
		return revival || was == "" || is == "" || was == is
	case dialect.PostRevive:
		return revival
	}
	return false
}

// advance makes next the state of a user. What changed makes one generation; a cleared attribute that was not there may make one.
func (h *history) advance(t *rapid.T, id string, next *modelUser) {
	u := h.model.users[id]
	now := h.w.generation(store.User, id)
	if changed := !u.equal(next); changed && now != u.generation+1 || now != u.generation && now != u.generation+1 {
		t.Fatalf("generation %d after %d", now, u.generation)
	}
	next.generation = now
	h.model.users[id] = next
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

// unknown sometimes adds an attribute that the schemas do not have, and reports whether the request is then refused.
func (h *history) unknown(t *rapid.T, o object) (refused bool) {
	if !rapid.Bool().Draw(t, "an unknown attribute") {
		return false
	}
	o["shoeSize"] = 42
	return h.profile().Unknown == dialect.UnknownReject
}

func (h *history) putUser(t *rapid.T) {
	id := h.user(t)
	name := h.model.users[id].attributes["userName"]
	if rapid.Bool().Draw(t, "rename") {
		name = names.Draw(t, "name")
	}
	r := represent(t, name)
	next := h.model.users[id].clone()
	next.apply(r, h.profile().Put)
	body := r.body()
	refused := h.unknown(t, body)
	h.editUser(t, id, next, 200, refused, "PUT", body)
}

func (h *history) patchUser(t *rapid.T) {
	id := h.user(t)
	next := h.model.users[id].clone()
	var operations []any
	for range rapid.IntRange(1, 4).Draw(t, "operations") {
		path := rapid.SampledFrom(append([]string{"active", "userName"}, optional...)).Draw(t, "path")
		switch path {
		case "active":
			next.active = rapid.Bool().Draw(t, "active")
			operations = append(operations, spellActive(t, next.active))
		case "userName":
			next.attributes[path] = names.Draw(t, "name")
			operations = append(operations, spell(t, path, next.attributes[path]))
		default:
			value := values.Draw(t, "value")
			next.set(path, value)
			operations = append(operations, spell(t, path, value))
		}
	}
	value := object{}
	refused := h.unknown(t, value)
	if len(value) > 0 {
		operations = append(operations, object{"op": "add", "value": value})
	}
	h.editUser(t, id, next, h.profile().PatchUser, refused, "PATCH", patchBody(operations...))
}

// softDelete is what Entra does: it renames whom it deactivates, and may give the name back.
func (h *history) softDelete(t *rapid.T) {
	id := h.user(t)
	next := h.model.users[id].clone()
	old := next.attributes["userName"]
	dead := fmt.Sprintf("%032x%s@x.test", len(id), old)
	if h.holder("userName", dead, id) != "" || strings.Contains(old, "@") {
		t.Skip("somebody is deleted already")
	}
	next.attributes["userName"], next.active = dead, false
	h.editUser(t, id, next, h.profile().PatchUser, false, "PATCH", patchBody(object{"op": "Replace", "path": "userName", "value": dead}, spellActive(t, false)))
	if !rapid.Bool().Draw(t, "restore") {
		return
	}
	next = next.clone()
	next.attributes["userName"], next.active = old, true
	h.editUser(t, id, next, h.profile().PatchUser, false, "PATCH", patchBody(object{"op": "Replace", "path": "userName", "value": old}, spellActive(t, true)))
}

func (h *history) editUser(t *rapid.T, id string, next *modelUser, status int, refused bool, method string, body any) {
	switch {
	case refused:
		h.w.must(400, method, "/Users/"+id, body)
	case h.holder("userName", next.attributes["userName"], id) != "":
		h.w.must(409, method, "/Users/"+id, body)
	default:
		a := h.w.must(status, method, "/Users/"+id, body)
		if a.Header().Get("ETag") == "" || (a.Body.Len() > 0) != (status == http.StatusOK) {
			t.Fatalf("%d with ETag %q and %q", status, a.Header().Get("ETag"), a.Body)
		}
		h.advance(t, id, next)
	}
}

func (h *history) putGroup(t *rapid.T) {
	id := h.group(t)
	g := h.model.groups[id]
	next := modelGroup{name: names.Draw(t, "name"), members: map[string]bool{}}
	body := object{"displayName": next.name}
	if rapid.Bool().Draw(t, "with members") {
		sent, known := h.some(t)
		next.members = known
		if len(sent) > 0 && len(known) == 0 {
			next.members = g.members // nothing but unknown members is a mistake
		}
		body["members"] = refs(sent...)
	} else if h.profile().GroupPutWithoutMembers == dialect.GroupPutKeep {
		next.members = g.members
	}
	h.editGroup(id, next, 200, h.unknown(t, body), "PUT", body)
}

func (h *history) patchGroup(t *rapid.T) {
	id := h.group(t)
	next := modelGroup{name: h.model.groups[id].name, members: maps.Clone(h.model.groups[id].members)}
	var operations []any
	for range rapid.IntRange(1, 3).Draw(t, "operations") {
		operations = append(operations, h.groupOperation(t, &next))
	}
	h.editGroup(id, next, h.profile().PatchGroup, false, "PATCH", patchBody(operations...))
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

func (h *history) editGroup(id string, next modelGroup, status int, refused bool, method string, body any) {
	g := h.model.groups[id]
	if refused {
		h.w.must(400, method, "/Groups/"+id, body)
		return
	}
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
		got.users[id] = &modelUser{attributes: flatten(o), active: o["active"] != false, generation: h.w.generation(store.User, id)}
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
