package admin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"scim2slack/store"
)

// needs is what each request needs, written down a second time. A route that is not here fails TestEveryRouteHasItsRole.
var needs = map[string]Role{
	"GET /livez": everybody, "GET /readyz": everybody, "GET /metrics": everybody,
	"GET /admin/v1/status": Viewer, "GET /admin/v1/explain?who=u1": Viewer, "GET /admin/v1/explain?who=u1&live=true": Viewer, "GET /admin/v1/links": Viewer,
	"GET /admin/v1/audit": Viewer, "GET /admin/v1/audit/head": Viewer, "GET /admin/v1/audit/verify": Viewer, "GET /admin/v1/audit/export": Viewer,
	"POST /admin/v1/plan":  Viewer,
	"POST /admin/v1/drift": Viewer, "POST /admin/v1/drift?repair=false": Viewer, "POST /admin/v1/drift?repair=true": Operator,
	"POST /admin/v1/drift?repair=true&repair=false": Operator, "POST /admin/v1/drift?repair=false&repair=true": Viewer, // the first counts, for both
	"POST /admin/v1/links/adopt": Viewer, "POST /admin/v1/links/adopt?apply=true": Operator, "POST /admin/v1/links/adopt?%61pply=%74rue": Operator,
	"POST /admin/v1/retry?who=u2": Operator, "POST /admin/v1/resume": Operator, "GET /admin/v1/backup": Approver, "POST /admin/v1/links/import": Operator,
	"POST /admin/v1/links/relink?who=u2&slackId=U7": Operator, "POST /admin/v1/links/unlink?who=u2": Operator,
	"GET /admin/v1/tokens": Viewer, "POST /admin/v1/tokens?source=default": Approver, "POST /admin/v1/tokens/revoke?who=nobody": Approver,
}

// served reports whether a request is another one of those that there are: an address may take several methods.
func served(method, path string) bool {
	for request := range needs {
		if name, _, _ := strings.Cut(request, "?"); name == strings.Replace(method, "HEAD", "GET", 1)+" "+path {
			return true
		}
	}
	return false
}

// Every route has the role that is written here and in openapi.yaml, which has every route.
func TestEveryRouteHasItsRole(t *testing.T) {
	raw, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	listed, wanted, described := map[string]string{}, map[string]string{}, map[string]string{}
	for _, rt := range newFixture(t, "").handler.routes() {
		name, role := rt.method+" "+rt.path, string(rt.need)
		if rt.effect != "" {
			role += " " + rt.effect + "=" + string(rt.needOf(httptest.NewRequest("POST", "/?"+rt.effect+"=true", nil)))
		}
		listed[name] = role
		for request, need := range needs {
			if path, _, asks := strings.Cut(request, "?"); path == name && !asks {
				wanted[name] = string(need)
			} else if path == name && rt.effect == "" {
				wanted[name] = string(need)
			}
		}
		if rt.effect != "" {
			wanted[name] += " " + rt.effect + "=" + string(needs[name+"?"+rt.effect+"=true"])
		}
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			o, _ := operation.(map[string]any)
			if !strings.Contains(fmt.Sprint(o["tags"]), "admin") {
				continue
			}
			role := fmt.Sprint(o["x-role"])
			for _, effect := range []string{"repair", "apply"} {
				if need, given := o["x-role-"+effect]; given {
					role += fmt.Sprintf(" %s=%s", effect, need)
				}
			}
			described[strings.ToUpper(method)+" "+path] = role
		}
	}
	if diff := cmp.Diff(wanted, listed); diff != "" {
		t.Errorf("the roles are not those that are written here:\n%s", diff)
	}
	if diff := cmp.Diff(described, listed); diff != "" {
		t.Errorf("openapi.yaml says otherwise:\n%s", diff)
	}
}

