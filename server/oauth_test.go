package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func clientOf(source, id, secret string, readOnly bool) Credential {
	return Credential{Source: source, Name: "client " + id, ReadOnly: readOnly, Client: &Client{ID: id, SecretHash: sha256.Sum256([]byte(secret))}}
}

const clientSecret = "the+secret/of:the client%41"

func newTokenServer(t *testing.T, options ...func(*Config)) (*Server, *logBuffer) {
	return newTestServer(t, nil, append([]func(*Config){func(c *Config) {
		c.Credentials = append(c.Credentials, clientOf("ping", "ping-1", clientSecret, false), clientOf("ping", "auditor", "of-the-auditor", true), clientOf("entra", "id:with colon", "s", false))
	}}, options...)...)
}

type tokenReply struct {
	status           int
	header           http.Header
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int    `json:"expires_in"`
	Scope, Error     string
	ErrorDescription string `json:"error_description"`
}

// ask sends a form to the token endpoint.
func ask(t testing.TB, s *Server, form string, headers ...string) (reply tokenReply) {
	t.Helper()
	r := httptest.NewRequest("POST", TokenPath, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil {
		t.Fatalf("%q: %d %s: %v", form, w.Code, w.Body, err)
	}
	reply.status, reply.header = w.Code, w.Header()
	if reply.header.Get("Cache-Control") != "no-store" || reply.header.Get("Pragma") != "no-cache" || !strings.HasPrefix(reply.header.Get("Content-Type"), "application/json") {
		t.Errorf("%q: headers %v", form, reply.header)
	}
	return reply
}

func clientHeader(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

const grantType = "grant_type=client_credentials"

func inForm(id, secret string) string {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode()
}

// whoReads returns the source that a token reads as, and whether it may write.
func (s *Server) whoReads(token string) (source string, writes bool) {
	w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+token)
	if w.Code != http.StatusOK {
		return "", false
	}
	source, _, _ = strings.Cut(w.Body.String(), " ")
	return source, do(s, "POST", "/scim/v2/Users", "Authorization", "Bearer "+token).Code == http.StatusOK
}

func TestClientCredentials(t *testing.T) {
	s, log := newTokenServer(t)
	both := ScopeRead + " " + ScopeWrite
	escaped := clientHeader(url.QueryEscape("ping-1"), url.QueryEscape(clientSecret))
	for name, c := range map[string]struct {
		form, header, scope, source string
		writes                      bool
	}{
		"in the body":             {inForm("ping-1", clientSecret), "", both, "ping", true},
		"in the header":           {grantType, escaped, both, "ping", true},
		"not escaped":             {grantType, clientHeader("auditor", "of-the-auditor"), ScopeRead, "ping", false},
		"plus signs as they are":  {grantType, clientHeader("ping-1", clientSecret), both, "ping", true},
		"colon in the id":         {grantType, clientHeader(url.QueryEscape("id:with colon"), "s"), both, "entra", true},
		"lower case":              {grantType, strings.Replace(escaped, "Basic", "basic", 1), both, "ping", true},
		"id in both":              {grantType + "&client_id=ping-1", escaped, both, "ping", true},
		"unknown parameters":      {inForm("ping-1", clientSecret) + "&resource=https://x.test&audience=y", "", both, "ping", true},
		"empty scope":             {inForm("ping-1", clientSecret) + "&scope=", "", both, "ping", true},
		"read":                    {inForm("ping-1", clientSecret) + "&scope=scim.read", "", ScopeRead, "ping", false},
		"write":                   {inForm("ping-1", clientSecret) + "&scope=scim.write", "", ScopeWrite, "ping", true},
		"both":                    {inForm("ping-1", clientSecret) + "&scope=scim.write+scim.read", "", both, "ping", true},
		"with a comma":            {inForm("ping-1", clientSecret) + "&scope=scim.read,scim.write", "", both, "ping", true},
		"may only read":           {inForm("auditor", "of-the-auditor"), "", ScopeRead, "ping", false},
		"asks for what it may do": {inForm("auditor", "of-the-auditor") + "&scope=scim.read", "", ScopeRead, "ping", false},
	} {
		headers := []string{}
		if c.header != "" {
			headers = []string{"Authorization", c.header}
		}
		r := ask(t, s, c.form, headers...)
		if r.status != 200 || r.TokenType != "Bearer" || r.ExpiresIn != 600 || r.Scope != c.scope {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		if source, writes := s.whoReads(r.AccessToken); source != c.source || writes != c.writes {
			t.Errorf("%s: reads as %q, writes: %t", name, source, writes)
		}
	}
	if strings.Contains(log.String(), clientSecret) || strings.Contains(log.String(), "of-the-auditor") || !strings.Contains(log.String(), `"credential":"client ping-1"`) {
		t.Error("the log holds a secret, or does not name the client")
	}
}

// Each refusal is the one of RFC 6749 section 5.2, and nothing of a secret is in it.
func TestTokenRequestsRefused(t *testing.T) {
	s, log := newTokenServer(t)
	good := clientHeader("auditor", "of-the-auditor")
	for name, c := range map[string]struct {
		form    string
		headers []string
		error   string
	}{
		"nobody":                  {grantType, nil, "invalid_client"},
		"wrong secret":            {inForm("ping-1", "canary"), nil, "invalid_client"},
		"wrong id":                {inForm("canary", clientSecret), nil, "invalid_client"},
		"secret of another":       {inForm("ping-1", "of-the-auditor"), nil, "invalid_client"},
		"letter case":             {inForm("Auditor", "of-the-auditor"), nil, "invalid_client"},
		"empty secret":            {inForm("ping-1", ""), nil, "invalid_client"},
		"empty id":                {inForm("", clientSecret), nil, "invalid_client"},
		"colon moved":             {inForm("id", "with colon:s"), nil, "invalid_client"},
		"wrong in the header":     {grantType, []string{"Authorization", clientHeader("ping-1", "canary")}, "invalid_client"},
		"header is no base64":     {grantType, []string{"Authorization", "Basic !!!"}, "invalid_client"},
		"header without a colon":  {grantType, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("canary"))}, "invalid_client"},
		"bearer":                  {grantType, []string{"Authorization", "Bearer " + secret}, "invalid_client"},
		"empty header":            {grantType, []string{"Authorization", ""}, "invalid_client"},
		"bearer and body":         {inForm("auditor", "of-the-auditor"), []string{"Authorization", "Bearer " + secret}, "invalid_request"},
		"header and body":         {inForm("auditor", "of-the-auditor"), []string{"Authorization", good}, "invalid_request"},
		"two headers":             {grantType, []string{"Authorization", good, "Authorization", good}, "invalid_request"},
		"another id in the body":  {grantType + "&client_id=ping-1", []string{"Authorization", good}, "invalid_request"},
		"assertion":               {grantType + "&client_assertion=x", []string{"Authorization", good}, "invalid_request"},
		"no grant type":           {"scope=scim.read", []string{"Authorization", good}, "invalid_request"},
		"empty grant type":        {"grant_type=", []string{"Authorization", good}, "invalid_request"},
		"password grant":          {"grant_type=password&username=x&password=y", []string{"Authorization", good}, "unsupported_grant_type"},
		"letter case of grant":    {"grant_type=Client_Credentials", []string{"Authorization", good}, "unsupported_grant_type"},
		"grant type twice":        {grantType + "&" + grantType, []string{"Authorization", good}, "invalid_request"},
		"scope twice":             {grantType + "&scope=scim.read&scope=scim.read", []string{"Authorization", good}, "invalid_request"},
		"more than it may":        {grantType + "&scope=scim.write", []string{"Authorization", good}, "invalid_scope"},
		"other scope":             {grantType + "&scope=openid", []string{"Authorization", good}, "invalid_scope"},
		"one of two":              {grantType + "&scope=scim.read+admin", []string{"Authorization", good}, "invalid_scope"},
		"semicolons":              {grantType + ";scope=scim.read", []string{"Authorization", good}, "invalid_request"},
		"broken escape":           {grantType + "&x=%zz", []string{"Authorization", good}, "invalid_request"},
		"JSON":                    {`{"grant_type":"client_credentials"}`, []string{"Authorization", good}, "invalid_request"},
		"too long":                {grantType + "&x=" + strings.Repeat("x", maxTokenRequest), []string{"Authorization", good}, "invalid_request"},
		"thousands of parameters": {strings.Repeat("&", maxTokenRequest+1), []string{"Authorization", good}, "invalid_request"},
	} {
		r := ask(t, s, c.form, c.headers...)
		want := http.StatusBadRequest
		if c.error == "invalid_client" {
			want = http.StatusUnauthorized
		}
		if r.status != want || r.Error != c.error || r.AccessToken != "" || r.ErrorDescription == "" {
			t.Errorf("%s: %d %s (%s), want %s", name, r.status, r.Error, r.ErrorDescription, c.error)
		}
		if basic := strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic "); basic != (want == http.StatusUnauthorized) {
			t.Errorf("%s: WWW-Authenticate %q", name, r.header.Get("WWW-Authenticate"))
		}
		if strings.Contains(r.ErrorDescription, "canary") {
			t.Errorf("%s: %s", name, r.ErrorDescription)
		}
	}
	for _, media := range []string{"", "application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencodedx"} {
		r := httptest.NewRequest("POST", TokenPath, strings.NewReader(inForm("auditor", "of-the-auditor")))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code != 400 || !strings.Contains(w.Body.String(), "invalid_request") {
			t.Errorf("%q: %d %s", media, w.Code, w.Body)
		}
	}
	if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), "of-the-auditor") {
		t.Error("a secret is in the log")
	}
}

