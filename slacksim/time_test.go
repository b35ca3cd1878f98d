package slacksim

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLimits spends every bucket and waits as long as it is told.
func TestLimits(t *testing.T) {
	tests := []struct {
		name, method, path string
		burst              int
		perMinute          int
	}{
		{EndpointGetUser, "GET", "/v2/Users/U0X", 300, 300},
		{EndpointCreateUser, "POST", "/v2/Users", 20, 180},
		{EndpointUpdateUser, "PATCH", "/v2/Users/U0X", 20, 180},
		{EndpointUpdateUser + " by PUT", "PUT", "/v1/Users/U0X", 20, 180},
		{EndpointDeleteUser, "DELETE", "/v2/Users/U0X", 20, 180},
		{EndpointGetGroup, "GET", "/v2/Groups/S0X", 300, 300},
		{EndpointCreateGroup, "POST", "/v2/Groups", 20, 180},
		{EndpointUpdateGroup, "PATCH", "/v2/Groups/S0X", 80, 180},
		{EndpointDeleteGroup, "DELETE", "/v2/Groups/S0X", 20, 180},
		{"reads", "GET", "/v2/Users", 1000, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Options{}) // outside the bubble, whose clock is earlier
			synctest.Test(t, func(t *testing.T) {
				for i := range tt.burst {
					if r := send(t, s, tt.method, tt.path, nil); r.status == 429 {
						t.Fatalf("call %d of %d refused", i+1, tt.burst)
					}
				}
				r := send(t, s, tt.method, tt.path, nil).want(t, 429, "too_many_requests")
				wait, err := strconv.Atoi(r.header.Get("Retry-After"))
				if err != nil || wait != 1 {
					t.Fatalf("Retry-After %q", r.header.Get("Retry-After"))
				}
				time.Sleep(time.Minute / time.Duration(tt.perMinute))
				if r := send(t, s, tt.method, tt.path, nil); r.status == 429 {
					t.Error("refused after the refill of one")
				}
				send(t, s, tt.method, tt.path, nil).want(t, 429, "too_many_requests")
				time.Sleep(time.Hour)
				for i := range tt.burst {
					if r := send(t, s, tt.method, tt.path, nil); r.status == 429 {
						t.Fatalf("call %d after an hour refused", i+1)
					}
				}
				send(t, s, tt.method, tt.path, nil).want(t, 429, "too_many_requests")
			})
		})
	}
}

// TestAllWritesShareABucket: endpoints have theirs on top of the common one,
// and both versions share.
func TestAllWritesShareABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: map[string]Limit{
			EndpointUpdateUser: {PerMinute: -1}, EndpointUpdateGroup: {PerMinute: -1}, "writes": {PerMinute: 60, Burst: 10},
		}})
		for i := range 10 {
			path := []string{"/v1/Users/U0X", "/v2/Users/U0X", "/v1/Groups/S0X", "/v2/Groups/S0X"}[i%4]
			send(t, s, "PATCH", path, nil).want(t, 404, send(t, s, "GET", path, nil).errorID())
		}
		send(t, s, "PATCH", "/v2/Users/U0X", nil).want(t, 429, "too_many_requests")
		send(t, s, "DELETE", "/v1/Groups/S0X", nil).want(t, 429, "too_many_requests")
		send(t, s, "GET", "/v2/Users", nil).want(t, 200, "")
		// Refused calls take nothing, from either bucket.
		time.Sleep(time.Second)
		send(t, s, "DELETE", "/v2/Groups/S0X", nil).want(t, 404, "no_such_group")
	})
}

// errorID is the identifier of an error.
func (r response) errorID() string {
	text := r.errorText()
	for i := range text {
		if text[i] == ' ' {
			return text[:i]
		}
	}
	return text
}

func TestLimitOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: map[string]Limit{EndpointCreateUser: {PerMinute: 1}}})
		send(t, s, "POST", "/v2/Users", newUser2("a")).want(t, 201, "")
		r := send(t, s, "POST", "/v2/Users", newUser2("b")).want(t, 429, "too_many_requests")
		if r.header.Get("Retry-After") != "60" {
			t.Error(r.header)
		}
		s = New(Options{NoLimits: true})
		for range 2000 {
			send(t, s, "GET", "/v2/Users?count=1", nil).want(t, 200, "")
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("an unknown limit was taken")
		}
	}()
	New(Options{Limits: map[string]Limit{"createUsers": {}}})
}

