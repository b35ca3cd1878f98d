package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/server/admin"
	"scim2slack/slacksim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// records returns the whole audit as JSON, a line each, and its records.
func (g *gateway) records() (text string, all []store.Audit) {
	g.Helper()
	err := g.store.View(context.Background(), func(tx store.Tx) error {
		for r, err := range tx.SealedAfter(0) {
			if err != nil {
				return err
			}
			text += string(r.Record) + "\n"
			a, err := store.DecodeAudit(r.Record)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return nil
	})
	if err != nil {
		g.Fatal(err)
	}
	return text, all
}

// troubled pushes two people and a group through a Slack that limits, refuses, fails and does not answer.
func (g *gateway) troubled() {
	for _, f := range []slacksim.Fault{
		{Kind: slacksim.DropAnswer, Endpoint: "createUser", Times: 1},
		{Kind: slacksim.TooManyRequests, Endpoint: "updateUser", RetryAfter: time.Second, Times: 1},
		{Kind: slacksim.RefuseWith, Endpoint: "updateUser", Status: 400, Error: "invalid_display_name", Times: 1},
		{Kind: slacksim.StatusAfter, Endpoint: "createGroup", Status: 503, Times: 1},
	} {
		g.slack.Inject(f)
	}
	ann := g.must("POST", "/Users", secretPerson("ann"), 201).String("id")
	g.settle()
	bob := g.must("POST", "/Users", secretPerson("bob"), 201).String("id")
	changed := secretPerson("ann")
	changed["displayName"], changed["title"] = "Canary Changed", "Canary Cook"
	g.must("PUT", "/Users/"+ann, changed, 200)
	g.settle()
	group := g.must("POST", "/Groups", scim.Object{"displayName": "Canary Staff", "members": []any{scim.Object{"value": ann}, scim.Object{"value": bob}}}, 201).String("id")
	g.settle()
	g.must("PATCH", "/Users/"+bob, scim.Object{"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []any{scim.Object{"op": "replace", "path": "active", "value": false}}}, 200)
	g.must("DELETE", "/Groups/"+group, nil, 204)
	g.settle()
}

// secretPerson has the canary in every value.
func secretPerson(name string) scim.Object {
	return scim.Object{"userName": name + ".canary", "externalId": "canary-" + name, "displayName": "Canary " + name, "title": "Canary",
		"name": scim.Object{"givenName": "Canary", "familyName": name}, "emails": []any{scim.Object{"value": name + "@canary.example.com", "primary": true}}}
}

// Every call that Slack got is in the audit, with the answer that it gave, in the order in which it gave them to one resource; and each call that changes
// something has its intent before it.
func TestAuditHasEveryCall(t *testing.T) {
	inGateway(t, setup{slack: slacksim.Options{NoLimits: true}}, func(g *gateway) {
		g.troubled()
		want, got := map[string]int{}, map[string]int{}
		for _, c := range g.slack.Calls() {
			if !strings.Contains(c.Endpoint, "auth.test") && strings.Contains(c.Path, "/scim/") {
				want[fmt.Sprint(c.Method, " ", c.Status)]++
			}
		}
		_, all := g.records()
		intents := map[store.Key]int{}
		for _, a := range all {
			for _, c := range a.Calls {
				got[fmt.Sprint(c.Method, " ", c.Status)]++
				if c.Method != "GET" {
					if intents[a.Key]--; intents[a.Key] < 0 {
						t.Errorf("record %s of %s has a call without an intent: %+v", a.Event, a.Key, c)
					}
				}
			}
			if a.Event == "slack.intent" {
				intents[a.Key]++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("calls (-Slack +audit):\n%s", diff)
		}
		var e admin.Explanation
		g.admin("GET", "/admin/v1/explain?who=ann.canary", nil, &e)
		var out strings.Builder
		if err := printStory(&out, &e.Stories[0]); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"POST /Users", "no answer: unknown", "PATCH /Users/{id}", "answered 429: too_many_requests", "answered 400: invalid_display_name", "answered 200"} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("explain does not say %q:\n%s", line, &out)
			}
		}
	})
}

// No value of a person is in a record, whatever comes in and whatever Slack says.
func TestAuditHasNoValues(t *testing.T) {
	inGateway(t, setup{slack: slacksim.Options{NoLimits: true}}, func(g *gateway) {
		g.slack.AddUser(slacksim.User{UserName: "other", Email: "eve@canary.example.com", Active: true})
		g.must("POST", "/Users", secretPerson("eve"), 201) // her e-mail is taken, as Slack says in words
		g.troubled()
		text, all := g.records()
		if i := strings.Index(strings.ToLower(text), "canary"); i >= 0 {
			t.Errorf("a record tells a value: %s", text[max(0, i-300):min(len(text), i+100)])
		}
		events := map[string]bool{}
		changed := map[string]store.Change{}
		for _, a := range all {
			events[a.Event] = true
			for _, c := range a.Changes {
				if a.Event == "resource.replaced" || a.Event == "resource.patched" {
					changed[c.Attribute] = c
				}
			}
		}
		for _, event := range []string{"resource.created", "resource.replaced", "resource.patched", "resource.deleted", "slack.intent", "slack.unknown", "slack.refused", "slack.updated",
			"slack.deactivated", "slack.deleted", "decided.synced", "slack.resolved"} {
			if !events[event] {
				t.Errorf("there is no record of %s", event)
			}
		}
		title := changed["title"]
		if b, ok := title.Before.(string); !ok || !strings.HasPrefix(b, "hmac:") || title.After == title.Before {
			t.Errorf("the title changed so: %+v", title)
		}
		if active := changed["active"]; active.Before != true || active.After != false {
			t.Errorf("who is deactivated is not told: %+v", active)
		}
	})
}

// The rules that gave an attribute, and the scope that put somebody out, are told by their place.
func TestAuditNamesTheRule(t *testing.T) {
	inGateway(t, ruled(t, `userType != "External"`), func(g *gateway) {
		id := g.must("POST", "/Users", scim.Object{"userName": "ann", "emails": memberList("ann@example.com")}, 201).String("id")
		g.settle()
		g.must("PUT", "/Users/"+id, scim.Object{"userName": "ann", "userType": "External", "emails": memberList("ann@example.com")}, 200)
		g.settle()
		_, all := g.records()
		if last := all[len(all)-1]; last.Event != "decided.synced" || last.Rule != "rules.yaml:1" {
			t.Errorf("the last record is %+v", last)
		}
	})
}

// The audit routes answer as openapi.yaml says, also when there is nothing.
func TestAuditRoutes(t *testing.T) {
	inGateway(t, setup{slack: slacksim.Options{NoLimits: true}}, func(g *gateway) {
		h := admin.New(admin.Config{Store: readOnly{g.store}, Sources: []string{"default"}, Sealer: testSealer, Log: slog.New(slog.DiscardHandler)}).DataFile()
		ask := func(path string, status, lines int) string {
			t.Helper()
			r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
			h.ServeHTTP(w, r)
			checkAnswer(t, r, w)
			if got := strings.Count(w.Body.String(), "\n"); w.Code != status || lines >= 0 && got != lines {
				t.Errorf("%s: %d, %d lines: %s", path, w.Code, got, w.Body)
			}
			return w.Body.String()
		}
		ask("/admin/v1/audit", 200, 0)
		ask("/admin/v1/audit/head", 404, -1)
		ask("/admin/v1/audit/verify", 200, 1)
		ask("/admin/v1/audit/export", 200, 1)
		g.troubled()
		_, all := g.records()
		ask("/admin/v1/audit?limit=10000", 200, len(all))
		ask("/admin/v1/audit?limit=3", 200, 3)
		ask("/admin/v1/audit?event=slack.unknown", 200, 2)
		ask("/admin/v1/audit?actor=source", 200, 6)
		ask("/admin/v1/audit?who=ann.canary&event=resource.replaced", 200, 1)
		ask("/admin/v1/audit?until=2000-01-01T00:00:00Z", 200, 0) // the bubble's first moment
		ask("/admin/v1/audit/export", 200, len(all)+1)
		ask(fmt.Sprint("/admin/v1/audit/export?after=", len(all)-2), 200, 4)
		head := ask("/admin/v1/audit/head", 200, -1)
		if !strings.Contains(head, `"mac"`) || !strings.Contains(ask("/admin/v1/audit/verify", 200, 1), `"broken":false`) {
			t.Errorf("head %s", head)
		}
		for _, wrong := range []string{"?limit=0", "?limit=10001", "?since=now", "?who=nobody", "/verify?head=x", "/export?after=x"} {
			ask("/admin/v1/audit"+wrong, 400, -1)
		}
	})
}

// readOnly keeps no record of who asks, as a closed data file does not.
type readOnly struct{ store.Store }

func (readOnly) Update(context.Context, func(store.Tx) error) error { return store.ErrReadOnly }

// Old records go, the newest stays, what was removed is on record, and the rest is proven from a head of before.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := boltstore.Open(filepath.Join(t.TempDir(), "g.db"), boltstore.Options{NoSync: true, Sealer: testSealer})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		d := &daemon{cfg: defaultConfig(), store: st, log: slog.New(slog.DiscardHandler)}
		var head store.Head
		happen := func(n int) {
			err := st.Update(t.Context(), func(tx store.Tx) (err error) {
				for range n {
					if err := tx.AppendAudit(store.Audit{Time: time.Now(), Event: "resource.patched"}); err != nil {
						return err
					}
				}
				head, err = tx.AuditHead()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		happen(2*trimBatch + 7)
		time.Sleep(200 * day)
		happen(5)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.keepAudit(ctx) }()
		left := func() int {
			synctest.Wait()
			v, err := store.VerifyAudit(t.Context(), st, testSealer, head)
			if err != nil || v.Broken {
				t.Errorf("%+v, %v", v, err)
			}
			return int(v.Verified)
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{199 * day, 2*trimBatch + 12}, {2 * day, 6}, {100 * day, 6}} {
			time.Sleep(step.wait)
			if got := left(); got != step.want {
				t.Errorf("after %v %d are left, want %d", step.wait, got, step.want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAuditKeyFile(t *testing.T) {
	cfg := defaultConfig()
	cfg.Data = filepath.Join(t.TempDir(), "g.db")
	if _, err := cfg.auditKey(); !os.IsNotExist(err) && err == nil {
		t.Errorf("there is a key before the first start: %v", err)
	}
	first, err := cfg.firstAuditKey()
	if err != nil || len(first) != 64 {
		t.Fatalf("%d characters, %v", len(first), err)
	}
	if again, err := cfg.firstAuditKey(); err != nil || again != first {
		t.Errorf("the second start has another key, or %v", err)
	}
	info, err := os.Stat(cfg.auditKeyPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	// A new key with the old one beside it verifies both parts.
	cfg.Audit.FormerKeyFiles = []string{cfg.auditKeyPath()}
	cfg.Audit.Key = "the-second-key-of-this-test-0123456789"
	var head store.Head
	for _, sealer := range []*store.Sealer{store.NewSealer(false, first), must(cfg.sealer(cfg.auditKey))} {
		st, err := boltstore.Open(cfg.Data, boltstore.Options{Sealer: sealer})
		if err != nil {
			t.Fatal(err)
		}
		err = st.Update(t.Context(), func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Event: "resource.patched"}) })
		if err != nil {
			t.Fatal(err)
		}
		v, err := store.VerifyAudit(t.Context(), st, sealer, head)
		if err != nil || v.Broken {
			t.Errorf("%+v, %v", v, err)
		}
		head = v.Last
		st.Close()
	}
	if err := os.Chmod(cfg.auditKeyPath(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.firstAuditKey(); err == nil || !strings.Contains(err.Error(), "open to everybody") {
		t.Errorf("the error is %v", err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-01": "2026-11-01T00:00:00Z", "2026-11-01T10:00:00+02:00": "2026-11-01T10:00:00+02:00", "36h": "2026-11-01T20:00:00Z", "7d": "2026-10-27T08:00:00Z", "0d": "2026-11-03T08:00:00Z",
		"": "0001-01-01T00:00:00Z", "yesterday": "", "-1h": "", "1.5d": "", "d": "", "2026-13-01": "",
	} {
		got, err := parseWhen(text, now)
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
