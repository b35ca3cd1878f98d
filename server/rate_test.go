package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// One source that floods gets its share and no more, is told in whole seconds when to come again, and takes nothing from another: that one
// is never refused, and answered in the time that its work takes.
func TestRateIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const work, length = 5 * time.Millisecond, 5 * time.Second
		workers := make(chan struct{}, 20) // what the sources share: without a limit the flood would fill it
		s, _ := newTestServer(t, func(http.ResponseWriter, *http.Request) {
			workers <- struct{}{}
			time.Sleep(work)
			<-workers
		}, func(c *Config) {
			c.Rates = map[string]Rate{"idp": {PerSecond: 50, Burst: 100, Concurrent: 10}, "other": {PerSecond: 50, Burst: 100, Concurrent: 10}}
		})
		var served, refused atomic.Int64
		var flood sync.WaitGroup
		end := time.Now().Add(length)
		for range 100 {
			flood.Go(func() {
				for time.Now().Before(end) {
					w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret)
					if w.Code == 200 {
						served.Add(1)
						continue
					}
					refused.Add(1)
					if seconds, err := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != 429 || err != nil || seconds < 1 || seconds > 2 {
						t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
					}
					time.Sleep(25 * time.Millisecond) // as few clients would
				}
			})
		}
		var took []time.Duration
		for time.Now().Before(end) {
			begin := time.Now()
			if w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer another-token"); w.Code != 200 {
				t.Errorf("the other source: %d %s", w.Code, w.Body)
			}
			took = append(took, time.Since(begin))
			time.Sleep(25 * time.Millisecond)
		}
		flood.Wait()
		slices.Sort(took)
		if p99 := took[len(took)*99/100]; len(took) < 150 || p99 > work {
			t.Errorf("%d requests of the other source took up to %v, their work takes %v", len(took), p99, work)
		}
		if got, most := served.Load(), int64(100+50*length/time.Second); got > most+1 || got < most*9/10 || refused.Load() < 10*got {
			t.Errorf("the flood was served %d times, its share is %d; %d refused", got, most, refused.Load())
		}
	})
}

// Whoever waits as long as Retry-After says is served.
func TestRetryAfterIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, perSecond := range []float64{0.1, 0.7, 1, 3, 1000} {
			s, _ := newTestServer(t, nil, func(c *Config) { c.Rates = map[string]Rate{"idp": {PerSecond: perSecond, Burst: 2}} })
			refused := 0
			for range 200 {
				w := do(s, "POST", "/scim/v2/Users", "Authorization", "Bearer "+secret)
				if w.Code != 429 {
					continue
				}
				refused++
				checkError(t, w, 429)
				seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
				if err != nil || seconds < 1 || float64(seconds) > 1+1/perSecond {
					t.Fatalf("%g a second: Retry-After %q", perSecond, w.Header().Get("Retry-After"))
				}
				time.Sleep(time.Duration(seconds) * time.Second)
				if w := do(s, "POST", "/scim/v2/Users", "Authorization", "Bearer "+secret); w.Code != 200 {
					t.Fatalf("%g a second: %d after waiting %d s", perSecond, w.Code, seconds)
				}
			}
			if refused == 0 {
				t.Errorf("%g a second: nobody was refused", perSecond)
			}
		}
	})
}

// So many requests of a source may be under way, and one more when one of them is answered, also if it ends in a panic.
func TestConcurrentRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan bool)
		s, _ := newTestServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" && <-leave {
				panic("x")
			}
		}, func(c *Config) { c.Rates = map[string]Rate{"idp": {Concurrent: 3}} })
		var answers sync.WaitGroup
		for range 3 {
			answers.Go(func() { do(s, "POST", "/scim/v2/Users", "Authorization", "Bearer "+secret) })
		}
		synctest.Wait()
		for range 5 {
			w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret)
			checkError(t, w, 429)
			if !strings.Contains(w.Body.String(), "under way") || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s, Retry-After %q", w.Body, w.Header().Get("Retry-After"))
			}
		}
		if w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer another-token"); w.Code != 200 {
			t.Errorf("another source: %d", w.Code)
		}
		for _, panics := range []bool{true, false, false} {
			leave <- panics
			synctest.Wait()
			if w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret); w.Code != 200 {
				t.Errorf("after an answer: %d", w.Code)
			}
		}
		answers.Wait()
	})
}

// Other rates count at once. A source whose rate is as before does not begin anew.
func TestSetRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := map[string]Rate{"idp": {PerSecond: 1, Burst: 1}, "other": {PerSecond: 1, Burst: 1}}
		s, _ := newTestServer(t, nil, func(c *Config) { c.Rates = first })
		ask := func(token string) int { return do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+token).Code }
		for _, token := range []string{secret, "another-token"} {
			if first, second := ask(token), ask(token); first != 200 || second != 429 {
				t.Fatalf("%d %d", first, second)
			}
		}
		s.SetRates(map[string]Rate{"idp": {PerSecond: 1, Burst: 1}, "other": {PerSecond: 1, Burst: 2}})
		if same, other := ask(secret), ask("another-token"); same != 429 || other != 200 {
			t.Errorf("the same rate: %d; another one: %d", same, other)
		}
		s.SetRates(nil)
		if got := ask(secret); got != 200 {
			t.Errorf("without a rate: %d", got)
		}
	})
}

// Who presents wrong credentials too often is told to wait. Right ones are served from the same address meanwhile, and wrong ones from
// others are refused as ever.
func TestGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := newTestServer(t, nil, func(c *Config) { c.Guesses = Rate{PerSecond: 0.5, Burst: 10} })
		ask := func(address, token string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
			r.RemoteAddr = address
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			return w
		}
		counts := map[int]int{}
		for i := range 1000 {
			w := ask("192.0.2.1:"+strconv.Itoa(1000+i), fmt.Sprint("guess-", i))
			counts[w.Code]++
			if w.Header().Get("WWW-Authenticate") == "" {
				t.Error("no challenge")
			}
			if w.Code == 429 && w.Header().Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
			if w := ask("192.0.2.1:7", secret); w.Code != 200 {
				t.Fatalf("a right credential from the same address: %d", w.Code)
			}
		}
		if counts[401] != 10 || counts[429] != 990 {
			t.Errorf("%v", counts)
		}
		if got := strings.Count(log.String(), "unauthenticated request"); got != 10 {
			t.Errorf("%d lines in the log", got)
		}
		refused := 0
		for i := range 20 { // one of them may share the bucket
			if ask(fmt.Sprintf("192.0.2.%d:1", 100+i), "x").Code == 429 {
				refused++
			}
		}
		if refused > 2 {
			t.Errorf("%d of 20 other addresses have to wait", refused)
		}
		time.Sleep(2 * time.Second)
		if first, second := ask("192.0.2.1:1", "x").Code, ask("192.0.2.1:1", "x").Code; first != 401 || second != 429 {
			t.Errorf("after a rest: %d %d", first, second)
		}
		for i := range 11 { // addresses of one network are one
			if w := ask(fmt.Sprintf("[2001:db8::%d]:1", i), "x"); (w.Code == 429) != (i == 10) {
				t.Errorf("address %d of a network: %d", i, w.Code)
			}
		}
	})
}
