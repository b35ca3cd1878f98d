package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const adminToken = "the-admin-token-0123456789"

// loop stands for the reconciler: it remembers what it was asked to try again.
type loop struct {
	overview Overview
	retried  []store.Key
	expected map[store.Key]time.Duration
	alarm    bool

	refreshed int                  // how often the tokens of sources were put in force
	refresh   error                // what that comes to
	used      map[string]time.Time // when they were used, by id
}

func (l *loop) Live(context.Context, store.Key) Live { return Live{Problem: "nobody asked Slack"} }

func (l *loop) Resume(context.Context) (bool, error) {
	was := l.alarm
	l.alarm = false
	return was, nil
}

func (l *loop) Expect(key store.Key) (time.Duration, bool) {
	d, ok := l.expected[key]
	return d, ok
}

func (l *loop) Refresh(context.Context) error {
	l.refreshed++
	return l.refresh
}

func (l *loop) LastUse(id string) time.Time { return l.used[id] }

func (l *loop) Overview() Overview { return l.overview }

func (l *loop) Retry(_ context.Context, key store.Key) error {
	l.retried = append(l.retried, key)
	return nil
}

type fixture struct {
	*testing.T
	store   store.Store
	loop    *loop
	handler *Handler
	asked   uint32
}

// sealer seals the audit of the tests.
var sealer = store.NewSealer(false, "the key of these tests, of 32 characters")

func newFixture(t *testing.T, token string) *fixture {
	t.Helper()
	st, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), boltstore.Options{NoSync: true, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	f := &fixture{T: t, store: st, loop: &loop{}}
	nothing := func(context.Context, bool, func(any) error) error { return nil }
	f.handler = New(Config{Store: st, Reconciler: f.loop, Sources: []string{"default", "okta"}, SourceTokens: f.loop, Sealer: sealer, Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		Adopt: nothing, Drift: nothing, Backup: func(context.Context, func(int64, io.WriterTo) error) error { return nil }, Plan: func(_ context.Context, r io.Reader, _ func(any) error) error {
			_, err := io.Copy(io.Discard, r)
			return err
		}})
	if token != "" {
		f.handler.SetTokens([]Token{NewToken("token", Approver, token)})
	}
	return f
}

func (f *fixture) update(fn func(tx store.Tx) error) {
	f.Helper()
	if err := f.store.Update(context.Background(), fn); err != nil {
		f.Fatal(err)
	}
}

// request is one to a listener on this machine, from an address of its own, or from the user who runs the gateway.
func (f *fixture) request(method, target string) *http.Request {
	f.asked++
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8081", fmt.Sprintf("10.%d.%d.%d:1000", f.asked>>16&255, f.asked>>8&255, f.asked&255)
	return r.WithContext(WithPeer(r.Context(), os.Geteuid()))
}

// records are what was recorded, as actor, event and detail.
func (f *fixture) records() (records []string) {
	f.Helper()
	f.update(func(tx store.Tx) error {
		records = nil
		for a, err := range tx.AuditAfter(0) {
			if err != nil {
				return err
			}
			records = append(records, strings.TrimSpace(a.Actor+" "+a.Event+" "+a.Detail))
			if a.RequestID == "" && strings.HasPrefix(a.Actor, "admin:") {
				f.Errorf("%s %s has no request id", a.Actor, a.Event)
			}
		}
		return nil
	})
	return records
}

func (f *fixture) ask(h http.Handler, method, target, authorization string, into any) int {
	f.Helper()
	r := f.request(method, target)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), adminToken) {
		f.Errorf("%s tells the token", target)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			f.Errorf("%s %s: %v: %s", method, target, err, w.Body)
		}
	}
	return w.Code
}

