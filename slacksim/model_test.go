package slacksim

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// checkWorld fails unless the organization is consistent.
func checkWorld(t rapid.TB, s *Sim) {
	t.Helper()
	byID := make(map[string]User)
	names, emails := make(map[string]string), make(map[string]string)
	for _, u := range s.Users() {
		byID[u.ID] = u
		if other := names[u.UserName]; other != "" {
			t.Fatalf("%s and %s are both called %s", other, u.ID, u.UserName)
		}
		names[u.UserName] = u.ID
		if u.Email == "" || u.UserName == "" || u.UserName != normalizeUserName(u.UserName) {
			t.Fatalf("half an account: %+v", u)
		}
		for _, e := range []string{u.Email, u.SecondaryEmail} {
			if other := emails[fold(e)]; e != "" && other != "" {
				t.Fatalf("%s and %s both have %s", other, u.ID, e)
			}
			emails[fold(e)] = u.ID
		}
		if found, _ := s.UserByName(u.UserName); found.ID != u.ID {
			t.Fatalf("%s is not found by name", u.ID)
		}
		if found, _ := s.UserByEmail(u.Email); found.ID != u.ID {
			t.Fatalf("%s is not found by e-mail", u.ID)
		}
		if u.Rank == RolePrimaryOwner && !u.Active {
			t.Fatal("the primary owner is inactive")
		}
	}
	for _, g := range s.Groups() {
		for i, id := range g.Members {
			if u, ok := byID[id]; !ok || !u.Active || u.Guest != nil {
				t.Fatalf("%s has the member %s: %+v", g.ID, id, u)
			}
			if slices.Contains(g.Members[:i], id) {
				t.Fatalf("%s has %s twice", g.ID, id)
			}
		}
	}
}

// TestWorldStaysConsistent makes random calls, many of them wrong, through
// random faults.
func TestWorldStaysConsistent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := New(fast(Options{
			Enterprise: true, CallLog: -1, PartialPatch: rapid.Bool().Draw(rt, "partial"),
			PartialMembers: rapid.Bool().Draw(rt, "partialMembers"), Pathless: PathlessApplied,
			TruncateUserNameOnConflict: rapid.Bool().Draw(rt, "truncate"),
		}))
		for _, kind := range []FaultKind{DropAnswer, DropBefore, StatusAfter, WrongActive, ApplyLate} {
			s.Inject(Fault{Kind: kind, Probability: 0.05, Seed: uint64(kind)})
		}
		name := rapid.SampledFrom([]string{"ann", "Ben", "cat@x.y", "general", "scim.admin"})
		email := rapid.SampledFrom([]string{"a@x.y", "A@x.y", "b@x.y", "c@x.y", "bad"})
		anyOf := func(ids []string, none string) string { return rapid.SampledFrom(append(ids, none)).Draw(rt, "id") }
		user := func() string {
			var ids []string
			for _, u := range s.Users() {
				ids = append(ids, u.ID)
			}
			return anyOf(ids, "W0NOBODY")
		}
		group := func() string {
			var ids []string
			for _, g := range s.Groups() {
				ids = append(ids, g.ID)
			}
			return anyOf(ids, "S0NOTHING")
		}
		call := func(method, path string, body any) {
			_, _ = try(t, s, method, path, body) // whatever the answer is
		}
		emails := func() []doc {
			return []doc{{"value": email.Draw(rt, "e1"), "primary": true}, {"value": email.Draw(rt, "e2")}}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) { checkWorld(rt, s) },
			"create": func(rt *rapid.T) {
				call("POST", "/v2/Users", newUser2(name.Draw(rt, "name"), doc{"emails": emails(), "active": rapid.Bool().Draw(rt, "active")}))
			},
			"put": func(rt *rapid.T) {
				call("PUT", "/v2/Users/"+user(), newUser2(name.Draw(rt, "name"), doc{"emails": emails(), "active": true}))
			},
			"patch": func(rt *rapid.T) {
				ops := rapid.SliceOfN(rapid.SampledFrom([]doc{
					op("replace", "active", true), op("replace", "active", false), op("remove", "emails"),
					op("replace", "emails", emails()), op("add", "emails", doc{"value": email.Draw(rt, "e3")}),
					op("replace", "userName", name.Draw(rt, "name")), op("add", urnGuest2, doc{"type": "multi"}), op("remove", urnGuest2),
					op("replace", "shoeSize", 1), {"op": "replace", "value": doc{"title": "x", "active": true}},
				}), 1, 4).Draw(rt, "ops")
				call("PATCH", "/v2/Users/"+user(), patch2(ops...))
			},
			"patch v1": func(rt *rapid.T) {
				call("PATCH", "/v1/Users/"+user(), doc{"emails": []doc{{"value": email.Draw(rt, "e"), "operation": "delete"}}, "active": "true"})
			},
			"delete":       func(*rapid.T) { call("DELETE", "/v2/Users/"+user(), nil) },
			"create group": func(*rapid.T) { call("POST", "/v2/Groups", newGroup2(user(), user(), user())) },
			"put group":    func(*rapid.T) { call("PUT", "/v2/Groups/"+group(), newGroup2(user(), user())) },
			"patch group": func(*rapid.T) {
				call("PATCH", "/v2/Groups/"+group(), patch2(op("add", "members", ids(user(), user())), op("remove", "members[value eq "+user()+"]")))
			},
			"delete group": func(*rapid.T) { call("DELETE", "/v2/Groups/"+group(), nil) },
		})
	})
}

