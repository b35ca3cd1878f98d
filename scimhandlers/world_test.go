package scimhandlers

import (
	"bytes"
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
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reconciler stands in for the real one: it notes what it is asked and decides as the test says.
type reconciler struct {
	mu       sync.Mutex
	enqueued []store.Key
	synced   []store.Key
	// decide is what Sync does; nil leaves everything pending.
	decide func(ctx context.Context, key store.Key, generation uint64) (store.Status, error)
}

func (r *reconciler) Enqueue(key store.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enqueued = append(r.enqueued, key)
}

func (r *reconciler) Sync(ctx context.Context, key store.Key, generation uint64) (store.Status, error) {
	r.mu.Lock()
	r.synced = append(r.synced, key)
	decide := r.decide
	r.mu.Unlock()
	if decide == nil {
		return store.Status{Key: key, Phase: store.Pending}, nil
	}
	return decide(ctx, key, generation)
}

// take returns the keys that were enqueued since it was called last.
func (r *reconciler) take() []store.Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.enqueued
	r.enqueued, r.synced = nil, nil
	return keys
}

// world is a handler over a real store.
type world struct {
	testing.TB
	store   store.Store
	loop    *reconciler
	handler *Handler
	source  Source
	log     *bytes.Buffer
}

func newWorld(t testing.TB, options ...func(*Config)) *world {
	return newWorldWith(t, boltstore.Options{NoSync: true}, options...)
}

func newWorldWith(t testing.TB, o boltstore.Options, options ...func(*Config)) *world {
	t.Helper()
	st, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	w := &world{TB: t, store: st, loop: &reconciler{}, source: Source{Name: "idp", Profile: dialect.Of(dialect.Generic)}, log: &bytes.Buffer{}}
	w.restart(options...)
	return w
}

// restart makes a new handler over the same store, as after a crash.
func (w *world) restart(options ...func(*Config)) {
	cfg := Config{Store: w.store, Syncer: w.loop, BaseURL: "https://gw.test/scim/v2",
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Source: func(r *http.Request) Source {
			s := w.source
			if name := r.Header.Get("Test-Source"); name != "" {
				s.Name = name
			}
			return s
		}}
	for _, option := range options {
		option(&cfg)
	}
	w.handler = New(cfg)
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	body scim.Object
}

// send sends a request; the body may be text or something to marshal, and headers are pairs.
func (w *world) send(method, path string, body any, headers ...string) answer {
	w.Helper()
	return w.do(newRequest(w, method, path, body, headers...))
}

func newRequest(t testing.TB, method, path string, body any, headers ...string) *http.Request {
	t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, "/scim/v2"+path, content)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	w.handler.ServeHTTP(a.ResponseRecorder, r)
	if a.Body.Len() > 0 {
		var err error
		if a.body, err = scim.Decode(a.Body.Bytes(), scim.Limits{Bytes: 64 << 20}); err != nil {
			w.Fatalf("%s %s: answer %q: %v", r.Method, r.URL, a.Body, err)
		}
	}
	checkForm(w, r, a)
	return a
}

// checkForm checks what holds for every answer.
func checkForm(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if a.Code >= 400 && r.Method != http.MethodHead {
		if got := a.body.String("status"); got != fmt.Sprint(a.Code) || a.body.String("detail") == "" ||
			a.body.List("schemas") == nil || a.body.List("schemas")[0] != scim.ErrorSchema {
			t.Errorf("%s %s: %d with the body %s is no SCIM error", r.Method, r.URL, a.Code, a.Body)
		}
	}
	if got := a.Header().Get("Content-Type"); a.Body.Len() > 0 && got != "application/scim+json" && got != "application/json" {
		t.Errorf("%s %s: content type %q", r.Method, r.URL, got)
	}
	if strings.Contains(a.Body.String(), "password") && a.Code < 400 {
		t.Errorf("%s %s: the answer speaks of a password: %s", r.Method, r.URL, a.Body)
	}
}