func TestWhoMayAsk(t *testing.T) {
	open, closed := newFixture(t, adminToken), newFixture(t, "")
	tests := []struct {
		name          string
		h             http.Handler
		authorization string
		api           int
	}{
		{"TCP, no token presented", open.handler.TCP(), "", 401},
		{"TCP, the token", open.handler.TCP(), "Bearer " + adminToken, 200},
		{"TCP, the scheme in lower case", open.handler.TCP(), "bearer " + adminToken, 200},
		{"TCP, another token", open.handler.TCP(), "Bearer a-source-token", 401},
		{"TCP, another scheme", open.handler.TCP(), "Basic " + adminToken, 401},
		{"TCP, more than the token", open.handler.TCP(), "Bearer " + adminToken + " ", 401},
		{"TCP, an empty token", open.handler.TCP(), "Bearer ", 401},
		{"TCP, none configured", closed.handler.TCP(), "", 403},
		{"TCP, none configured, an empty one presented", closed.handler.TCP(), "Bearer ", 403},
		{"socket", open.handler.Socket(), "", 200},
		{"socket, none configured", closed.handler.Socket(), "", 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t}
			for _, path := range []string{"/livez", "/readyz", "/metrics"} {
				if got := f.ask(test.h, "GET", path, test.authorization, nil); got != 200 {
					t.Errorf("GET %s is %d: health and metrics need no token", path, got)
				}
			}
			if got := f.ask(test.h, "GET", "/admin/v1/status", test.authorization, nil); got != test.api {
				t.Errorf("GET status is %d, want %d", got, test.api)
			}
			for request, missing := range map[[2]string]int{{"GET", "/admin/v1/explain?who=nobody"}: 404, {"POST", "/admin/v1/retry?who=nobody"}: 404, {"GET", "/admin/v1/none"}: 404,
				{"DELETE", "/admin/v1/status"}: 405, {"GET", "/admin/v1/retry?who=x"}: 405} {
				if test.api != 200 {
					missing = test.api
				}
				var body Error
				if got := f.ask(test.h, request[0], request[1], test.authorization, &body); got != missing || body.Error == "" {
					t.Errorf("%v is %d %+v, want %d and an error", request, got, body, missing)
				}
			}
		})
	}
}

func TestHealth(t *testing.T) {
	f := newFixture(t, "")
	f.handler.Drain()
	if live, ready := f.ask(f.handler.TCP(), "GET", "/livez", "", nil), f.ask(f.handler.TCP(), "GET", "/readyz", "", nil); live != 200 || ready != 503 {
		t.Errorf("draining: live %d, ready %d", live, ready)
	}
	f = newFixture(t, "")
	f.loop.overview.Paused = "Slack is away"
	if ready := f.ask(f.handler.TCP(), "GET", "/readyz", "", nil); ready != 200 {
		t.Errorf("Slack is away: ready %d", ready)
	}
	f = newFixture(t, "")
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	var body Error
	if live, ready := f.ask(f.handler.TCP(), "GET", "/livez", "", nil), f.ask(f.handler.TCP(), "GET", "/readyz", "", &body); live != 503 || ready != 503 {
		t.Errorf("store closed: live %d, ready %d", live, ready)
	}
	if got := f.ask(f.handler.Socket(), "GET", "/admin/v1/status", "", &body); got != 500 || strings.Contains(body.Error, store.ErrClosed.Error()) {
		t.Errorf("status of a closed store is %d %q", got, body.Error)
	}
}

