package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"scim2slack/server"
	"scim2slack/slacksim"
)

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