// must sends a request that is to be answered with the status.
func (w *world) must(status int, method, path string, body any, headers ...string) answer {
	w.Helper()
	a := w.send(method, path, body, headers...)
	if a.Code != status {
		w.Fatalf("%s %s: %d %s, want %d", method, path, a.Code, a.Body, status)
	}
	return a
}

type object = map[string]any

func userBody(userName string) object {
	return object{"schemas": []string{scim.UserSchema, scim.EnterpriseSchema}, "userName": userName, "active": true,
		"name": object{"givenName": "Ann", "familyName": "Lee"}, "displayName": "Ann Lee",
		"emails":              []any{object{"value": userName, "type": "work", "primary": true}},
		scim.EnterpriseSchema: object{"department": "Eng"}}
}

// newUser creates a user and returns the id.
func (w *world) newUser(userName string) string {
	w.Helper()
	return w.must(201, "POST", "/Users", userBody(userName)).body.String("id")
}

func (w *world) newGroup(name string, members ...string) string {
	w.Helper()
	return w.must(201, "POST", "/Groups", object{"schemas": []string{scim.GroupSchema}, "displayName": name, "members": refs(members...)}).
		body.String("id")
}

func refs(ids ...string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, object{"value": id})
	}
	return list
}

func patchBody(operations ...any) object {
	return object{"schemas": []string{scim.PatchSchema}, "Operations": operations}
}

func (w *world) key(t store.Type, id string) store.Key {
	return store.Key{Source: "idp", Type: t, ID: id}
}

func (w *world) view(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.store.View(context.Background(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.store.Update(context.Background(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) resource(t store.Type, id string) (r store.Resource) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) { r, err = tx.Resource(w.key(t, id)); return err })
	return r
}

func (w *world) generation(t store.Type, id string) uint64 {
	w.Helper()
	return w.resource(t, id).Generation
}

// members returns the ids of a group's members in the store, sorted.
func (w *world) members(group string) []string {
	w.Helper()
	ids := []string{}
	w.view(func(tx store.Tx) error {
		for m, err := range tx.Members(w.key(store.Group, group)) {
			if err != nil {
				return err
			}
			ids = append(ids, m.ID)
		}
		return nil
	})
	slices.Sort(ids)
	return ids
}

// audits returns the audit of a resource, each record as one line.
func (w *world) audits(t store.Type, id string) (lines []string) {
	w.Helper()
	w.view(func(tx store.Tx) error {
		for a, err := range tx.AuditOf(w.key(t, id)) {
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s %s %d %v %s", a.Actor, a.Event, a.Generation, a.Attributes(), a.Detail))
		}
		return nil
	})
	return lines
}

// dump returns everything that the store holds, but times.
func (w *world) dump() string {
	w.Helper()
	var out strings.Builder
	w.view(func(tx store.Tx) error {
		for _, source := range []string{"idp", "other"} {
			for _, kind := range []store.Type{store.User, store.Group} {
				for r, err := range tx.ResourcesAfter(source, kind, "") {
					if err != nil {
						return err
					}
					fmt.Fprintf(&out, "%s %d %s %s\n", r.Key, r.Generation, r.Modified.Format(time.RFC3339Nano), scim.AppendJSON(nil, r.Document))
					marked, err := tx.Unacknowledged(r.Key)
					if err != nil {
						return err
					}
					fmt.Fprintf(&out, "  unacknowledged %v\n", marked)
					for m, err := range tx.Members(r.Key) {
						if err != nil {
							return err
						}
						fmt.Fprintf(&out, "  member %+v\n", m)
					}
				}
			}
		}
		for st, err := range tx.PendingKeys() {
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "pending %+v\n", st)
		}
		for a, err := range tx.AuditAfter(0) {
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "audit %d %s %s %s %d\n", a.Seq, a.Actor, a.Key, a.Event, a.Generation)
		}
		return nil
	})
	return out.String()
}

// found returns the ids of a list.
func found(a answer) []string {
	ids := []string{}
	for _, r := range a.body.List("Resources") {
		ids = append(ids, r.(scim.Object).String("id"))
	}
	return ids
}

func filterQuery(filter string) string { return "?filter=" + url.QueryEscape(filter) }