// Only the very method and path are the token endpoint, however else they are written, and the parameters in an address open nothing.
func TestTokenEndpointOpensNothingElse(t *testing.T) {
	s, _ := newTokenServer(t)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	form := inForm("auditor", "of-the-auditor")
	post := func(method, path string) (int, string) {
		return raw(t, server.Listener.Addr().String(), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", method, path, len(form), form))
	}
	for _, path := range []string{"/oauth2/token/", "//oauth2/token", "/oauth2//token", "/oauth2/%74oken", "/oauth2%2Ftoken", "/oauth2/./token", "/x/../oauth2/token", "/OAuth2/token", "/oauth2/token;x", "/oauth2/token%00", "/oauth2/token%20", "/oauth2/tokens",
		"/oauth2/token/../../scim/v2/Users", "/oauth2/token/scim/v2/Users", "/oauth2/token%2F..%2F..%2Fscim/v2/Users", "/oauth2", "/oauth2/", "/oauth2/authorize", "/scim/v2/oauth2/token", "/scim/v2/Users", "/%6Fauth2/token", "/oauth2/token%3F"} {
		if code, answer := post("POST", path); code != 401 && code != 400 || strings.Contains(answer, "access_token") {
			t.Errorf("POST %s: %d %s", path, code, answer)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "Post", "BREW"} {
		if code, answer := post(method, TokenPath); code != 401 && code != 400 || strings.Contains(answer, "access_token") {
			t.Errorf("%s: %d %s", method, code, answer)
		}
	}
	for _, query := range []string{"?", "?x=y", "?" + form, "?client_secret=of-the-auditor"} {
		if code, answer := post("POST", TokenPath+query); code != 400 || !strings.Contains(answer, "invalid_request") {
			t.Errorf("POST %s: %d %s", query, code, answer)
		}
	}
	for _, path := range []string{TokenPath, "http://x.test" + TokenPath} {
		if code, answer := post("POST", path); code != 200 || !strings.Contains(answer, "access_token") {
			t.Errorf("POST %s: %d %s", path, code, answer)
		}
	}
	without, _ := newTestServer(t, nil)
	checkError(t, do(without, "POST", TokenPath, "Content-Type", "application/x-www-form-urlencoded"), 401)
}

// A token lives for ten minutes, and only as long as its client and the secret by which it was got.
func TestAccessTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := newTokenServer(t)
		token := ask(t, s, inForm("ping-1", clientSecret)).AccessToken
		set := func(credentials ...Credential) {
			if err := s.SetCredentials(credentials); err != nil {
				t.Fatal(err)
			}
		}
		is := func(when, want string, writes bool) {
			t.Helper()
			if source, got := s.whoReads(token); source != want || got != writes {
				t.Errorf("%s: reads as %q, writes: %t", when, source, got)
			}
		}
		old, next := clientOf("ping", "ping-1", clientSecret, false), clientOf("ping", "ping-1", "the-next-secret", false)
		set(old, next)
		is("while both secrets are there", "ping", true)
		set(next)
		is("after its secret was replaced", "", false)
		set(old)
		is("when its secret is back", "ping", true)
		set(clientOf("other", "ping-1", clientSecret, false))
		is("when the client is that of another source", "", false)
		set(clientOf("ping", "ping-1", clientSecret, true))
		is("when the client may only read", "ping", false)
		set(Token("ping", "x"))
		is("when there are no clients any more", "", false)
		set(old)
		if other, _ := newTokenServer(t); func() bool { source, _ := other.whoReads(token); return source != "" }() {
			t.Error("another gateway takes the token")
		}
		time.Sleep(TokenLifetime - time.Second)
		is("before its end", "ping", true)
		time.Sleep(clockLeeway + 2*time.Second)
		is("after its end", "", false)
		if strings.Contains(log.String(), token[:20]) {
			t.Error("the token is in the log")
		}
	})
}

