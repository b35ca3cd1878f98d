package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// canaries are strings that are found wherever they get to.
type canaries []string

var (
	// secretCanaries are the secrets themselves. They are to be nowhere.
	secretCanaries = canaries{"xoxp-1-slackcanary-7f3a", "sourcecanary-0b6e41d09a", "admincanary-55c08e12f7", "xoxp-2-nextcanary-9d21", "othersourcecanary-71b3",
		"ca9a71e5ca9a71e5ca9a71e5ca9a71e5ca9a71e5ca9a71e5ca9a71e5ca9a71e5", "passwordcanary-2ac81f6b90", "clientcanary-e4471bb02d", "auditcanary-90d5a3c16e-0123456789"}
	// personCanaries are of people. Logs, metrics and strangers do not see them; the admin side shows people, that is what it is for.
	personCanaries = canaries{"mailcanary@people.example", "namecanary", "firstcanary", "lastcanary", "groupcanary", "titlecanary"}
	// misplacedCanary is a secret of somebody else that a source sends as the data of a person. It counts as that.
	misplacedCanary = "misplacedcanary-34e1"
)

// in returns which of them a text holds, plain or encoded.
func (c canaries) in(text string) (found []string) {
	lower := strings.ToLower(text)
	for _, canary := range c {
		for _, form := range []string{canary, url.QueryEscape(canary), hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(canary))[:len(canary)]} {
			if strings.Contains(lower, strings.ToLower(form)) {
				found = append(found, form)
			}
		}
	}
	return found
}

// canaryRun is a gateway whose every secret is a canary.
type canaryRun struct {
	*running
	slackSays atomic.Pointer[http.HandlerFunc] // instead of the simulator
	strangers bytes.Buffer                     // what was answered to whoever is not authenticated
	sources   bytes.Buffer                     // what was answered to sources
	admins    bytes.Buffer                     // what the admin side and the command line put out
}

// source, admin and slack are the secrets that count.
func (c *canaryRun) source() string     { return secretCanaries[1] }
func (c *canaryRun) adminToken() string { return secretCanaries[2] }

// send writes a request as it stands to a listener, and returns the answer.
func (c *canaryRun) send(address, head, body string) string {
	c.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		c.Error(err)
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = fmt.Fprintf(conn, "%s\r\nHost: gateway\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
	answer, _ := io.ReadAll(conn) // cut off is an answer too
	return string(answer)
}

func (c *canaryRun) asSource(method, path, body string) {
	c.sources.WriteString(c.send(c.scimListener.Addr().String(), method+" /scim/v2"+path+" HTTP/1.1\nAuthorization: Bearer "+c.source()+"\nContent-Type: application/scim+json", body))
}

func (c *canaryRun) file(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		c.Error(err)
	}
	return string(raw)
}

// command runs the program with those arguments in this process and returns what it prints.
func (c *canaryRun) command(args ...string) string {
	var out bytes.Buffer
	_ = run(args, &console{stdout: &out, stderr: &out, environ: []string{"SCIM2SLACK_DATA=" + filepath.Join(c.dir, "g.db")}})
	return out.String()
}

// admin runs a command that asks the gateway, over the socket and over TCP, as text and as JSON.
func (c *canaryRun) admin(args ...string) {
	_, address := c.urls()
	token := filepath.Join(c.dir, "admin")
	for _, more := range [][]string{nil, {"--json"}, {"--admin", address, "--admin-token-file", token}, {"--admin", address, "--admin-token-file", token, "--json"}} {
		c.admins.WriteString(c.command(append(slices.Clone(args), more...)...))
	}
}

// places are where canaries are looked for. Add one for each new place to which anything is written.
var places = []struct {
	name      string
	forbidden canaries
	text      func(c *canaryRun) string
}{
	{"log", slices.Concat(secretCanaries, personCanaries, canaries{misplacedCanary}), func(c *canaryRun) string { return c.log.String() }},
	{"metrics", slices.Concat(secretCanaries, personCanaries, canaries{misplacedCanary}), func(c *canaryRun) string {
		return c.send(c.adminListener.Addr().String(), "GET /metrics HTTP/1.1", "")
	}},
	{"answers to strangers", slices.Concat(secretCanaries, personCanaries), func(c *canaryRun) string { return c.strangers.String() }},
	{"answers to sources", secretCanaries, func(c *canaryRun) string { return c.sources.String() }},
	{"admin side and command line", secretCanaries, func(c *canaryRun) string { return c.admins.String() }},
	{"file of the store, which is encrypted", slices.Concat(secretCanaries, personCanaries, canaries{misplacedCanary}), func(c *canaryRun) string {
		return c.file(c.cfg.Data)
	}},
	{"audit that is copied to a file", slices.Concat(secretCanaries, personCanaries, canaries{misplacedCanary}), func(c *canaryRun) string {
		path := filepath.Join(c.dir, "audit.jsonl")
		c.eventually("the audit is copied", func() bool { info, err := os.Stat(path); return err == nil && info.Size() > 0 })
		return c.file(path)
	}},
	{"backup", slices.Concat(secretCanaries, personCanaries, canaries{misplacedCanary}), func(c *canaryRun) string {
		path := filepath.Join(c.dir, "backup")
		_ = os.Remove(path)
		c.admins.WriteString(c.command("backup", path, "-c", filepath.Join(c.dir, "config.yaml")))
		return c.file(path)
	}},
}

