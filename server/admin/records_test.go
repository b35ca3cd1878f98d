package admin

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newAnswer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// What somebody asks for is on record before they get it, with who they are, unless it is polled.
func TestEverythingIsRecorded(t *testing.T) {
	events := map[string]string{"POST /admin/v1/drift?repair=true&repair=false": "admin.drift repair", "POST /admin/v1/drift?repair=false&repair=true": "admin.drift",
		"POST /admin/v1/links/adopt?%61pply=%74rue": "admin.adopt apply", "GET /admin/v1/explain?who=u1": "admin.explain default/User/u1"}
	polled := []string{"/livez", "/readyz", "/metrics", "/admin/v1/status", "/admin/v1/audit/head"}
	for request, need := range needs {
		method, target, _ := strings.Cut(request, " ")
		path, _, _ := strings.Cut(target, "?")
		f := newFixture(t, "")
		f.populate()
		f.handler.SetTokens(matrixTokens())
		before := len(f.records())
		f.ask(f.handler.TCP(), method, target, "Bearer approver-token-0123", nil)
		records := f.records()[before:]
		recorded := len(records) > 0 && strings.HasPrefix(records[0], "admin:approver ")
		if recorded == slices.Contains(polled, path) {
			t.Errorf("%s leaves the records %q", request, records)
		}
		if event, special := events[request]; special && records[0] != "admin:approver "+event {
			t.Errorf("%s leaves the records %q, want %s", request, records, event)
		}
		if err := f.store.Close(); err != nil {
			t.Fatal(err)
		}
		// What cannot be recorded is not done; who only reads may still do so.
		if got := f.ask(f.handler.TCP(), method, target, "Bearer approver-token-0123", nil); recorded && need != Viewer && got < 400 {
			t.Errorf("%s without a store to record it is answered with %d", request, got)
		}
	}
}

// What is refused is on record with the reason, and nothing that a stranger wrote is in it.
func TestRefusalsAreRecorded(t *testing.T) {
	f := newFixture(t, "")
	f.handler.SetTokens(matrixTokens())
	for _, request := range []struct{ method, target, authorization string }{
		{"POST", "/admin/v1/retry?who=janet", "Bearer viewer-token-0123"},
		{"POST", "/admin/v1/drift?repair=true", "Bearer viewer-token-0123"},
		{"GET", "/admin/v1/explain?who=nobody", "Bearer viewer-token-0123"},
		{"GET", "/admin/v1/canary", "Bearer operator-token-0123"},
		{"PUT", "/admin/v1/links", "Bearer operator-token-0123"},
		{"GET", "/admin/v1/status", "Bearer expired-token-0123"},
		{"GET", "/admin/v1/canary", "Bearer canary"},
		{"POST", "/admin/v1/resume", ""},
	} {
		f.ask(f.handler.TCP(), request.method, request.target, request.authorization, nil)
	}
	var got []string
	for _, record := range f.records() {
		record, _, _ = strings.Cut(record, ", which expired at")
		record, _, _ = strings.Cut(record, " (from 10.")
		got = append(got, record)
	}
	want := []string{
		"admin:viewer admin.refused POST /admin/v1/retry: it needs the role operator",
		"admin:viewer admin.refused POST /admin/v1/drift: it needs the role operator",
		"admin:viewer admin.refused GET /admin/v1/explain: Not Found",
		"admin:operator admin.refused something that does not exist: an address that does not exist",
		"admin:operator admin.refused something that does not exist: a method that the address does not take",
		"unknown admin.refused GET /admin/v1/status: the token expired",
		"unknown admin.refused something that does not exist: an unknown token",
		"unknown admin.refused POST /admin/v1/resume: 0 Authorization headers",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A token is good until its last moment, and the next request after it was taken out is refused.
func TestTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "")
		token := NewToken("janet", Viewer, adminToken)
		token.Expires = time.Now().Add(time.Hour)
		f.handler.SetTokens([]Token{token})
		ask := func() int { return f.ask(f.handler.TCP(), "GET", "/admin/v1/status", "Bearer "+adminToken, nil) }
		time.Sleep(time.Hour - time.Nanosecond)
		if got := ask(); got != 200 {
			t.Errorf("in its last moment: %d", got)
		}
		time.Sleep(time.Nanosecond)
		if got := ask(); got != 401 {
			t.Errorf("after it expired: %d", got)
		}
		token.Expires = time.Time{}
		f.handler.SetTokens([]Token{token, NewToken("new", Viewer, "another-token")})
		if got := ask(); got != 200 {
			t.Errorf("beside another: %d", got)
		}
		f.handler.SetTokens([]Token{NewToken("new", Viewer, "another-token")})
		if got := ask(); got != 401 {
			t.Errorf("after it was taken out: %d", got)
		}
		if err := f.store.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
