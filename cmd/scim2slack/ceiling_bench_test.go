package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/scimhandlers"
	"scim2slack/server"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// idle is a reconciler that never does anything: what is measured is the inbound side.
type idle struct{}

func (idle) Enqueue(store.Key) {}
func (idle) Sync(_ context.Context, key store.Key, _ uint64) (store.Status, error) {
	return store.Status{Key: key, Phase: store.Pending}, nil
}

// stage is the whole inbound side over a durable store with n users and a group of 10,000 of them, or of all if there are fewer, and
// beside it the ceiling: an echo server that answers bytes that it has, over the same client.
type stage struct {
	*testing.B
	gateway, ceiling string // base URLs
	client           *http.Client
	static           []byte
	members          int
}

func stageUser(i int) string { return fmt.Sprintf("01890000-0000-7000-8000-%012d", i+1) }

const stageGroup = "01890000-0000-7000-9000-000000000001"

var sizes = []int{1_000, 10_000, 100_000}

func newStage(b *testing.B, n int) *stage {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := boltstore.Open(filepath.Join(b.TempDir(), "bench.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := &stage{B: b, members: min(n, 10_000), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.seed(st, n)
	handler := scimhandlers.New(scimhandlers.Config{Store: st, Syncer: idle{}, Log: log, Source: func(r *http.Request) scimhandlers.Source {
		return scimhandlers.Source{Name: server.SourceName(r.Context()), Profile: dialect.Of(dialect.Generic)}
	}})
	srv, err := server.New(server.Config{SCIM: handler, Credentials: []server.Credential{server.Token("default", testToken)}, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = handler.Run(ctx) })
	bare := echo.New()
	bare.GET("/*", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/scim+json", s.static) })
	bareServer := &http.Server{Handler: bare, ReadHeaderTimeout: time.Second}
	s.gateway = s.listen(func(l net.Listener) { running.Go(func() { _ = srv.Serve(ctx, l) }) }) + "/scim/v2"
	s.ceiling = s.listen(func(l net.Listener) { running.Go(func() { _ = bareServer.Serve(l) }) })
	b.Cleanup(func() {
		s.client.CloseIdleConnections()
		cancel()
		_ = bareServer.Close()
		running.Wait()
		_ = st.Close()
	})
	return s
}

func (s *stage) listen(serve func(net.Listener)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	serve(l)
	return "http://" + l.Addr().String()
}

// seed writes the directory in transactions of 5,000 users.
func (s *stage) seed(st store.Store, n int) {
	for from := 0; from < n; from += 5_000 {
		err := st.Update(context.Background(), func(tx store.Tx) error {
			for i := from; i < min(n, from+5_000); i++ {
				email := fmt.Sprintf("user%d@x.test", i)
				doc := scim.Object{"userName": email, "active": true, "displayName": "Ann Lee", "name": scim.Object{"givenName": "Ann", "familyName": "Lee"},
					"emails": []any{scim.Object{"value": email, "type": "work", "primary": true}}}
				key := store.Key{Source: "default", Type: store.User, ID: stageUser(i)}
				if err := tx.PutResource(store.Resource{Key: key, Generation: 1, Document: doc}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
	}
	err := st.Update(context.Background(), func(tx store.Tx) error {
		key := store.Key{Source: "default", Type: store.Group, ID: stageGroup}
		if err := tx.PutResource(store.Resource{Key: key, Generation: 1, Document: scim.Object{"displayName": "Everybody"}}); err != nil {
			return err
		}
		members := make([]store.Member, s.members)
		for i := range members {
			members[i] = store.Member{ID: stageUser(i), Type: store.User}
		}
		_, err := tx.AddMembers(key, members...)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) request(method, url, body string) []byte {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	a, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode >= 300 {
		s.Fatalf("%s %s: %d %.300s %v", method, url, a.StatusCode, answer, err)
	}
	return answer
}

// rounds is how many stretches of a run go to the gateway and to the ceiling in turns, so that both meet the same machine.
const rounds = 10

// compare measures a GET of the gateway, and how much of the ceiling's speed it has.
func (s *stage) compare(b *testing.B, path func(i int) string, want string) {
	s.static = s.request("GET", s.gateway+path(0), "")
	if !bytes.Contains(s.static, []byte(want)) {
		b.Fatalf("%s: %.300s", path(0), s.static)
	}
	var ours, theirs time.Duration
	measure := func(base string, n int) time.Duration {
		begin := time.Now()
		for i := range n {
			s.request("GET", base+path(i), "")
		}
		return time.Since(begin)
	}
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(b.N-done, max(1, b.N/rounds))
		ours += measure(s.gateway, n)
		b.StopTimer()
		theirs += measure(s.ceiling, n)
		b.StartTimer()
		done += n
	}
	b.ReportMetric(100*float64(theirs)/float64(ours), "%ceiling")
	b.ReportMetric(float64(b.N)/ours.Seconds(), "req/s")
}

// BenchmarkCeiling compares reads with the least that any server on this machine must spend, at three sizes of the store.
func BenchmarkCeiling(b *testing.B) {
	for _, n := range sizes {
		s := newStage(b, n)
		at := func(i int) int { return i * 7919 % n }
		for name, test := range map[string]struct {
			path func(i int) string
			want string
		}{
			"get":          {func(i int) string { return "/Users/" + stageUser(at(i)) }, `"Ann Lee"`},
			"filter":       {func(i int) string { return fmt.Sprintf("/Users?filter=userName%%20eq%%20%%22user%d@x.test%%22", at(i)) }, `"totalResults":1`},
			"list100":      {func(i int) string { return fmt.Sprintf("/Users?startIndex=%d&count=100", 1+i%9*100) }, `"itemsPerPage":100`},
			"groupWithout": {func(int) string { return "/Groups/" + stageGroup + "?excludedAttributes=members" }, `"Everybody"`},
		} {
			b.Run(fmt.Sprintf("%s/users=%d", name, n), func(b *testing.B) { s.compare(b, test.path, test.want) })
		}
	}
}

// BenchmarkLargeGroup makes groups of 10,000 members durably, at three sizes of the store.
func BenchmarkLargeGroup(b *testing.B) {
	for _, n := range sizes {
		if n < 10_000 {
			continue // there are not that many to be members
		}
		s := newStage(b, n)
		var members strings.Builder
		for i := range s.members {
			fmt.Fprintf(&members, `,{"value":%q}`, stageUser(i))
		}
		made := 0
		b.Run(fmt.Sprintf("post/users=%d", n), func(b *testing.B) {
			for b.Loop() {
				made++
				s.request("POST", s.gateway+"/Groups", fmt.Sprintf(`{"displayName":"Group %d","members":[%s]}`, made, members.String()[1:]))
			}
		})
	}
}