// TestManyClients makes calls from many goroutines, for the race detector.
func TestManyClients(t *testing.T) {
	s := New(fast(Options{}))
	g := s.AddGroup(Group{DisplayName: "all"})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				id := send(t, s, "POST", "/v2/Users", newUser2(fmt.Sprintf("u%d-%d", i, j))).body["id"]
				send(t, s, "PATCH", "/v2/Groups/"+g, patch2(op("add", "members", []doc{{"value": id}})))
				send(t, s, "GET", "/v2/Users", nil)
				s.Users()
				s.Calls()
			}
		})
	}
	wg.Wait()
	checkWorld(t, s)
	if n := len(mustGroup(t, s, g).Members); n != 160 {
		t.Errorf("%d members", n)
	}
}

func TestStateIsACopy(t *testing.T) {
	s := New(fast(Options{Enterprise: true}))
	id := s.AddUser(User{UserName: "a", Active: true, Guest: &Guest{Type: "multi", Channels: []Channel{{"C1", "x"}}}})
	g := s.AddGroup(Group{DisplayName: "g", Members: []string{s.TokenUser(), s.TokenUser()}})
	s.Users()[1].Guest.Channels[0].Value = "changed"
	s.Groups()[0].Members[0] = "changed"
	if mustUser(t, s, id).Guest.Channels[0].Value != "C1" {
		t.Error("a guest's channels are shared")
	}
	if m := mustGroup(t, s, g).Members; len(m) != 1 || m[0] != s.TokenUser() {
		t.Error(m)
	}
	if _, ok := s.User("U0X"); ok || s.SetActive("U0X", true) || s.EditUser("U0X", nil) {
		t.Error("an account that does not exist")
	}
	for name, wrong := range map[string]func(){
		"no name":      func() { s.AddUser(User{}) },
		"same id":      func() { s.AddUser(User{ID: id, UserName: "b"}) },
		"same name":    func() { s.AddUser(User{UserName: "A", Email: "x@y.z"}) },
		"same email":   func() { s.AddUser(User{UserName: "b", Email: "A@example.com"}) },
		"edit":         func() { s.EditUser(id, func(u *User) { u.UserName = "scim.admin" }) },
		"same group":   func() { s.AddGroup(Group{ID: g}) },
		"no member":    func() { s.AddGroup(Group{Members: []string{"U0X"}}) },
		"no such kind": func() { s.Inject(Fault{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			wrong()
		}()
	}
	checkWorld(t, New(Options{}))
	send(t, s, "GET", "/v2/Users", nil).want(t, 200, "") // no panic holds the lock
}

func TestLoopbackOnly(t *testing.T) {
	h := New(fast(Options{})).Handler()
	for ip, want := range map[string]int{"127.0.0.1": 200, "::1": 200, "192.0.2.7": 403, "0.0.0.0": 403} {
		r := httptest.NewRequest("GET", "/scim/v2/ServiceProviderConfig", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(ip)}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d", ip, w.Code)
		}
	}
}

func TestStrictContentType(t *testing.T) {
	s := New(fast(Options{StrictContentType: true}))
	for ct, want := range map[string]int{"application/json; charset=utf-8": 201, "application/scim+json": 400, "": 400} {
		req := newRequest(t, "POST", "/scim/v2/Users", newUser2("a"))
		req.Header.Set("Content-Type", ct)
		r, err := do(s.Client(), req)
		if err != nil || r.status != want {
			t.Errorf("%s: %d %v", ct, r.status, err)
		}
	}
}