// Who guesses is told to wait; who has the secret is served all the same, also from the same address.
func TestGuessedClientSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTokenServer(t, func(c *Config) { c.Guesses = Rate{PerSecond: 0.1, Burst: 5} })
		refused := 0
		for n := range 100 {
			switch r := ask(t, s, inForm("ping-1", fmt.Sprint("guess-", n))); r.status {
			case http.StatusTooManyRequests:
				refused++
				if seconds := r.header.Get("Retry-After"); seconds == "" || seconds == "0" || strings.Contains(seconds, ".") || r.Error == "" {
					t.Fatalf("Retry-After %q, %s", seconds, r.Error)
				}
			case http.StatusUnauthorized:
			default:
				t.Fatal(r.status)
			}
			if n%10 == 0 && ask(t, s, inForm("ping-1", clientSecret)).status != 200 {
				t.Fatal("the honest client is locked out")
			}
		}
		if refused != 95 {
			t.Errorf("%d of 100 guesses are told to wait", refused)
		}
		if time.Sleep(time.Minute); ask(t, s, inForm("ping-1", "x")).status != http.StatusUnauthorized {
			t.Error("the address is kept out for ever")
		}
	})
}

// Secrets of a client are replaced 500 times while tokens are got and used: no good request fails, and what was taken away is refused at once.
func TestClientSecretRotationUnderLoad(t *testing.T) {
	s, _ := newTestServer(t, nil)
	secretOf := func(i int) string { return fmt.Sprintf("secret-of-round-%06d", i) }
	take := func(rounds ...int) {
		var list []Credential
		for _, i := range rounds {
			list = append(list, clientOf("ping", "me", secretOf(i), false))
		}
		if err := s.SetCredentials(list); err != nil {
			t.Error(err)
		}
	}
	take(0)
	var current sync.RWMutex // held by a request for as long as its secret must be taken
	var stop atomic.Bool
	var load sync.WaitGroup
	var served atomic.Int64
	round := 0
	for range 4 {
		load.Go(func() {
			for !stop.Load() {
				current.RLock()
				r := ask(t, s, inForm("me", secretOf(round)))
				source, writes := s.whoReads(r.AccessToken)
				current.RUnlock()
				if r.status != 200 || source != "ping" || !writes {
					t.Errorf("a good request is refused: %d, %q", r.status, source)
				}
				served.Add(1)
			}
		})
	}
	for i := range 500 {
		token := ask(t, s, inForm("me", secretOf(i))).AccessToken
		take(i, i+1)
		current.Lock()
		round = i + 1
		current.Unlock()
		take(i + 1)
		if source, _ := s.whoReads(token); source != "" || ask(t, s, inForm("me", secretOf(i))).status != 401 {
			t.Fatalf("rotation %d: the old secret, or a token got by it, is taken", i)
		}
	}
	stop.Store(true)
	load.Wait()
	if served.Load() < 500 {
		t.Errorf("%d requests are no load", served.Load())
	}
}

