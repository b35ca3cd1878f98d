package server

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// Secrets are replaced 500 times, in the configuration and in the store, while clients push with them: no request with one that is taken fails, and one
// that was taken away is refused from the moment on in which SetCredentials or SetTokens returns.
func TestRotationUnderLoad(t *testing.T) {
	const rotations, clients = 500, 8
	s, _ := newTestServer(t, nil)
	token := func(kind string, i int) string { return fmt.Sprintf("%s-token-of-round-%06d", kind, i) }
	sets := map[string]func([]Credential) error{"configured": s.SetCredentials, "stored": s.SetTokens}
	var stop atomic.Bool
	var served atomic.Int64
	var load, rotate sync.WaitGroup
	for kind, set := range sets {
		take := func(rounds ...int) {
			var list []Credential
			for _, i := range rounds {
				c := Token(kind, token(kind, i))
				c.Name = fmt.Sprint("round-", i)
				list = append(list, c)
			}
			if err := set(list); err != nil {
				t.Error(err)
			}
		}
		var current sync.RWMutex // held by a request for as long as its token must be taken
		round := 0
		take(0)
		for range clients {
			load.Go(func() {
				for !stop.Load() {
					current.RLock()
					w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+token(kind, round))
					current.RUnlock()
					if w.Code != http.StatusOK {
						t.Errorf("%s: a good request is answered with %d", kind, w.Code)
					}
					served.Add(1)
				}
			})
		}
		rotate.Go(func() {
			for i := range rotations {
				take(i, i+1) // both are taken: clients move over one by one
				current.Lock()
				round = i + 1
				current.Unlock()
				take(i + 1)
				for old, want := range map[int]int{i: 401, i + 1: 200} {
					if w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+token(kind, old)); w.Code != want {
						t.Errorf("%s: after rotation %d token %d is answered with %d, want %d", kind, i, old, w.Code, want)
					}
				}
			}
		})
	}
	rotate.Wait()
	stop.Store(true)
	load.Wait()
	if served.Load() < rotations {
		t.Errorf("%d requests in %d rotations are no load", served.Load(), rotations)
	}
}

func BenchmarkAdmit(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		for _, kind := range []string{"bearer", "basic", "unknown"} {
			b.Run(fmt.Sprintf("tokens=%d/%s", n, kind), func(b *testing.B) {
				var list []Credential
				for i := range n {
					c := Token("idp", fmt.Sprint("a-token-of-the-idp-", i))
					if kind == "basic" {
						c.User = "user"
					}
					list = append(list, c)
				}
				keys, err := newKeyring(list)
				if err != nil {
					b.Fatal(err)
				}
				header := map[string]string{"bearer": "Bearer a-token-of-the-idp-0", "basic": "Basic " + basicOf("user", "a-token-of-the-idp-0"), "unknown": "Bearer a-token-of-nobody-0"}[kind]
				r := &http.Request{Header: http.Header{"Authorization": {header}}}
				b.ReportAllocs()
				for b.Loop() {
					if caller, _ := keys.admit(r); (caller.Source == "idp") != (kind != "unknown") {
						b.Fatal(caller)
					}
				}
			})
		}
	}
}
