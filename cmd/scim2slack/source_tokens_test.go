package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/server"
	"scim2slack/server/admin"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// issuer is a gateway that has no credential in its configuration, with what tests do about tokens. It is not served: its handlers are called.
type issuer struct {
	*testing.T
	*daemon
}

func openIssuer(t *testing.T, cfg *config) *issuer {
	t.Helper()
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t, d}
}

// tokenless has two sources and no credential of theirs, nor a limit to what they ask.
func tokenless(t *testing.T) *config {
	cfg := quietConfig(t)
	cfg.Sources = []*sourceConfig{newSourceConfig("default"), newSourceConfig("okta")}
	for _, s := range cfg.Sources {
		s.Rate = server.Rate{}
	}
	cfg.Admin.Token = testAdminToken
	return cfg
}

// ask asks the admin side, and holds the answer against openapi.yaml.
func (g *issuer) ask(method, path string, query url.Values, answer any) int {
	r := httptest.NewRequest(method, path+"?"+query.Encode(), nil)
	r.Host = "127.0.0.1"
	r.Header.Set("Authorization", "Bearer "+testAdminToken)
	w := httptest.NewRecorder()
	g.daemon.admin.TCP().ServeHTTP(w, r)
	checkAnswer(g, r, w)
	if answer != nil && w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
			g.Error(err)
		}
	}
	return w.Code
}

func (g *issuer) make(source, name string, query url.Values) admin.NewSourceToken {
	var made admin.NewSourceToken
	all := url.Values{"source": {source}, "name": {name}}
	for k, v := range query {
		all[k] = v
	}
	if status := g.ask("POST", "/admin/v1/tokens", all, &made); status != 200 || admin.CheckTokenText(made.Token) != nil {
		g.Errorf("a new token is answered with %d %+v", status, made.TokenRow)
	}
	return made
}

func (g *issuer) revoke(who string) int {
	return g.ask("POST", "/admin/v1/tokens/revoke", url.Values{"who": {who}}, nil)
}