// A probe is one write for all who ask within a second.
func TestProbeIsShared(t *testing.T) {
	asked := 0
	p := probe{ask: func(context.Context) error { asked++; return errors.New("full") }}
	for range 100 {
		if p.answer() == nil {
			t.Fatal("the error is lost")
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func user(source, id, userName, email string) store.Resource {
	return store.Resource{Key: store.Key{Source: source, Type: store.User, ID: id}, Generation: 1, Created: now, Modified: now,
		Document: scim.Object{"userName": userName, "externalId": "x-" + id, "emails": []any{scim.Object{"value": email}}}}
}

func (f *fixture) populate() {
	f.Helper()
	janet, omar := user("default", "u1", "janet", "janet@example.com"), user("default", "u2", "omar", "omar@example.com")
	staff := store.Resource{Key: store.Key{Source: "default", Type: store.Group, ID: "g1"}, Generation: 1, Created: now, Modified: now,
		Document: scim.Object{"displayName": "Staff"}}
	f.update(func(tx store.Tx) error {
		for _, r := range []store.Resource{janet, omar, staff, user("okta", "u3", "janet", "other@example.com")} {
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		for _, step := range []error{
			tx.PutStatus(store.Status{Key: janet.Key, Observed: 1, Phase: store.Synced, Warnings: []string{"photo was left out"}, Updated: now}),
			tx.PutStatus(store.Status{Key: omar.Key, Observed: 1, Phase: store.Failed, Reason: "bad_email_address", Message: "Slack refuses the e-mail", Updated: now}),
			tx.PutLink(store.Link{Key: janet.Key, SlackID: "U1", Origin: store.Matched, MatchedBy: "userName", Linked: now, Active: true, Applied: scim.SlackUserProfile{"title": "Cook"}}),
			tx.PutIntent(store.Intent{Key: staff.Key, Op: "createGroup", Generation: 1, Sent: now, GivenUp: now.Add(time.Minute)}),
			tx.AppendAudit(store.Audit{Time: now, Actor: "source:default", Key: janet.Key, Event: "resource.created", Generation: 1}),
			tx.AppendAudit(store.Audit{Time: now.Add(time.Second), Actor: "gateway", Key: janet.Key, Event: "link.created", SlackID: "U1"}),
			tx.PutFormer(store.Former{Source: "default", SlackID: "U9", ID: "u0", UserName: "gone", Email: "gone@example.com", Ended: now}),
		} {
			if step != nil {
				return step
			}
		}
		_, err := tx.AddMembers(staff.Key, store.Member{ID: "u1", Type: store.User}, store.Member{ID: "u2", Type: store.User})
		return err
	})
}

func TestStatus(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	f.loop.overview = Overview{Identity: Identity{UserID: "U0", User: "owner"}, Paused: "token_revoked", PausedSince: now, Queued: 3, Working: 1, LastSuccess: now,
		Pauses: map[string]time.Time{"createUser": now}, Lanes: []Lane{{"creates", 3, 90}}}
	var st Status
	if code := f.ask(f.handler.Socket(), "GET", "/admin/v1/status", "", &st); code != 200 {
		t.Fatal(code)
	}
	if st.Version != "1.2.3" || st.Slack == nil || st.Slack.UserID != "U0" || st.Paused != "token_revoked" || st.Queued != 3 || st.Pending != 2 ||
		len(st.LimitPauses) != 1 || st.OldestPending == nil || !st.OldestPending.Since.Equal(now) {
		t.Errorf("status is %+v", st)
	}
	if diff := cmp.Diff([]Lane{{"creates", 3, 90}}, st.Lanes); diff != "" {
		t.Error(diff)
	}
	if len(st.Failed) != 1 || st.Failed[0].Name != "omar" || st.Failed[0].Message != "Slack refuses the e-mail" || len(st.Held) != 0 {
		t.Errorf("failed %+v, held %+v", st.Failed, st.Held)
	}
	want := []Count{
		{"default", store.User, 2, map[store.Phase]int{"synced": 1, "failed": 1, "pending": 0, "skipped": 0, "held": 0}},
		{"default", store.Group, 1, map[store.Phase]int{"synced": 0, "failed": 0, "pending": 1, "skipped": 0, "held": 0}},
		{"okta", store.User, 1, map[store.Phase]int{"synced": 0, "failed": 0, "pending": 1, "skipped": 0, "held": 0}},
		{"okta", store.Group, 0, map[store.Phase]int{"synced": 0, "failed": 0, "pending": 0, "skipped": 0, "held": 0}},
	}
	if diff := cmp.Diff(want, st.Counts); diff != "" {
		t.Error(diff)
	}
}

// The newest 20 are named, newest first.
func TestStatusNamesTheNewestTroubles(t *testing.T) {
	f := newFixture(t, "")
	f.update(func(tx store.Tx) error {
		for i := range 30 {
			id := string(rune('a'+i%26)) + string(rune('a'+i/26))
			r := user("default", id, "user-"+id, id+"@example.com")
			if err := errors.Join(tx.PutResource(r), tx.PutStatus(store.Status{Key: r.Key, Observed: 1, Phase: store.Held, Updated: now.Add(time.Duration(i*7%30) * time.Second)})); err != nil {
				return err
			}
		}
		return nil
	})
	st, err := f.handler.Status(t.Context())
	if err != nil || len(st.Held) != 20 {
		t.Fatal(err, len(st.Held))
	}
	for i, trouble := range st.Held {
		if want := now.Add(time.Duration(29-i) * time.Second); !trouble.Since.Equal(want) {
			t.Errorf("held %d is of %v, want %v", i, trouble.Since, want)
		}
	}
}

func TestExplain(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	ids := func(e Explanation) (out []string) {
		for _, s := range e.Stories {
			out = append(out, s.Key.ID)
		}
		return out
	}
	for who, want := range map[string][]string{"u1": {"u1"}, "JANET": {"u1", "u3"}, "omar@Example.com": {"u2"}, "x-u3": {"u3"}, "staff": {"g1"}, "g1": {"g1"}, "U1": {"u1"},
		"okta/User/u3": {"u3"}, "default/Group/g1": {"g1"}, "gone": nil} {
		var e Explanation
		if code := f.ask(f.handler.Socket(), "GET", "/admin/v1/explain?who="+who, "", &e); code != 200 {
			t.Errorf("%s is answered with %d", who, code)
		}
		if diff := cmp.Diff(want, ids(e)); diff != "" {
			t.Errorf("%s: %s", who, diff)
		}
		if (who == "gone") != (len(e.Former) == 1) {
			t.Errorf("%s has the former links %+v", who, e.Former)
		}
	}
	var e Explanation
	f.loop.expected = map[store.Key]time.Duration{{Source: "default", Type: store.Group, ID: "g1"}: 90 * time.Second}
	f.ask(f.handler.Socket(), "GET", "/admin/v1/explain?who=u1", "", &e)
	s := e.Stories[0]
	if s.Status.TurnSeconds != nil {
		t.Errorf("who is done has a turn to come: %v", *s.Status.TurnSeconds)
	}
	if s.Name != "janet" || s.Resource.Attributes["userName"] != "janet" || s.Link.SlackID != "U1" || s.Link.MatchedBy != "userName" || !*s.Link.Active || s.Link.Applied["title"] != "Cook" ||
		s.Status.Phase != store.Synced || len(s.Status.Warnings) != 1 || s.Intent != nil || len(s.Groups) != 1 || s.Groups[0].Name != "Staff" {
		t.Errorf("the story is %+v", s)
	}
	if len(s.Audit) != 2 || s.Audit[0].Event != "resource.created" || s.Audit[1].SlackID != "U1" {
		t.Errorf("the records are %+v", s.Audit)
	}
	f.ask(f.handler.Socket(), "GET", "/admin/v1/explain?who=Staff", "", &e)
	s = e.Stories[0]
	if s.Status.TurnSeconds == nil || *s.Status.TurnSeconds != 90 {
		t.Errorf("the turn comes in %v", s.Status.TurnSeconds)
	}
	if s.MemberCount != 2 || s.Members[0] != (Member{"u1", store.User, "janet", "U1"}) || s.Members[1].SlackID != "" || s.Intent.Op != "createGroup" || s.Status.Phase != store.Pending {
		t.Errorf("the story is %+v", s)
	}
	if code := f.ask(f.handler.Socket(), "GET", "/admin/v1/explain", "", nil); code != 400 {
		t.Errorf("without who it is %d", code)
	}
}

func TestResume(t *testing.T) {
	f := newFixture(t, "")
	f.loop.alarm = true
	for _, want := range []bool{true, false} {
		var done Resumed
		if code := f.ask(f.handler.Socket(), "POST", "/admin/v1/resume", "", &done); code != 200 || done.Resumed != want {
			t.Errorf("%d %+v, want %v", code, done, want)
		}
	}
	if diff := cmp.Diff([]string{socketActor + " admin.resume", socketActor + " admin.resume"}, f.records()); diff != "" {
		t.Error(diff)
	}
}

// socketActor is who this test is, over the socket.
var socketActor = "admin:" + peerName(os.Geteuid())

func TestRetry(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	if code := f.ask(f.handler.Socket(), "POST", "/admin/v1/retry?who=janet", "", nil); code != 409 {
		t.Errorf("two are named janet: %d", code)
	}
	if code := f.ask(f.handler.Socket(), "POST", "/admin/v1/retry?who=gone", "", nil); code != 404 {
		t.Errorf("gone: %d", code)
	}
	if code := f.ask(f.handler.Socket(), "POST", "/admin/v1/retry?who=omar", "", nil); code != 202 {
		t.Errorf("omar: %d", code)
	}
	if len(f.loop.retried) != 1 || f.loop.retried[0].ID != "u2" {
		t.Errorf("retried %v", f.loop.retried)
	}
	var e Explanation
	f.ask(f.handler.Socket(), "GET", "/admin/v1/explain?who=omar", "", &e)
	if a := e.Stories[0].Audit; len(a) != 1 || a[0].Actor != socketActor || a[0].Event != "admin.retry" {
		t.Errorf("records %+v", a)
	}
}

// What changes something is done to its end for a client who is gone, so that nothing is changed of which nobody is told.
func TestClientWhoLeft(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	r := f.request("POST", "/admin/v1/links/relink?who=omar&slackId=W0000000001")
	ctx, leave := context.WithCancel(r.Context())
	leave()
	w := httptest.NewRecorder()
	f.handler.Socket().ServeHTTP(w, r.WithContext(ctx))
	if w.Code != 200 || len(f.loop.retried) != 1 {
		t.Errorf("%d: %s; retried %v", w.Code, w.Body, f.loop.retried)
	}
}