// However canaries get in, they get to none of the places where they are not to be.
func TestCanaries(t *testing.T) {
	c := newCanaryRun(t)
	names := slices.Sorted(maps.Keys(inputs))
	last := "a token that Slack refuses, and the next" // from then on another counts
	names = append(slices.DeleteFunc(names, func(n string) bool { return n == last }), last)
	for _, name := range names {
		inputs[name](c)
		for _, place := range places {
			if found := place.forbidden.in(place.text(c)); len(found) > 0 {
				t.Fatalf("%s: %s: found %q%s", name, place.name, found, around(place.text(c), found[0]))
			}
		}
	}
	for _, args := range [][]string{{"status"}, {"explain", "namecanary1"}, {"links", "list"}, {"links", "export"}, {"drift"}, {"retry", "namecanary1"}} {
		c.admin(args...)
	}
	for _, args := range [][]string{{"check"}, {"check", "--json"}, {"plan"}, {"plan", "--json"}, {"preview", "namecanary1"}, {"preview", "namecanary1", "--json"}} {
		c.admins.WriteString(c.command(append(args, "-c", filepath.Join(c.dir, "config.yaml"))...))
	}
	if !strings.Contains(c.admins.String(), "namecanary1") {
		t.Error("the admin side shows nobody, so it proves nothing")
	}
	for _, place := range places {
		if found := place.forbidden.in(place.text(c)); len(found) > 0 {
			t.Errorf("at the end: %s: found %q%s", place.name, found, around(place.text(c), found[0]))
		}
	}
}

func newCanaryRun(t *testing.T) *canaryRun {
	c := &canaryRun{}
	c.running = startGatewayWith(t, "  - name: other\n    token: "+secretCanaries[4]+"\n    basic: [{user: ping, passwordFile: DIR/basic}]\n    clients: [{id: pf, secretFile: DIR/client, scopes: [scim.read, scim.write]}]"+
		"\n  - name: signed\n    jwt: {algorithm: EdDSA, keyFile: DIR/key, issuer: me, audience: you}\nencryption: {keyFile: DIR/encryption}\naudit: {keyFile: DIR/audit, file: DIR/audit.jsonl}\n",
		func(sim http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if says := c.slackSays.Load(); says != nil && !strings.Contains(r.URL.Path, "auth.test") {
					(*says)(w, r)
					return
				}
				sim.ServeHTTP(w, r)
			})
		}, map[string]string{"slack": secretCanaries[0], "source": secretCanaries[1], "admin": secretCanaries[2], "encryption": secretCanaries[5], "basic": secretCanaries[6], "client": secretCanaries[7],
			"audit": secretCanaries[8]})
	return c
}

// around shows where a text holds a word.
func around(text, word string) string {
	at := strings.Index(strings.ToLower(text), strings.ToLower(word))
	return fmt.Sprintf(": ...%.400q", text[max(0, at-250):])
}

// A process that has its secrets from files shows them neither in its arguments nor in its environment, and neither does a command that asks it.
func TestCanariesInTheProcessList(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	c := newCanaryRun(t)
	c.stop()
	chatty := answersTwice(t)
	c.config(c.cfg.Slack.SCIMURL, "http://"+chatty.address+"/scim", c.cfg.Slack.APIURL, "http://"+chatty.address+"/api/")
	p := start(t, nil, "serve", "-c", filepath.Join(c.dir, "config.yaml"), "--log-level=debug")
	for _, name := range []string{"cmdline", "environ"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.Process.Pid, name))
		if err != nil {
			t.Skip(err) // no such list on this system
		}
		if found := secretCanaries.in(string(raw)); len(found) > 0 {
			t.Errorf("%s holds %q", name, found)
		}
	}
	eventually(t, "it hears what it did not ask for", 20*time.Second, func() bool { return chatty.told.Load() >= 3 })
	_ = p.end(syscall.SIGTERM)
	if found := secretCanaries.in(p.output.String()); len(found) > 0 {
		t.Errorf("it printed %q", found)
	}
}

// twice is a Slack that answers each request, and then once more, with the request in it. The HTTP client of the library logs that by itself.
type twice struct {
	address string
	told    atomic.Int64
}

func answersTwice(t *testing.T) *twice {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	slack := &twice{address: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				request := make([]byte, 4096)
				n, _ := conn.Read(request)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				time.Sleep(50 * time.Millisecond) // until the client takes it for the whole answer
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 400 %s\r\n\r\n", strings.NewReplacer("\r", " ", "\n", " ").Replace(string(request[:n])))
				_, _ = conn.Read(request) // until the client has read it, and ends the connection
				slack.told.Add(1)
			}()
		}
	}()
	return slack
}
