package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scim2slack/slacksim"
)

// running is a whole gateway with its listeners, its configuration in files, and a simulated Slack behind HTTP. What it logs, at every level, is kept.
type running struct {
	*testing.T
	*daemon
	slack *slacksim.Sim
	dir   string
	log   *logBuffer
	stop  func()
	asked atomic.Uint32
}

// logBuffer is what was logged, for a test that looks while others log.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Count(b.text.Bytes(), []byte(text))
}

// secrets of a running gateway at its start, by the names of their files.
var firstSecrets = map[string]string{"slack": slacksim.DefaultToken, "admin": "admin-token-number-000", "source": "source-token-number-000"}

// startGateway starts a gateway whose configuration, but for the sources that are given below it, names secrets in files.
func startGateway(t *testing.T, below string) *running {
	t.Helper()
	return startGatewayWith(t, below, func(sim http.Handler) http.Handler { return sim }, firstSecrets)
}

// startGatewayWith is startGateway with something in front of Slack, and other secrets.
func startGatewayWith(t *testing.T, below string, front func(sim http.Handler) http.Handler, secrets map[string]string) *running {
	t.Helper()
	r := &running{T: t, slack: slacksim.New(slacksim.Options{NoLimits: true, Token: secrets["slack"]}), dir: t.TempDir(), log: &logBuffer{}}
	slack := httptest.NewServer(front(r.slack.Handler()))
	for name, text := range secrets {
		r.write(name, text)
	}
	publicKey, _ := newSigner(t).rotate()
	r.write("key", publicKey)
	config := r.write("config.yaml", strings.NewReplacer("DIR", r.dir, "SLACK", slack.URL).Replace(`
listen: 127.0.0.1:0
data: DIR/g.db
answer: {wait: 100ms}
admin: {listen: "127.0.0.1:0", tokenFile: DIR/admin}
slack: {tokenFile: DIR/slack, scimURL: SLACK/scim, apiURL: SLACK/api/, limits: {writes: {perMinute: 600000, burst: 1000}, createUser: {perMinute: 600000, burst: 1000}, reads: {perMinute: 600000, burst: 1000}}}
sources:
  - name: default
    tokenFile: DIR/source
    rate: {perSecond: 100000, burst: 100000}
`+below))
	l := newLoader(config)
	cfg, _, err := l.load(nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if r.daemon, err = openDaemon(cfg, log, ""); err != nil {
		t.Fatal(err)
	}
	r.reloads = newReloads(l, nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		slack.Close()
		if t.Failed() {
			lines := slices.DeleteFunc(strings.Split(r.log.String(), "\n"), func(line string) bool {
				return strings.Contains(line, `"level":"DEBUG"`) || strings.Contains(line, `"msg":"request"`)
			})
			t.Logf("log:\n%.20000s", strings.Join(lines, "\n"))
		}
	})
	t.Cleanup(r.stop)
	r.eventually("the token is taken", func() bool { return r.reconciler.Overview().Identity.UserID != "" })
	return r
}

// write writes a file of the gateway's directory as orchestrators do: whole, by a link that is moved.
func (r *running) write(name, text string) string {
	r.Helper()
	path := filepath.Join(r.dir, name)
	content, err := os.CreateTemp(r.dir, name+"-")
	if err == nil {
		_, err = content.WriteString(text)
	}
	if err == nil {
		err = content.Close()
	}
	if err == nil {
		err = os.Symlink(content.Name(), content.Name()+".link")
	}
	if err == nil {
		err = os.Rename(content.Name()+".link", path)
	}
	if err != nil {
		r.Fatal(err)
	}
	return path
}

// config changes the text of the configuration.
func (r *running) config(replace ...string) {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "config.yaml"))
	if err != nil {
		r.Fatal(err)
	}
	r.write("config.yaml", strings.NewReplacer(replace...).Replace(string(text)))
}

// eventually waits for what other goroutines bring about.
func (r *running) eventually(what string, ask func() bool) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ask() {
			return
		}
	}
	r.Fatalf("not within 20s: %s", what)
}

// ask returns the status of the answer to a request with a token, over the network.
func (r *running) ask(method, url, token, body string) int {
	r.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		r.Error(err)
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.Error(err)
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// opens reports whether a token opens the SCIM side, adminOpens whether one opens the admin API.
func (r *running) opens(token string) bool {
	scim, _ := r.urls()
	return r.answers(r.edge.Handler(), scim+"/Users?count=0", token)
}

func (r *running) adminOpens(token string) bool {
	_, admin := r.urls()
	return r.answers(r.admin.TCP(), admin+"/admin/v1/links?count=1", token)
}

// answers reports whether a question with the token is answered. Each comes from another address, as wrong ones from one address are slowed down.
func (r *running) answers(handler http.Handler, url, token string) bool {
	question := httptest.NewRequest("GET", url, http.NoBody)
	n := r.asked.Add(1)
	question.RemoteAddr = fmt.Sprintf("192.%d.%d.%d:1", n>>16&255, n>>8&255, n&255)
	question.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, question)
	return answer.Code == http.StatusOK
}
