package server

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret-token-of-the-idp"

// logBuffer is a log that several goroutines write to.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newTestServer makes an edge before handler, which by default answers with the source.
func newTestServer(t *testing.T, handler http.HandlerFunc, options ...func(*Config)) (*Server, *logBuffer) {
	t.Helper()
	if handler == nil {
		handler = func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s %s", SourceName(r.Context()), RequestID(r.Context()), r.URL.Path)
		}
	}
	log := &logBuffer{}
	cfg := Config{SCIM: handler, Credentials: []Credential{Token("idp", secret), Token("idp", "the-next-token"), Token("other", "another-token")},
		Log: slog.New(slog.NewJSONHandler(log, nil))}
	for _, option := range options {
		option(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

func do(s *Server, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// checkError checks that an answer is a SCIM error.
func checkError(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	var body struct {
		Schemas []string
		Status  string
		Detail  string
	}
	if w.Code != status {
		t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Status != fmt.Sprint(status) || body.Detail == "" ||
		len(body.Schemas) != 1 || body.Schemas[0] != "urn:ietf:params:scim:api:messages:2.0:Error" || w.Header().Get("Content-Type") != "application/scim+json" {
		t.Errorf("no SCIM error: %v %s %s", err, w.Header().Get("Content-Type"), w.Body)
	}
}

func TestCredentials(t *testing.T) {
	s, log := newTestServer(t, nil)
	for header, source := range map[string]string{
		"Bearer " + secret:                       "idp",
		"bearer  " + secret:                      "idp",
		"Bearer the-next-token":                  "idp",
		"Bearer another-token":                   "other",
		"Bearer " + secret + "x":                 "",
		"Bearer " + secret[1:]:                   "",
		"Bearer":                                 "",
		"Bearer ":                                "",
		secret:                                   "",
		"Basic " + secret:                        "",
		"Bearer " + secret + ", x":               "",
		"":                                       "",
		"Bearer a.b.c":                           "",
		"Bearer " + strings.Repeat(".", 100_000): "",
		"Bearer " + strings.Repeat("x", 17<<10):  "",
	} {
		w := do(s, "GET", "/scim/v2/Users", "Authorization", header)
		if source != "" {
			if got, _, _ := strings.Cut(w.Body.String(), " "); w.Code != 200 || got != source {
				t.Errorf("%.60q: %d %s, want %s", header, w.Code, w.Body, source)
			}
			continue
		}
		checkError(t, w, 401)
		if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="scim"` {
			t.Errorf("%.60q: WWW-Authenticate %q", header, got)
		}
	}
	checkError(t, do(s, "GET", "/scim/v2/Users"), 401)
	checkError(t, do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret, "Authorization", "Bearer "+secret), 401)
	if strings.Contains(log.String(), secret[:8]) || strings.Contains(log.String(), "another-token") {
		t.Error("a token is in the log")
	}
}

// TestNoAddressAvoidsAuthentication writes addresses in all sorts of ways (CVE-2026-32130).
func TestNoAddressAvoidsAuthentication(t *testing.T) {
	reached := false
	s, _ := newTestServer(t, func(w http.ResponseWriter, r *http.Request) { reached = SourceName(r.Context()) == "" || reached })
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	paths := []string{"/", "/scim", "/scim/v2", "/scim/v2/", "/scim/v2/Users", "/scim/v2/%55sers", "/scim/v2/Users%2F1", "/scim%2Fv2/Users",
		"/%73cim/v2/Users", "/scim/v2/%2e%2e/v2/Users", "/scim/v2/../v2/Users", "//scim/v2/Users", "/scim//v2/Users", "/scim/v2;x/Users",
		"/SCIM/V2/USERS", "/scim/v2/Users;x=1", "/scim/v2/Users?x=/scim", "/scim/v2/%252e", "/scim/v2/Users/%00", "/scim/v3/Users", "/livez",
		"/admin/v1/status", "*", "http://x.test/scim/v2/Users"}
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"} {
			if path == "*" && method == "OPTIONS" {
				continue // the HTTP server answers it by itself
			}
			code, head := raw(t, server.Listener.Addr().String(), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path))
			if code != 401 && code != 400 {
				t.Errorf("%s %s without a credential: %d\n%s", method, path, code, head)
			}
		}
	}
	if reached {
		t.Error("SCIM was reached by nobody")
	}
}

// raw sends bytes and returns the status of the answer.
func raw(t *testing.T, address, request string) (code int, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(body)
}

func TestRoutes(t *testing.T) {
	s, _ := newTestServer(t, nil)
	auth := []string{"Authorization", "Bearer " + secret}
	for path, want := range map[string]int{
		"/scim/v2": 200, "/scim/v2/": 200, "/scim/v2/Users/1": 200, "/scim/v2/a/b/c": 200, "/scim/v2/Schemas/urn:x:y": 200,
		"/": 404, "/scim": 404, "/scim/v3/Users": 404, "/scim/v2x": 404, "/SCIM/v2/Users": 404, "/metrics": 404,
	} {
		w := do(s, "GET", path, auth...)
		if want == 404 {
			checkError(t, w, 404)
		} else if w.Code != want || !strings.HasSuffix(w.Body.String(), " "+path) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	checkError(t, do(s, "BREW", "/scim/v2/Users", auth...), 405)
	if w := do(s, "HEAD", "/nothing", auth...); w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d %q", w.Code, w.Body)
	}
}

func TestLimits(t *testing.T) {
	s, _ := newTestServer(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusTeapot)
		}
	}, func(c *Config) { c.MaxBody = 100 })
	auth := []string{"Authorization", "Bearer " + secret}
	checkError(t, do(s, "GET", "/scim/v2/Users?filter="+strings.Repeat("x", maxURL), auth...), 414)
	checkError(t, do(s, "GET", "/scim/v2/"+strings.Repeat("x", maxURL), auth...), 414)
	checkError(t, do(s, "GET", "/scim/v2/"+strings.Repeat("%41", maxURL/3), auth...), 414) // as it was sent, not as it reads
	query := strings.Repeat("x", maxURL-len("/scim/v2/Users"))
	checkError(t, do(s, "GET", "/scim/v2/Users?x"+query, auth...), 414)
	if w := do(s, "GET", "/scim/v2/Users?"+query, auth...); w.Code != 200 {
		t.Errorf("an address at the limit: %d", w.Code)
	}
	r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(strings.Repeat("x", 100)))
	r.Header.Set("Authorization", "Bearer "+secret)
	atLimit := httptest.NewRecorder()
	if s.Handler().ServeHTTP(atLimit, r); atLimit.Code != 200 {
		t.Errorf("a body at the limit: %d", atLimit.Code)
	}
	checkError(t, do(s, "GET", "/scim/v2/Users?"+query+"x"), 414) // before anybody is asked who calls
	for _, known := range []bool{true, false} {
		r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(strings.Repeat("x", 101)))
		r.Header.Set("Authorization", "Bearer "+secret)
		if !known {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if known {
			checkError(t, w, 413)
		} else if w.Code != http.StatusTeapot {
			t.Errorf("a body of unknown length was read whole: %d", w.Code)
		}
	}
}

func TestPanics(t *testing.T) {
	for name, value := range map[string]any{"text": "secret of the inside", "error": errors.New("secret of the inside")} {
		s, log := newTestServer(t, func(http.ResponseWriter, *http.Request) { panic(value) })
		w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret, "X-Request-Id", "r-1")
		checkError(t, w, 500)
		if strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), "r-1") {
			t.Errorf("%s: answer %s", name, w.Body)
		}
		if got := log.String(); !strings.Contains(got, "panic in a request") || !strings.Contains(got, "server_test.go") || !strings.Contains(got, `"status":500`) {
			t.Errorf("%s: log %s", name, got)
		}
	}
	s, _ := newTestServer(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("http.ErrAbortHandler must get through to net/http")
		}
	}()
	do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret)
}

func TestRequestID(t *testing.T) {
	s, log := newTestServer(t, nil)
	for id, kept := range map[string]bool{
		"abc-123_X.y:z": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a\tb": false, "ä": false, `a"b`: false, "a/../b": false, "-": true,
	} {
		w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret, "X-Request-Id", id)
		got := w.Header().Get("X-Request-Id")
		if (got == id) != kept || got == "" || strings.Fields(w.Body.String())[1] != got || !strings.Contains(log.String(), `"request":"`+got+`"`) {
			t.Errorf("%q: answer has %q, handler and log have %s", id, got, w.Body)
		}
	}
	if got := do(s, "GET", "/scim/v2/Users").Header().Get("X-Request-Id"); got == "" {
		t.Error("a refused request has no id")
	}
}

func TestRequestLog(t *testing.T) {
	s, log := newTestServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })
	do(s, "POST", "/scim/v2/Users?filter=userName+eq+%22ann@x.test%22&x=y", "Authorization", "Bearer "+secret, "X-Request-Id", "r-1")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d lines: %s", len(lines), log)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatal(err)
	}
	if _, ok := line["took"].(float64); !ok {
		t.Errorf("took %v", line["took"])
	}
	for name, want := range map[string]any{"level": "INFO", "msg": "request", "method": "POST", "path": "/scim/v2/Users", "status": 201.0, "source": "idp", "request": "r-1"} {
		if line[name] != want {
			t.Errorf("%s: %v, want %v", name, line[name], want)
		}
	}
	if got := log.String(); strings.Contains(got, "ann@x.test") || strings.Contains(got, secret) {
		t.Errorf("log %s", got)
	}
	do(s, "GET", "/x%0a\"level\":\"ERROR\""+strings.Repeat("y", 500))
	if got := strings.Count(log.String(), "\n"); got != 3 { // the one before, why it was refused, and the request
		t.Errorf("%d lines: %s", got, log)
	}
}