// TestObedientClientGetsThrough: a client that waits as it is told creates at
// the published rate and is never starved.
func TestObedientClientGetsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start, refused := New(Options{}), time.Now(), 0
		for i := range 200 {
			for {
				r := send(t, s, "POST", "/v2/Users", newUser2("u"+strconv.Itoa(i)))
				if r.status == 201 {
					break
				}
				wait, err := strconv.Atoi(r.want(t, 429, "too_many_requests").header.Get("Retry-After"))
				if err != nil {
					t.Fatal(err)
				}
				refused++
				time.Sleep(time.Duration(wait) * time.Second)
			}
		}
		// 20 at once and 3 a second from then on.
		if took := time.Since(start); took < 60*time.Second || took > 62*time.Second || refused > 62 {
			t.Errorf("took %v, %d refused", took, refused)
		}
	})
}

func TestOtherAppsSpendTheSameLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Limits: map[string]Limit{"reads": {PerMinute: -1}}})
		s.Spend("writes", 1000)
		s.Spend("reads", 1000)
		send(t, s, "POST", "/v2/Users", newUser2("a")).want(t, 429, "too_many_requests")
		send(t, s, "GET", "/v2/Users", nil).want(t, 200, "")
		time.Sleep(time.Second)
		send(t, s, "POST", "/v2/Users", newUser2("a")).want(t, 201, "")
	})
}

func TestDeactivationShowsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		a := s.AddUser(User{UserName: "a", Active: true})
		g := s.AddGroup(Group{DisplayName: "g", Members: []string{a}})
		active := func() any { return send(t, s, "GET", "/v2/Users/"+a, nil).body["active"] }
		send(t, s, "DELETE", "/v2/Users/"+a, nil).want(t, 204, "")
		time.Sleep(time.Second)
		send(t, s, "DELETE", "/v2/Users/"+a, nil).want(t, 204, "") // does not put it off
		if active() != true || s.Pending() != 1 || len(mustGroup(t, s, g).Members) != 1 {
			t.Error("inactive at once")
		}
		time.Sleep(time.Second)
		if active() != false || s.Pending() != 0 || len(mustGroup(t, s, g).Members) != 0 {
			t.Error("still active")
		}
		// A reactivation in between wins, an unrelated change does not matter.
		for _, tt := range []struct {
			op   doc
			want bool
		}{{op("replace", "active", true), true}, {op("replace", "title", "x"), false}} {
			s.SetActive(a, true)
			send(t, s, "DELETE", "/v2/Users/"+a, nil).want(t, 204, "")
			send(t, s, "PATCH", "/v2/Users/"+a, patch2(tt.op)).want(t, 200, "")
			s.Settle()
			if active() != tt.want {
				t.Errorf("%v: active %v", tt.op, active())
			}
		}
	})
}

func TestGroupsShowLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{GroupDelay: 3 * time.Second})
		u := s.AddUser(User{UserName: "a", Active: true})
		id := send(t, s, "POST", "/v2/Groups", newGroup2("old", u)).want(t, 201, "").id(t)
		total := func() any {
			return send(t, s, "GET", filterPath("/v2/Groups", "displayName pr"), nil).body["totalResults"]
		}
		name := func() any { return send(t, s, "GET", "/v2/Groups/"+id, nil).body["displayName"] }
		if total() != 0.0 || name() != "old" {
			t.Error("a new group is listed at once")
		}
		time.Sleep(3 * time.Second)
		if total() != 1.0 {
			t.Error("still not listed")
		}
		r := send(t, s, "PUT", "/v2/Groups/"+id, newGroup2("new")).want(t, 200, "")
		if r.body["displayName"] != "old" || name() != "old" {
			t.Error("the new name shows at once")
		}
		if gs := send(t, s, "GET", "/v2/Users/"+u, nil).body["groups"].([]any); len(gs) != 1 {
			t.Error("left at once")
		}
		time.Sleep(time.Second)
		send(t, s, "PATCH", "/v2/Groups/"+id, patch2(op("replace", "displayName", "newest"))).want(t, 200, "")
		time.Sleep(2 * time.Second)
		if name() != "new" {
			t.Error(name())
		}
		time.Sleep(time.Second)
		if name() != "newest" || len(mustGroup(t, s, id).Members) != 0 {
			t.Error(name())
		}
		send(t, s, "DELETE", "/v2/Groups/"+id, nil).want(t, 204, "")
		send(t, s, "DELETE", "/v2/Groups/"+id, nil).want(t, 404, "no_such_group")
		if name() != "newest" || len(s.Groups()) != 1 {
			t.Error("gone at once")
		}
		s.Settle()
		send(t, s, "GET", "/v2/Groups/"+id, nil).want(t, 404, "no_such_group")
		if len(s.Groups()) != 0 {
			t.Error("still there")
		}
	})
}

func TestPhotoShowsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		id := s.AddUser(User{UserName: "a", Active: true})
		photo := func(r response) any { return r.body["photos"].([]any)[0].(doc)["value"] }
		get := func() any { return photo(send(t, s, "GET", "/v2/Users/"+id, nil)) }
		first := get()
		patch := patch2(op("replace", "photos", []doc{{"value": "https://x/p.jpg"}}))
		if photo(send(t, s, "PATCH", "/v2/Users/"+id, patch).want(t, 200, "")) != first {
			t.Error("the answer has the new photo")
		}
		time.Sleep(DefaultPhotoDelay)
		if second := get(); second == first || second == "https://x/p.jpg" {
			t.Error(second)
		}
	})
}

// TestOneWriteAtATime: a second write on the same resource is refused, on
// another one it is not.
func TestOneWriteAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Latency: time.Second})
		a, b := s.AddUser(User{UserName: "a", Active: true}), s.AddUser(User{UserName: "b", Active: true})
		g := s.AddGroup(Group{DisplayName: "g"})
		var wg sync.WaitGroup
		begin := func(path string, body doc) {
			wg.Go(func() {
				if r := send(t, s, "PATCH", path, body); r.status != 200 {
					t.Errorf("%s: %s", path, r.text)
				}
			})
		}
		begin("/v2/Users/"+a, patch2(op("replace", "title", "first")))
		begin("/v2/Users/"+b, patch2(op("replace", "title", "first")))
		begin("/v2/Groups/"+g, patch2(op("replace", "displayName", "first")))
		synctest.Wait()
		for path, id := range map[string]string{"/v2/Users/" + a: "too_many_requests", "/v1/Groups/" + g: "resource_locked"} {
			if r := send(t, s, "PATCH", path, patch2(op("replace", "title", "x"))).want(t, 429, id); r.header.Get("Retry-After") != "1" {
				t.Errorf("%s: %v", path, r.header)
			}
		}
		wg.Wait()
		send(t, s, "PATCH", "/v2/Users/"+a, patch2(op("replace", "title", "second"))).want(t, 200, "")
		if u := mustUser(t, s, a); u.Title != "second" {
			t.Error(u.Title)
		}
	})
}

// TestClientThatLeaves: what a call does when its client does not wait.
func TestClientThatLeaves(t *testing.T) {
	for _, tt := range []struct {
		effect EffectTime
		before bool // done when the client leaves
		after  bool // done in the end
	}{{EffectAtEnd, false, true}, {EffectAtStart, true, true}, {EffectUnlessGone, false, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{})
			id := s.AddUser(User{UserName: "a", Active: true})
			s.Inject(Fault{Kind: Latency, Endpoint: EndpointUpdateUser, Delay: 10 * time.Second, Effect: tt.effect, Times: 1})
			c := s.Client()
			c.Timeout = 3 * time.Second
			req := newRequest(t, "PATCH", "/scim/v2/Users/"+id, patch2(op("replace", "title", "x")))
			start := time.Now()
			_, err := do(c, req)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
			if got := mustUser(t, s, id).Title == "x"; got != tt.before {
				t.Errorf("effect %d: when the client leaves: %v", tt.effect, got)
			}
			next := send(t, s, "PATCH", "/v2/Users/"+id, patch2(op("replace", "locale", "en"))).status
			if locked := next == 429; locked == (tt.effect == EffectUnlessGone) {
				t.Errorf("effect %d: next write got %d", tt.effect, next)
			}
			time.Sleep(7 * time.Second)
			if got := mustUser(t, s, id).Title == "x"; got != tt.after {
				t.Errorf("effect %d: in the end: %v", tt.effect, got)
			}
			send(t, s, "PATCH", "/v2/Users/"+id, patch2(op("replace", "locale", "de"))).want(t, 200, "")
			if diff := cmp.Diff(0, s.Calls()[0].Status); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An organization at its worst shows new people late, and lets two have one name.
func TestLateListsAndNoUniqueness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{UserDelay: 10 * time.Second, UniquenessOff: true})
		first := send(t, s, "POST", "/v2/Users", newUser2("janet")).id(t)
		find := func(want ...string) {
			t.Helper()
			r := send(t, s, "GET", `/v2/Users?filter=userName+eq+"janet"`, nil)
			if got := r.body["totalResults"]; got != float64(len(want)) {
				t.Errorf("%v are found, want %d", got, len(want))
			}
		}
		find()
		send(t, s, "GET", "/v2/Users/"+first, nil).want(t, 200, "")
		time.Sleep(10 * time.Second)
		find(first)
		second := send(t, s, "POST", "/v2/Users", newUser2("janet")).id(t)
		find(first)
		time.Sleep(10 * time.Second)
		find(first, second)
	})
}
