package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/dialect"
	"scim2slack/reconcile"
	"scim2slack/scim"
	"scim2slack/scimhandlers"
	"scim2slack/server"
	"scim2slack/slackapi"
	"scim2slack/slacksim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

const testToken, testAdminToken = "a-source-token-for-tests", "an-admin-token-for-tests"

// testSealer seals the audit of a gateway, which keeps no values, as by default.
var testSealer = store.NewSealer(false, "an-audit-key-for-tests-0123456789")

// gateway is the whole program but its listeners, in front of a simulated Slack. It lives in a synctest bubble: the handlers are called
// directly, and Slack answers through a transport without a network.
type gateway struct {
	*testing.T
	slack      *slacksim.Sim
	store      store.Store
	reconciler *reconcile.Reconciler
	handler    http.Handler
	path       string
	setup      setup
	verdict    verdict // of setup.applied
	applyErr   error
	stop       func()
}

// setup is what a test may choose.
type setup struct {
	slack   slacksim.Options
	options func(*reconcile.Options)
	applied func(store.Store) (verdict, error) // what is done with the store before the loop starts
	profile dialect.Profile                    // what it does not say is as for a generic client
	root    string                             // where the client sends its requests; "" is /scim/v2
	wait    time.Duration                      // answer.wait
	share   float64
	clients []server.Credential // beside the token
}

// inGateway runs a test in a bubble with a gateway that is started and, at the end, stopped.
func inGateway(t *testing.T, s setup, test func(g *gateway)) {
	synctest.Test(t, func(t *testing.T) {
		s.slack.GroupDelay = max(s.slack.GroupDelay, time.Second)
		g := &gateway{T: t, slack: slacksim.New(s.slack), path: filepath.Join(t.TempDir(), "test.db"), setup: s}
		g.start()
		defer func() { g.stop() }()
		test(g)
	})
}

// start opens the store and starts the loop; after stop it may be called again: a restart.
func (g *gateway) start() {
	g.Helper()
	log := slog.New(slog.NewTextHandler(g.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	st, err := boltstore.Open(g.path, boltstore.Options{Sealer: testSealer})
	if err != nil {
		g.Fatal(err)
	}
	share := g.setup.share
	if share == 0 {
		share = 1
	}
	client, err := slackapi.New(slackapi.Config{Token: slacksim.DefaultToken, SCIMURL: "http://slack.test/scim", APIURL: "http://slack.test/api/",
		HTTPClient: g.slack.Client(), Share: share, Log: log})
	if err != nil {
		g.Fatal(err)
	}
	options := reconcile.DefaultOptions()
	if g.setup.options != nil {
		g.setup.options(&options)
	}
	if g.store = st; g.setup.applied != nil {
		g.verdict, g.applyErr = g.setup.applied(st)
	}
	g.reconciler = reconcile.New(reconcile.Config{Store: st, Slack: client, Sources: map[string]reconcile.Options{"default": options}, Log: log})
	handler := scimhandlers.New(scimhandlers.Config{Store: st, Syncer: g.reconciler, AnswerWait: g.setup.wait, Log: log,
		BaseURL: "http://gateway.test/scim/v2",
		Source: func(r *http.Request) scimhandlers.Source {
			return scimhandlers.Source{Name: server.SourceName(r.Context()), Profile: g.setup.profile.Or(dialect.Of(dialect.Generic)),
				GroupsDecide: options.Rules.ReadsGroups(), NestedDecide: options.NestedGroups == reconcile.NestedFlatten}
		}})
	srv, err := server.New(server.Config{SCIM: handler, Credentials: append([]server.Credential{server.Token("default", testToken)}, g.setup.clients...), Log: log})
	if err != nil {
		g.Fatal(err)
	}
	g.handler = srv.Handler()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { _ = g.reconciler.Run(ctx); ended <- struct{}{} }()
	go func() { _ = handler.Run(ctx); ended <- struct{}{} }()
	g.stop = func() {
		cancel()
		<-ended
		<-ended
		if err := st.Close(); err != nil {
			g.Error(err)
		}
	}
	synctest.Wait() // the token is checked
}

// settle lets time pass until nothing is left to do, at most for the time given (10 minutes if none is).
func (g *gateway) settle(atMost ...time.Duration) {
	g.Helper()
	limit := 10 * time.Minute
	if len(atMost) > 0 {
		limit = atMost[0]
	}
	for begin := time.Now(); time.Since(begin) < limit; time.Sleep(100 * time.Millisecond) {
		synctest.Wait()
		o := g.reconciler.Overview()
		if o.Queued+o.Working == 0 && len(g.pending()) == 0 {
			g.slack.Settle() // Slack shows late what it was told
			return
		}
	}
	g.Fatalf("not settled after %v: pending %v", limit, g.pending())
}

func (g *gateway) pending() (keys []store.Status) {
	g.Helper()
	err := g.store.View(context.Background(), func(tx store.Tx) error {
		for st, err := range tx.PendingKeys() {
			if err != nil {
				return err
			}
			keys = append(keys, st)
		}
		return nil
	})
	if err != nil {
		g.Fatal(err)
	}
	return keys
}

// status returns the status of a resource.
func (g *gateway) status(t store.Type, id string) (st store.Status) {
	g.Helper()
	err := g.store.View(context.Background(), func(tx store.Tx) (err error) {
		st, err = tx.Status(store.Key{Source: "default", Type: t, ID: id})
		return err
	})
	if err != nil {
		g.Fatal(err)
	}
	return st
}

// do sends one SCIM request and returns the status and the decoded body.
func (g *gateway) do(method, path string, body any) (int, scim.Object) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			g.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, cmp.Or(g.setup.root, "/scim/v2")+path, content)
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	checkAnswer(g, r, w)
	if w.Body.Len() == 0 {
		return w.Code, nil
	}
	answer, err := scim.Decode(w.Body.Bytes(), scim.DefaultLimits)
	if err != nil {
		g.Errorf("%s %s: answer %q: %v", method, path, w.Body, err)
	}
	return w.Code, answer
}

// must sends a request that is to be answered with one of the statuses.
func (g *gateway) must(method, path string, body any, statuses ...int) scim.Object {
	g.Helper()
	status, answer := g.do(method, path, body)
	if !slices.Contains(statuses, status) {
		g.Fatalf("%s %s: %d %v, want %v", method, path, status, answer, statuses)
	}
	return answer
}

// find looks a resource up as all clients do, and returns its id or "".
func (g *gateway) find(endpoint, attribute, value string) string {
	g.Helper()
	list := g.must("GET", endpoint+"?filter="+url.QueryEscape(fmt.Sprintf("%s eq %q", attribute, value)), nil, 200)
	if resources := list.List("Resources"); len(resources) == 1 {
		return resources[0].(scim.Object).String("id")
	}
	return ""
}

// slackUser returns the one account of that userName.
func (g *gateway) slackUser(userName string) slacksim.User {
	g.Helper()
	var found []slacksim.User
	for _, u := range g.slack.Users() {
		if u.UserName == userName {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		g.Fatalf("Slack has %d accounts named %s", len(found), userName)
	}
	return found[0]
}

// slackMembers returns the userNames of the members of a Slack group, sorted.
func (g *gateway) slackMembers(group string) []string {
	g.Helper()
	found, ok := g.slack.GroupByName(group)
	if !ok {
		g.Fatalf("Slack has no group %s", group)
	}
	names := []string{}
	for _, id := range found.Members {
		u, _ := g.slack.User(id)
		names = append(names, u.UserName)
	}
	slices.Sort(names)
	return names
}