func TestFaultyClients(t *testing.T) {
	for want, list := range map[string][]Credential{
		"has no id":            {clientOf("a", "", "x", false)},
		"is empty":             {clientOf("a", "x", "", false)},
		"have the same client": {clientOf("a", "x", "1", false), clientOf("b", "x", "2", false)},
		"is there twice":       {clientOf("a", "x", "1", false), clientOf("a", "x", "1", true)},
		"names no source":      {clientOf("", "x", "1", false)},
	} {
		if _, err := newKeyring(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := newKeyring([]Credential{clientOf("a", "x", "1", false), clientOf("a", "x", "2", false)}); err != nil {
		t.Errorf("a secret that is being replaced: %v", err)
	}
}

// Whatever is sent to the token endpoint, only the right id and secret get a token.
func FuzzTokenRequest(f *testing.F) {
	keys, err := newKeyring([]Credential{clientOf("ping", "me", "s3cret", false)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(inForm("me", "s3cret"), "", "")
	f.Add(grantType, clientHeader("me", "s3cret"), "")
	f.Add(grantType+"&scope=scim.read;x", clientHeader("m%65", "s3cret"), "x=y")
	f.Add("%=&&=;client_id=me", "Basic =", "?")
	f.Fuzz(func(t *testing.T, body, header, query string) {
		r := httptest.NewRequest("POST", TokenPath, strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, refusal := readForm(r)
		if refusal != nil {
			return
		}
		if query != "" {
			t.Error("parameters of the address are read")
		}
		var headers []string
		if header != "" {
			headers = []string{header}
		}
		claims, refusal := presentedClients(headers, form)
		if (refusal == nil) != (len(claims) > 0) {
			t.Errorf("%v and %v", claims, refusal)
		}
		for _, c := range claims {
			if found := keys.byClient(c.id, c.secret); (found != nil) != (c.id == "me" && c.secret == "s3cret") {
				t.Errorf("%q %q: %v", c.id, c.secret, found)
			}
		}
		if scope, refusal := grant(form["scope"], true); refusal == nil && scope != ScopeRead {
			t.Errorf("who may read is granted %q", scope)
		}
	})
}

// A token that proves a source and has no scope here is 403, and another credential is of no use.
func TestInsufficientScope(t *testing.T) {
	pair := newPair(t, "k")
	s, _ := newTestServer(t, nil, func(c *Config) {
		c.Credentials = append(c.Credentials, Credential{Source: "scoped", JWT: &JWT{Algorithm: "ES256", Key: publicPEM(t, &pair.key.PublicKey), Issuer: issuerOf("scoped"), Audience: forgedAudience, Scopes: ScopesRequired}})
	})
	f := &forge{now: time.Now().Unix()}
	for scope, want := range map[string]int{`"openid"`: 403, `"scim.read"`: 200, `"scim.write"`: 200} {
		w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+signed(es256, f.claims("scoped", "scope", scope), "ES256", pair.key))
		if w.Code != want {
			t.Errorf("%s: %d", scope, w.Code)
		}
		if want == 403 {
			checkError(t, w, 403)
			if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="scim", error="insufficient_scope", scope="scim.read scim.write"` {
				t.Errorf("WWW-Authenticate %q", got)
			}
		}
	}
}
