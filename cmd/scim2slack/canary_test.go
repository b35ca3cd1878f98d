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
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"scim2slack/server"
	"scim2slack/slacksim"
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

// inputs are the ways in which a canary gets in. Add one for each new door.
var inputs = map[string]func(c *canaryRun){
	"no credential, a wrong one, a right one in the wrong place": func(c *canaryRun) {
		addresses := []string{c.scimListener.Addr().String(), c.adminListener.Addr().String()}
		for _, word := range slices.Concat(secretCanaries, personCanaries) {
			escaped, basic := url.PathEscape(word), base64.StdEncoding.EncodeToString([]byte(word+":"+word))
			for _, head := range []string{
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: Basic " + basic,
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: Bearer " + word + "x",
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: Bearer " + word + "." + word + "." + word,
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: " + word,
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: " + word + " " + word,
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: Bearer a\nAuthorization: Bearer " + word,
				"GET /scim/v2/Users HTTP/1.1\nAuthorization: Bearer " + strings.Repeat(word, 2000),
				"GET /scim/v2/Users?access_token=" + escaped + "&token=" + escaped + " HTTP/1.1",
				"GET /scim/v2/Users/" + escaped + " HTTP/1.1",
				"GET /" + escaped + "/scim/v2 HTTP/1.1", "GET /admin/v1/" + escaped + "?who=" + escaped + " HTTP/1.1",
				"GET http://" + escaped + "/scim/v2/Users HTTP/1.1",
				"GET /scim/v2/Users HTTP/1.1\nX-Api-Key: " + word + "\nCookie: " + word + "\nUser-Agent: " + word + "\nReferer: https://" + word,
				word + " /scim/v2/Users HTTP/1.1", "GET /%zz" + word + " HTTP/1.1", "GET / " + word, word,
				"GET /scim/v2/Users HTTP/1.1\n" + word, "GET /scim/v2/Users HTTP/1.1\nTransfer-Encoding: " + word,
			} {
				for _, address := range addresses {
					c.strangers.WriteString(c.send(address, head, word))
				}
			}
			c.strangers.WriteString(c.send(addresses[1], "POST /admin/v1/plan HTTP/1.1\nAuthorization: Bearer "+c.source(), word))
			c.strangers.WriteString(c.send(addresses[0], "POST /scim/v2/Users HTTP/1.1\nAuthorization: Bearer "+c.adminToken(), `{"userName":"`+word+`"}`))
		}
	},
	"a token as a request id": func(c *canaryRun) {
		for _, word := range []string{c.source(), secretCanaries[0]} {
			c.send(c.scimListener.Addr().String(), "GET /scim/v2/Users HTTP/1.1\nX-Request-Id: "+word+"\nAuthorization: Bearer "+c.source(), "")
			c.send(c.scimListener.Addr().String(), "GET /scim/v2/Users HTTP/1.1\nX-Request-Id: "+word, "")
		}
	},
	"passwords and clients of OAuth": func(c *canaryRun) {
		address, password, secret := c.scimListener.Addr().String(), secretCanaries[6], secretCanaries[7]
		basic := func(user, password string) string {
			return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		}
		c.sources.WriteString(c.send(address, "GET /scim/v2/Users HTTP/1.1\n"+basic("ping", password), ""))
		for _, pair := range [][2]string{{password, "ping"}, {"ping", password + "x"}, {password, password}, {"", password}, {secret, secret}} {
			c.strangers.WriteString(c.send(address, "GET /scim/v2/Users HTTP/1.1\n"+basic(pair[0], pair[1]), ""))
		}
		const form = "\nContent-Type: application/x-www-form-urlencoded"
		request := func(path, head, body string) string { return c.send(address, "POST "+path+" HTTP/1.1"+head, body) }
		const grant = "grant_type=client_credentials"
		for _, answer := range []string{
			request(server.TokenPath+"?client_secret="+secret, form, grant), request(server.TokenPath, "\nContent-Type: application/json", `{"client_secret":"`+secret+`"}`),
			request(server.TokenPath, form, grant+"&client_id="+secret+"&client_secret=x"), request(server.TokenPath, form, grant+"&client_id=pf&client_secret="+secret+"&client_secret="+secret),
			request(server.TokenPath, form, grant+"&client_id=pf&client_secret="+secret+"&scope="+secret), request(server.TokenPath, form, "grant_type="+secret+"&client_id=pf&client_secret="+secret),
			request(server.TokenPath, form+"\n"+basic("pf", secret+"x"), grant), request(server.TokenPath, form+"\n"+basic(secret, "pf"), grant), request("/"+secret, form, secret),
		} {
			c.strangers.WriteString(answer)
		}
		granted := request(server.TokenPath, form+"\n"+basic("pf", secret), grant)
		_, rest, _ := strings.Cut(granted, `"access_token":"`)
		token, _, found := strings.Cut(rest, `"`)
		if !found {
			c.Fatalf("no token: %s", granted)
		}
		c.sources.WriteString(c.send(address, "GET /scim/v2/Users HTTP/1.1\nAuthorization: Bearer "+token, ""))
		c.strangers.WriteString(c.send(address, "GET /scim/v2/Users?access_token="+token+" HTTP/1.1\nAuthorization: Bearer "+token+"x", ""))
		if strings.Contains(c.log.String(), token) {
			c.Error("an access token is in the log")
		}
	},
	"requests that go wrong": func(c *canaryRun) {
		for _, word := range append(slices.Clone(personCanaries), misplacedCanary) {
			q := url.QueryEscape(word)
			for _, body := range []string{word, `{"userName":"` + word, `{"userName":"` + word + `","active":"` + word + `"}`, `["` + word + `"]`, `{"` + word + `@":1,"userName":"x` + word + `"}`,
				`{"userName":"` + word + `","emails":"` + word + `"}`, `{"userName":{"` + word + `":1}}`, `{"schemas":["` + word + `"]}`, `{"displayName":"` + word + `","members":[{"value":"` + word + `"},{"display":"` + word + `"}]}`,
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"` + word + `","path":"` + word + `[","value":"` + word + `"}]}`,
				`{"pad":"` + strings.Repeat(word+" ", 200_000) + `"}`, strings.Repeat("[", 5000) + word} {
				for _, path := range []string{"/Users", "/Groups", "/Users/" + q, "/Bulk", "/.search", "/Me"} {
					for _, method := range []string{"POST", "PUT", "PATCH"} {
						if len(body) < 100_000 || method == "POST" {
							c.asSource(method, path, body)
						}
					}
				}
			}
			for _, query := range []string{"filter=" + q, "filter=userName+eq+%22" + q + "%22", "filter=" + q + "+eq+%22x%22", "filter=emails%5Bvalue+eq+%22" + q, "sortBy=" + q, "attributes=" + q, "count=" + q, "startIndex=" + q, q + "=" + q} {
				c.asSource("GET", "/Users?"+query, "")
			}
			c.asSource("GET", "/"+q, "")
			c.asSource("DELETE", "/Groups/"+q, "")
			c.asSource("OPTIONS", "/Users", "")
		}
	},
	"people and groups, and Slack that echoes": func(c *canaryRun) {
		echo := func(status int, contentType, format string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("Content-Type", contentType)
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(status)
				all := strings.NewReplacer(`"`, "'", "\n", " ").Replace(r.Header.Get("Authorization") + " " + r.URL.String() + " " + string(body))
				_, _ = fmt.Fprintf(w, format, all)
			}
		}
		says := []struct {
			name   string
			answer http.HandlerFunc
		}{
			{"nothing odd", nil},
			{"refused", echo(400, "application/json", `{"Errors":{"description":"bad_email_address (email=%[1]s, reason=odd)","code":400}}`)},
			{"refused 2.0", echo(409, "application/json", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"username_taken %[1]s","status":409}`)},
			{"odd word", echo(400, "application/json", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"%[1]s","status":400}`)},
			{"5xx page", echo(502, "text/html", "<html>%[1]s</html>")},
			{"5xx text", echo(503, "text/plain", "%[1]s")},
			{"200 text", echo(200, "text/plain", "%[1]s")},
			{"redirect", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://"+url.PathEscape(r.Header.Get("Authorization"))+".example/"+r.URL.RawQuery, http.StatusFound)
			}},
			{"no HTTP", func(w http.ResponseWriter, r *http.Request) {
				if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
					_, _ = fmt.Fprintf(conn, "%s %s\r\n\r\n", r.Header.Get("Authorization"), r.URL)
					_ = conn.Close()
				}
			}},
			{"429", echo(429, "text/plain", "%[1]s")},
			{"401", echo(401, "application/json", `{"Errors":{"description":"invalid_authentication %[1]s","code":401}}`)},
		}
		for n, say := range says {
			var heard atomic.Int64
			if say.answer != nil {
				c.slackSays.Store(new(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					heard.Add(1)
					say.answer(w, r)
				})))
			}
			user := fmt.Sprintf(`{"userName":"namecanary%d","name":{"givenName":"firstcanary","familyName":"lastcanary"},"title":"titlecanary","active":true,"emails":[{"value":"%dmailcanary@people.example","primary":true}]}`, n, n)
			c.asSource("POST", "/Users", user)
			c.asSource("POST", "/Users", user)
			c.asSource("POST", "/Groups", fmt.Sprintf(`{"displayName":"groupcanary%d","members":[{"value":"mailcanary@people.example","display":"namecanary"}]}`, n))
			c.admin("status")
			if say.name != "429" { // these wait for the limit
				c.admin("explain", fmt.Sprintf("namecanary%d", n), "--live")
				c.admin("drift")
			}
			c.eventually(say.name+" is heard", func() bool { return say.answer == nil || heard.Load() > 0 })
		}
		c.slackSays.Store(nil)
	},
	"the alarm": func(c *canaryRun) {
		c.slack.Inject(slacksim.Fault{Kind: slacksim.WrongActive, Endpoint: slacksim.EndpointCreateUser, Times: 1})
		c.asSource("POST", "/Users", `{"userName":"namecanary-alarm","title":"titlecanary","emails":[{"value":"alarmmailcanary@people.example"}]}`)
		c.eventually("it is raised", func() bool { return strings.Contains(c.reconciler.Overview().Paused, "resume") })
		c.admin("status")
		c.admin("resume")
	},
	"faulty configurations": func(c *canaryRun) {
		good, err := os.ReadFile(filepath.Join(c.dir, "config.yaml"))
		if err != nil {
			c.Fatal(err)
		}
		var texts []string
		for _, secret := range secretCanaries {
			for _, shape := range []string{"%s", "%s: 1", "- %s", "'%s", "\"%s", "{%s", "[%s", "\t%s", "&%s x", "*%s", "!%s x", "? %s", "a: b: %s", "%%%s", "|\n %s", "sources:\n  - %s", "sources: %s", "<<: %s", "a: >-\n%s",
				"sources:\n  - name: a\n    user: {title: '%s', email: '%s('}", "sources:\n  - name: a\n    scope: '%s == '"} {
				texts = append(texts, strings.ReplaceAll(shape, "%s", secret), string(good)+"\n"+strings.ReplaceAll(shape, "%s", secret)+"\n")
			}
			for _, k := range gatewayKeys(defaultConfig()) {
				texts = append(texts, nested(k.path, secret), nested(k.path, "["+secret+"]"))
			}
			for _, k := range sourceKeys(newSourceConfig(""))[1:] { // the first is the name, and whoever names a source by a secret has told it
				texts = append(texts, "sources:\n  - "+strings.TrimSpace(strings.ReplaceAll(nested(k.path, secret), "\n", "\n    ")))
			}
		}
		for i, text := range texts {
			path := c.write("config.yaml", text)
			c.look(c.Context(), false)
			if i%7 == 0 { // the same faults again, through the command line
				c.admins.WriteString(c.command("check", "-c", path))
				c.admins.WriteString(c.command("check", "-c", path, "--json"))
				c.admins.WriteString(c.command("plan", "-c", path))
			}
		}
		c.write("config.yaml", string(good))
		c.look(c.Context(), false)
	},
	"faulty files of secrets": func(c *canaryRun) {
		for _, name := range []string{"source", "admin", "slack", "key", "basic", "client", "audit", "encryption"} {
			good, err := os.ReadFile(filepath.Join(c.dir, name))
			if err != nil {
				c.Fatal(err)
			}
			for _, text := range []string{"", string(good) + " " + string(good), strings.Repeat(string(good), 10_000), "\x00" + string(good), secretCanaries[4]} {
				c.write(name, text)
				c.look(c.Context(), false)
			}
			c.write(name, string(good))
			c.look(c.Context(), false)
		}
	},
	"a wrong command line": func(c *canaryRun) {
		for _, secret := range secretCanaries {
			for _, args := range [][]string{{secret}, {"status", secret}, {"serve", "--" + secret}, {"status", "--admin-token", secret}, {"status", "--admin-token=" + secret}, {"status", "--admin-token-file", secret},
				{"serve", "--log-level=" + secret}, {"sandbox", "--limits", secret}, {"preview", secret}} {
				c.admins.WriteString(c.command(args...))
			}
		}
	},
	"a panic": func(c *canaryRun) {
		s, err := server.New(server.Config{Log: c.daemon.log, Credentials: []server.Credential{server.Token("x", c.source())},
			SCIM: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { panic(fmt.Errorf("cannot go on with %v", r.Header)) })})
		if err != nil {
			c.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
		r.Header.Set("Authorization", "Bearer "+c.source())
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		c.sources.WriteString(w.Body.String())
	},
	"a token that Slack refuses, and the next": func(c *canaryRun) {
		c.slack.RevokeToken()
		c.asSource("POST", "/Users", `{"userName":"namecanary-late","emails":[{"value":"latemailcanary@people.example"}]}`)
		c.eventually("it rests", func() bool { return c.reconciler.Overview().Paused != "" })
		c.admin("status")
		c.slack.SetToken(secretCanaries[3])
		c.write("slack", secretCanaries[3])
		c.look(c.Context(), false)
		c.eventually("it goes on", func() bool { return c.reconciler.Overview().Paused == "" })
	},
}

// nested writes the key of a configuration with a value.
func nested(path, value string) string {
	var b strings.Builder
	parts := strings.Split(path, ".")
	for i, part := range parts {
		b.WriteString("\n" + strings.Repeat("  ", i) + part + ":")
	}
	return strings.TrimPrefix(b.String()+" "+value+"\n", "\n")
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