func (g *issuer) status(method, authorization string) int {
	r := httptest.NewRequest(method, "/scim/v2/Users/none", nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	g.edge.Handler().ServeHTTP(w, r)
	return w.Code
}

// 500 tokens are made and revoked while clients push: no request with one that counts fails, and one that was revoked is refused before the answer of
// the revocation is there. What the store keeps of them is no token, and who did what is recorded.
func TestTokensAreReplacedUnderLoad(t *testing.T) {
	const rotations, clients = 500, 2
	cfg := tokenless(t)
	g := openIssuer(t, cfg)
	var current sync.RWMutex // held by a request for as long as its token must count
	token, tokens := g.make("default", "round-0", nil), []string{}
	var stop atomic.Bool
	var served atomic.Int64
	var load sync.WaitGroup
	for range clients {
		load.Go(func() {
			for !stop.Load() {
				current.RLock()
				if got := g.status("GET", "Bearer "+token.Token); got != http.StatusNotFound {
					t.Errorf("a good request is answered with %d", got)
				}
				current.RUnlock()
				served.Add(1)
			}
		})
	}
	slowest := time.Duration(0)
	for i := range rotations {
		next := g.make("default", "round-"+string(rune('a'+i%26))+strings.Repeat("x", i/26), nil)
		current.Lock()
		old := token
		token = next
		current.Unlock()
		begin := time.Now()
		who := old.ID
		if i%2 == 0 {
			who = old.Name
		}
		if got := g.revoke(who); got != 200 {
			t.Errorf("revoke %s: %d", who, got)
		}
		if got := g.status("GET", "Bearer "+old.Token); got != 401 {
			t.Errorf("rotation %d: the old token is answered with %d", i, got)
		}
		slowest = max(slowest, time.Since(begin))
		tokens = append(tokens, old.Token)
	}
	stop.Store(true)
	load.Wait()
	t.Logf("%d requests meanwhile; the slowest revocation took %v, until the disk had it", served.Load(), slowest)
	if served.Load() < rotations {
		t.Errorf("%d requests in %d rotations are no load", served.Load(), rotations)
	}
	made, revoked := 0, 0
	err := g.store.View(t.Context(), func(tx store.Tx) error {
		for a, err := range tx.AuditAfter(0) {
			if err != nil {
				return err
			}
			switch {
			case a.Event == "token.created" && strings.HasPrefix(a.Actor, "admin:") && strings.Contains(a.Detail, "of source default"):
				made++
			case a.Event == "token.revoked" && strings.HasPrefix(a.Actor, "admin:"):
				revoked++
			}
		}
		return nil
	})
	if err != nil || made != rotations+1 || revoked != rotations {
		t.Errorf("%d made and %d revoked are recorded: %v", made, revoked, err)
	}
	if err := g.close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(tokens, token.Token) {
		if bytes.Contains(raw, []byte(text)) {
			t.Fatal("a token is in the store")
		}
	}
	again := openIssuer(t, cfg)
	defer again.close()
	if got := again.status("GET", "Bearer "+token.Token); got != 404 {
		t.Errorf("after a restart the token is answered with %d", got)
	}
	if got := again.status("GET", "Bearer "+tokens[0]); got != 401 {
		t.Errorf("after a restart a revoked token is answered with %d", got)
	}
}

// A token is of its source, may what it says, and ends when it says; another configuration takes it away with its source, and gives it back.
func TestTokensOfSources(t *testing.T) {
	cfg := tokenless(t)
	cfg.Sources[1].Header = headerConfig{Word: "SSWS"}
	g := openIssuer(t, cfg)
	defer g.close()
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	reader := g.make("default", "", url.Values{"readOnly": {"true"}, "expires": {expires.Format(time.RFC3339)}})
	okta := g.make("okta", "okta", nil)
	if reader.Name != "token-"+reader.ID || !reader.ReadOnly || !reader.Expires.Equal(expires) || reader.By == "" || okta.Source != "okta" {
		t.Errorf("%+v %+v", reader.TokenRow, okta.TokenRow)
	}
	status := func(method, authorization string, want int) {
		t.Helper()
		if got := g.status(method, authorization); got != want {
			t.Errorf("%s with %s is answered with %d, want %d", method, authorization, got, want)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		status(method, "Bearer "+reader.Token, 403)
	}
	status("GET", "Bearer "+reader.Token, 404)
	status("DELETE", "SSWS "+okta.Token, 404)
	status("DELETE", "Bearer "+okta.Token, 404)
	status("GET", "SSWS "+reader.Token, 401)
	for _, other := range []string{reader.ID, reader.Name, reader.Token[:len(reader.Token)-1], strings.ToLower(reader.Token), hashOf(reader.Token)} {
		status("GET", "Bearer "+other, 401)
	}
	for query, want := range map[string]int{"": 400, "source=ping": 400, "source=okta&name=okta": 409, "source=okta&name=a+b": 400, "source=okta&expires=2001-01-01T00:00:00Z": 400,
		"source=okta&expires=soon": 400, "source=okta&name=" + strings.Repeat("x", 64): 400} {
		values, _ := url.ParseQuery(query)
		if got := g.ask("POST", "/admin/v1/tokens", values, nil); got != want {
			t.Errorf("POST tokens?%s is answered with %d, want %d", query, got, want)
		}
	}
	if got := g.revoke("nobody"); got != 404 {
		t.Errorf("revoking nobody's token: %d", got)
	}
	var list admin.SourceTokenList
	g.ask("GET", "/admin/v1/tokens", nil, &list)
	if len(list.Tokens) != 2 || list.Tokens[0].Name != reader.Name || list.Tokens[0].LastUse.IsZero() || list.Tokens[1].Idle != "" {
		t.Errorf("%+v", list)
	}
	for _, step := range []struct {
		sources []*sourceConfig
		want    int
	}{{cfg.Sources[:1], 401}, {cfg.Sources, 404}} {
		other := *cfg
		other.Sources = step.sources
		if err := g.tokens.configure(t.Context(), &other); err != nil {
			t.Fatal(err)
		}
		status("GET", "Bearer "+okta.Token, step.want)
		status("GET", "Bearer "+reader.Token, 404)
	}
	if names := g.tokens.nobodyFor(cfg); len(names) != 0 {
		t.Errorf("nobody can push as %v", names)
	}
	g.revoke("okta")
	if names := g.tokens.nobodyFor(cfg); len(names) != 1 || names[0] != "okta" {
		t.Errorf("nobody can push as %v", names)
	}
}

// Uses are written once for each hour with a use, and at the end.
func TestUsesAreWrittenRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		edge, err := server.New(server.Config{SCIM: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		const text = "a-token-that-the-store-has"
		hash := server.Token("", text).TokenHash
		err = st.Update(t.Context(), func(tx store.Tx) error {
			return store.PutTokens(tx, []store.Token{{ID: "1", Name: "a", Source: "default", Hash: hash[:]}})
		})
		if err != nil {
			t.Fatal(err)
		}
		tokens := newSourceTokens(&countedWrites{Store: st}, edge, slog.New(slog.DiscardHandler))
		cfg := &config{Sources: []*sourceConfig{newSourceConfig("default")}}
		if err := tokens.configure(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- tokens.run(ctx) }()
		used := func() time.Time {
			list, err := tokens.read(t.Context())
			if err != nil || len(list) != 1 {
				t.Fatal(err)
			}
			return list[0].LastUse
		}
		push := func() {
			r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
			r.Header.Set("Authorization", "Bearer "+text)
			w := httptest.NewRecorder()
			if edge.Handler().ServeHTTP(w, r); w.Code != 404 {
				t.Fatalf("%d", w.Code)
			}
		}
		begin := time.Now()
		time.Sleep(30 * time.Second) // so that no push comes at the very moment of a write
		for range 10 * 60 {          // ten hours of pushes, one a minute
			push()
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if got, want := used(), begin.Add(9*time.Hour); !got.Equal(want) {
			t.Errorf("used at %v, want %v", got, want)
		}
		time.Sleep(5 * time.Hour) // of nothing
		push()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got, want := used(), begin.Add(15*time.Hour); !got.Equal(want) {
			t.Errorf("at the end used at %v, want %v", got, want)
		}
		if writes := tokens.store.(*countedWrites).writes; writes != 11 {
			t.Errorf("%d writes for 601 requests in 11 different hours", writes)
		}
	})
}

// countedWrites counts the transactions that write.
type countedWrites struct {
	store.Store
	writes int
}

func (c *countedWrites) Update(ctx context.Context, fn func(store.Tx) error) error {
	c.writes++
	return c.Store.Update(ctx, fn)
}
