package admin

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func wrong() bool { return false }

// Ten failures are free, then each costs six seconds, also of many at once; what succeeds costs nothing.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		for range 1000 {
			if wait := th.attempt(here, func() bool { return true }); wait != 0 {
				t.Fatalf("who never fails waits %v", wait)
			}
		}
		var tried atomic.Int32
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { th.attempt(here, func() bool { tried.Add(1); return false }) })
		}
		all.Wait()
		if tried.Load() != 10 {
			t.Errorf("%d wrong ones were looked at, want 10", tried.Load())
		}
		if wait := th.attempt(here, func() bool { t.Error("a right one was looked at"); return true }); wait != failureCosts {
			t.Errorf("the wait is %v", wait)
		}
		if wait := th.attempt(there, wrong); wait != 0 {
			t.Errorf("another address waits %v", wait)
		}
		time.Sleep(failureCosts)
		if first, second := th.attempt(here, wrong), th.attempt(here, wrong); first != 0 || second != failureCosts {
			t.Errorf("after a rest: %v, then %v", first, second)
		}
		begin, guesses := time.Now(), 0
		for time.Since(begin) < 24*time.Hour {
			if wait := th.attempt(here, func() bool { guesses++; return false }); wait > 0 {
				time.Sleep(wait)
			}
		}
		if guesses > 14_410 {
			t.Errorf("%d guesses in a day", guesses)
		}
	})
}

// One machine has a whole network of IPv6, and an address of IPv4 may be written as one.
func TestThrottleKnowsMachines(t *testing.T) {
	for _, pair := range [][2]string{{"2001:db8::1", "2001:db8::ffff:1"}, {"192.0.2.1", "::ffff:192.0.2.1"}, {"fe80::1%eth0", "fe80::2%eth1"}} {
		var th throttle
		for range 10 {
			th.attempt(netip.MustParseAddr(pair[0]), wrong)
		}
		if th.attempt(netip.MustParseAddr(pair[1]), wrong) == 0 {
			t.Errorf("%s is taken for another machine than %s", pair[1], pair[0])
		}
		if th.attempt(netip.MustParseAddr("2001:db8:1::1"), wrong) != 0 {
			t.Error("another network waits")
		}
	}
}

// However many addresses fail, what is remembered is bounded, and is forgotten when it is paid.
func TestThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		fail := func(from int) time.Duration {
			return th.attempt(netip.AddrFrom4([4]byte{10, byte(from >> 16), byte(from >> 8), byte(from)}), wrong)
		}
		for i := range 3 * mostAddresses {
			fail(i)
		}
		if len(th.paid) > mostAddresses+1 || fail(1<<20) == 0 {
			t.Errorf("%d addresses are remembered, and one more does not share an account", len(th.paid))
		}
		time.Sleep(mostDebt + failureCosts)
		if fail(1<<20+1) != 0 || len(th.paid) != 1 {
			t.Errorf("%d addresses are remembered after a rest", len(th.paid))
		}
	})
}

// Guessing is slowed down, the right token waits too, and the socket does not.
func TestGuessing(t *testing.T) {
	f := newFixture(t, adminToken)
	ask := func(authorization string) *httptest.ResponseRecorder {
		r := f.request("GET", "/admin/v1/status")
		r.RemoteAddr = "192.0.2.9:1000"
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		f.handler.TCP().ServeHTTP(w, r)
		return w
	}
	for i := range 100 {
		if got := ask(""); got.Code != 401 {
			t.Fatalf("without any token: %d", got.Code)
		}
		if got, want := ask(fmt.Sprint("Bearer guess-", i)), map[bool]int{true: 401, false: 429}[i < 10]; got.Code != want {
			t.Fatalf("guess %d: %d, want %d", i, got.Code, want)
		}
	}
	if w := ask("Bearer " + adminToken); w.Code != 429 || w.Header().Get("Retry-After") != "6" {
		t.Errorf("the right token after 100 guesses: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if got := f.ask(f.handler.Socket(), "GET", "/admin/v1/status", "", nil); got != 200 {
		t.Errorf("the socket: %d", got)
	}
	if got := f.ask(f.handler.TCP(), "GET", "/admin/v1/status", "Bearer "+adminToken, nil); got != 200 {
		t.Errorf("from another address: %d", got)
	}
	if records := f.records(); len(records) > 11 {
		t.Errorf("somebody unknown wrote %d records", len(records))
	}
}