func TestFaultyConfigurations(t *testing.T) {
	for want, credentials := range map[string][]Credential{
		"names no source":                {Token("", "x")},
		"the token of source a is empty": {Token("a", "")},
		"have the same secret":           {Token("a", "x"), Token("b", "x")},
		"token of source a and token":    {Token("a", "x"), Token("a", "x")},
		"is empty":                       {{Source: "a", TokenHash: [sha256.Size]byte{}}},
		"issuer and audience":            {{Source: "a", JWT: &JWT{}}},
	} {
		if _, err := New(Config{Credentials: credentials, Log: slog.Default()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", credentials, err, want)
		}
	}
	_, err := New(Config{Credentials: []Credential{Token("", "x"), Token("a", ""), {Source: "b", JWT: &JWT{}}}, Log: slog.Default()})
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("%d faults at once: %v", got, err)
	}
}

// The edge speaks SCIM 1.1 to those who speak it.
func TestErrorsOfV1(t *testing.T) {
	s, _ := newTestServer(t, nil)
	w := do(s, "GET", "/scim/v1/Users")
	var answer struct {
		Errors []struct{ Description, Code string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 401 || len(answer.Errors) != 1 || answer.Errors[0].Code != "401" ||
		answer.Errors[0].Description == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
}

// A credential that may only read changes nothing, however that is asked for.
func TestReadOnly(t *testing.T) {
	reader := Token("idp", "for-the-auditors")
	reader.Name, reader.ReadOnly = "auditors", true
	s, log := newTestServer(t, nil, func(c *Config) { c.Credentials = append(c.Credentials, reader) })
	for request, want := range map[string]int{
		"GET /scim/v2/Users": 200, "HEAD /scim/v2/Users/1": 200, "POST /scim/v2/.search": 200, "POST /scim/v2/Users/.search": 200,
		"POST /scim/v2/Users": 403, "POST /scim/v2/Bulk": 403, "PUT /scim/v2/Users/1": 403, "PATCH /scim/v2/Users/.search": 403,
		"DELETE /scim/v2/Groups/1": 403, "POST /scim/v1/Users": 403, "BREW /scim/v2/Users": 403, "post /scim/v2/.search": 403,
	} {
		method, path, _ := strings.Cut(request, " ")
		w := do(s, method, path, "Authorization", "Bearer for-the-auditors")
		if w.Code != want {
			t.Errorf("%s: %d, want %d: %s", request, w.Code, want, w.Body)
		}
		if want == 403 && !strings.Contains(w.Header().Get("WWW-Authenticate"), "insufficient_scope") {
			t.Errorf("%s: WWW-Authenticate %q", request, w.Header().Get("WWW-Authenticate"))
		}
		if w := do(s, method, path, "Authorization", "Bearer "+secret); w.Code == 403 {
			t.Errorf("%s is refused to who may write", request)
		}
	}
	if !strings.Contains(log.String(), `"credential":"auditors"`) {
		t.Errorf("the log does not name the credential: %s", log)
	}
}