// spellings are ways to write a path that some server or proxy takes for the same.
func spellings(path string) []string {
	last := path[strings.LastIndex(path, "/")+1:]
	parent := strings.TrimSuffix(path, last)
	all := []string{
		path + "/", "/" + path, strings.ReplaceAll(path, "/", "//"), "/." + path, parent + "./" + last, parent + "%2e/" + last, parent + "x/../" + last, parent + "x/%2e%2e/" + last,
		"/livez/.." + path, "/livez/%2e%2e" + path, "/metrics/..;" + path, "/livez" + path, path[:1] + "%2F" + path[1:], "/" + strings.ReplaceAll(path[1:], "/", "%2F"), "/" + strings.ReplaceAll(path[1:], "/", "%2f"),
		strings.ToUpper(path), path + ";x=1", path + ";/livez", parent + ";x/" + last, path + "%00", path + "%00.css", path + "%20", path + ".json", path + "%0a", path + "%c0%af", "/" + strings.ReplaceAll(path[1:], "/", "%c0%af") + "%c0%af",
		parent + fmt.Sprintf("%%%02x", last[0]) + last[1:], parent + "%25" + fmt.Sprintf("%02x", last[0]) + last[1:], path + "%3fx", path + "%23", "/" + strings.ReplaceAll(path[1:], "/", `\`), "/%5c" + path[1:],
	}
	return slices.DeleteFunc(all, func(spelling string) bool { return spelling == path })
}

// matrixCredentials are what somebody may present, with the role that it proves; "" is none.
var matrixCredentials = []struct {
	name    string
	headers []string
	role    Role
}{
	{"none", nil, ""}, {"empty", []string{""}, ""}, {"garbage", []string{"Bearer garbage"}, ""}, {"no scheme", []string{"approver-token-0123"}, ""},
	{"a source's token", []string{"Bearer a-source-token"}, ""}, {"expired", []string{"Bearer expired-token-0123"}, ""}, {"revoked", []string{"Bearer revoked-token-0123"}, ""},
	{"two headers", []string{"Bearer approver-token-0123", "Bearer approver-token-0123"}, ""}, {"garbage and a token", []string{"Bearer garbage", "Bearer approver-token-0123"}, ""},
	{"Basic", []string{"Basic approver-token-0123"}, ""}, {"Basic, encoded", []string{"Basic YXBwcm92ZXItdG9rZW4tMDEyMzo="}, ""}, {"two tokens in one", []string{"Bearer approver-token-0123, Bearer x"}, ""},
	{"a megabyte", []string{"Bearer " + strings.Repeat("x", 1<<20)}, ""}, {"a role that does not exist", []string{"Bearer unknown-token-0123"}, "superuser"},
	{"viewer", []string{"Bearer viewer-token-0123"}, Viewer}, {"operator", []string{"Bearer operator-token-0123"}, Operator}, {"approver", []string{"Bearer approver-token-0123"}, Approver},
	{"the second of an approver", []string{"bearer second-token-0123"}, Approver},
}

func matrixTokens() []Token {
	return []Token{NewToken("viewer", Viewer, "viewer-token-0123"), NewToken("operator", Operator, "operator-token-0123"), NewToken("approver", Approver, "approver-token-0123"),
		NewToken("second", Approver, "second-token-0123"), NewToken("unknown", "superuser", "unknown-token-0123"),
		{Name: "expired", Role: Approver, Hash: NewToken("", "", "expired-token-0123").Hash, Expires: time.Now()},
		{Name: "later", Role: Viewer, Hash: NewToken("", "", "later-token-0123").Hash, Expires: time.Now().Add(time.Hour)}}
}

// matrix is the fixture with canaries, and what may be told of it to whom.
type matrix struct {
	*fixture
	h       http.Handler
	reached map[string]int
}

// ask sends one request and holds the answer against what the role may do.
func (m *matrix) ask(method, path, query string, credential int, need Role, exact bool) {
	c := matrixCredentials[credential]
	target := path
	if query != "" {
		target += "?" + query
	}
	r := m.request(method, target)
	r.Header["Authorization"] = c.headers
	w := httptest.NewRecorder()
	m.handler.guesses.paid = nil // guessing has its own test
	retried, alarm := len(m.loop.retried), m.loop.alarm
	m.h.ServeHTTP(w, r)
	name := fmt.Sprintf("%s %s by %s", method, target, c.name)
	for _, header := range []string{"Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "X-Content-Type-Options", "Cache-Control", "X-Request-Id"} {
		if w.Header().Get(header) == "" {
			m.Errorf("%s: no %s", name, header)
		}
	}
	served := exact && (need == everybody || slices.Index(Roles(), need) >= 0 && slices.Index(Roles(), c.role) >= slices.Index(Roles(), need))
	switch {
	case served:
		if w.Code == 401 || w.Code == 403 || w.Code == 405 {
			m.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		m.reached[c.name]++
		return
	case c.role == "":
		if w.Code != 401 || w.Body.String() != "{\n  \"error\": \"present the admin token as Authorization: Bearer TOKEN; the tokens of sources open nothing here\"\n}\n" {
			m.Errorf("%s: somebody unknown gets %d %.200s", name, w.Code, w.Body)
		}
	case exact && (w.Code != 403 || !strings.Contains(w.Body.String(), string(need))):
		m.Errorf("%s: %d %s, want 403 and the role %s", name, w.Code, w.Body, need)
	case !exact && w.Code != 404 && w.Code != 405:
		m.Errorf("%s: %d %s", name, w.Code, w.Body)
	}
	for _, canary := range []string{"janet", "omar", "example.com", "Staff", "U1", "U9", "scim2slack_", "live", "ready"} {
		if strings.Contains(w.Body.String(), canary) {
			m.Errorf("%s tells of %s: %s", name, canary, w.Body)
		}
	}
	if len(m.loop.retried) != retried || m.loop.alarm != alarm {
		m.Fatalf("%s was refused and did something", name)
	}
}

// Every request that there is, by everybody, in every spelling: nobody unknown gets anything but the same refusal, and nobody gets more than their role allows.
func TestMatrix(t *testing.T) {
	m := &matrix{fixture: newFixture(t, ""), reached: map[string]int{}}
	m.populate()
	m.handler.SetTokens(append(matrixTokens(), NewToken("revoked", Approver, "revoked-token-0123")))
	m.h = m.handler.TCP()
	if got := m.fixture.ask(m.h, "GET", "/admin/v1/status", "Bearer revoked-token-0123", nil); got != 200 {
		t.Fatalf("a token before it is revoked: %d", got)
	}
	m.handler.SetTokens(matrixTokens())
	m.loop.alarm = true
	asked := m.asked
	for request, need := range needs {
		method, target, _ := strings.Cut(request, " ")
		path, query, _ := strings.Cut(target, "?")
		for credential := range matrixCredentials {
			for _, other := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", strings.ToLower(method), "GET_"} {
				exact := other == method || method == "GET" && other == "HEAD"
				if !exact && served(other, path) {
					continue
				}
				m.ask(other, path, query, credential, need, exact)
			}
			if query != "" && credential > 0 { // the same paths once are enough
				continue
			}
			for _, spelling := range spellings(path) {
				for _, other := range []string{method, "HEAD"} {
					m.ask(other, spelling, query, credential, need, false)
				}
			}
		}
	}
	for _, c := range matrixCredentials {
		if (m.reached[c.name] > 12) != (c.role != "" && c.role != "superuser") {
			t.Errorf("%s was served %d times", c.name, m.reached[c.name])
		}
	}
	if m.asked-asked < 10_000 {
		t.Errorf("only %d requests were tried", m.asked-asked)
	}
	t.Logf("%d requests", m.asked-asked)
	// Nothing that was refused changed a link.
	m.update(func(tx store.Tx) error {
		if link, err := tx.Link(store.Key{Source: "default", Type: store.User, ID: "u1"}); err != nil || link.SlackID != "U1" {
			t.Errorf("janet's link is %+v, %v", link, err)
		}
		return nil
	})
}

// A route that was given no role, or one that nobody has, is closed to everybody.
func TestRouteWithoutARole(t *testing.T) {
	f := newFixture(t, "")
	for _, need := range []Role{"", "admin", "nobody"} {
		table := []route{{method: "GET", path: "/admin/v1/new", need: need, serve: func(http.ResponseWriter, *http.Request) { t.Errorf("a route of role %q was served", need) }}}
		h := f.handler.front(table, func(*http.Request) *refusal { return nil }, admitByPeer)
		if got := f.ask(h, "GET", "/admin/v1/new", "", nil); got != 403 {
			t.Errorf("role %q: %d, want 403", need, got)
		}
	}
}

// Metrics can be closed, and name nobody while they are open.
func TestMetricsNameNobody(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	w := httptest.NewRecorder()
	f.handler.TCP().ServeHTTP(w, f.request("GET", "/metrics"))
	for _, canary := range []string{"janet", "omar", "example.com", "Staff", "u1", "U1"} {
		if strings.Contains(w.Body.String(), canary) {
			t.Errorf("the metrics tell of %s", canary)
		}
	}
	closed := New(Config{Store: f.store, Reconciler: f.loop, Tokens: matrixTokens(), GuardMetrics: true, Log: f.handler.cfg.Log})
	for authorization, want := range map[string]int{"": 401, "Bearer viewer-token-0123": 200} {
		if got := f.ask(closed.TCP(), "GET", "/metrics", authorization, nil); got != want {
			t.Errorf("closed metrics are answered with %d, want %d", got, want)
		}
	}
}
