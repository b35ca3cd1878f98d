package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// issuer publishes keys without a network.
type issuer struct {
	mu      sync.Mutex
	answer  func() (*http.Response, error)
	delay   time.Duration
	fetches []time.Time
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetches = append(i.fetches, time.Now())
	answer, delay := i.answer, i.delay
	i.mu.Unlock()
	select {
	case <-time.After(delay):
		return answer()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (i *issuer) publish(keys ...string) { i.say(200, `{"keys":[`+strings.Join(keys, ",")+`]}`) }

func (i *issuer) say(status int, body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = func() (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: http.Header{"Location": {"https://evil.test/"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func (i *issuer) slow(delay time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.delay = delay
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.fetches)
}

// checkGaps fails the test if two fetches began within 30 s.
func (i *issuer) checkGaps(t *testing.T) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := 1; n < len(i.fetches); n++ {
		if gap := i.fetches[n].Sub(i.fetches[n-1]); gap < 30*time.Second {
			t.Errorf("fetch %d began %v after the one before", n, gap)
		}
	}
}

type ecKeyPair struct {
	kid string
	key *ecdsa.PrivateKey
}

func newPair(t testing.TB, kid string) ecKeyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ecKeyPair{kid, key}
}

func (p ecKeyPair) jwk() string { return jwkOf(&p.key.PublicKey, `"kid":`+quoteJSON(p.kid)) }

func (p ecKeyPair) token() string {
	return signed(`{"alg":"ES256","kid":`+quoteJSON(p.kid)+`}`, (&forge{now: time.Now().Unix()}).claims("jwks"), "ES256", p.key)
}

func publishedBy(url string) Credential {
	return Credential{Source: "jwks", Name: "jwt", JWT: &JWT{Algorithm: "ES256", KeysURL: url, Issuer: issuerOf("jwks"), Audience: forgedAudience}}
}

// withIssuer runs a test in a bubble with a server that trusts the issuer and refreshes its keys.
func withIssuer(t *testing.T, begin func(*issuer), test func(t *testing.T, s *Server, i *issuer, log *logBuffer)) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{}
		begin(i)
		s, log := newTestServer(t, nil, func(c *Config) {
			c.KeysTransport = i
			c.Credentials = append(c.Credentials, publishedBy("https://issuer.test/jwks"))
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.RefreshKeys(ctx) }()
		synctest.Wait()
		test(t, s, i, log)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		i.checkGaps(t)
	})
}

func (s *Server) takes(token string) bool {
	caller, err := s.keys.Load().byJWT(token)
	return err == nil && caller.Source == "jwks"
}

// A flood of 10,000 unknown kids a second makes one fetch each 30 s, and a key that is really new is found all the same.
func TestRotationDuringFloodOfUnknownKeys(t *testing.T) {
	old, next := newPair(t, "old"), newPair(t, "new")
	withIssuer(t, func(i *issuer) { i.publish(old.jwk()); i.slow(2 * time.Second) }, func(t *testing.T, s *Server, i *issuer, _ *logBuffer) {
		time.Sleep(3 * time.Second)
		if !s.takes(old.token()) {
			t.Fatal("the first key is not taken")
		}
		var unknown [100]string
		for n := range unknown {
			unknown[n] = signed(fmt.Sprintf(`{"alg":"ES256","kid":"made-up-%d"}`, n), (&forge{now: time.Now().Unix()}).claims("jwks"), "ES256", next.key)
		}
		flood := func() {
			for n := range 10_000 {
				if s.takes(unknown[n%len(unknown)]) {
					t.Fatal("a made-up key is taken")
				}
			}
		}
		for range 10 {
			flood()
			time.Sleep(time.Second)
		}
		i.publish(old.jwk(), next.jwk())
		rotated := time.Now()
		for !s.takes(next.token()) {
			flood()
			if time.Sleep(time.Second); time.Since(rotated) > 60*time.Second {
				t.Fatal("the new key is not usable within 60 s")
			}
			if !s.takes(old.token()) {
				t.Fatal("the old key was lost")
			}
		}
		t.Logf("usable after %v and %d fetches", time.Since(rotated), i.count())
	})
}

// Keys are replaced 500 times while tokens by them come: those of a published key are taken, and those of one that was withdrawn are refused from
// the fetch on.
func TestRotationsOfPublishedKeys(t *testing.T) {
	pairs := make([]ecKeyPair, 501)
	for n := range pairs {
		pairs[n] = newPair(t, fmt.Sprint("key-", n))
	}
	withIssuer(t, func(i *issuer) { i.publish(pairs[0].jwk()) }, func(t *testing.T, s *Server, i *issuer, _ *logBuffer) {
		for n := range 500 {
			i.publish(pairs[n].jwk(), pairs[n+1].jwk()) // both, until everybody has moved
			time.Sleep(31 * time.Second)                // a token by the new key is what makes the gateway look
			s.takes(pairs[n+1].token())
			synctest.Wait()
			if !s.takes(pairs[n].token()) || !s.takes(pairs[n+1].token()) {
				t.Fatalf("rotation %d: a published key is refused", n)
			}
			i.publish(pairs[n+1].jwk())
			before := i.count()
			time.Sleep(keysEvery + time.Second)
			if i.count() == before || s.takes(pairs[n].token()) || !s.takes(pairs[n+1].token()) {
				t.Fatalf("rotation %d: the old key is taken, or the new one is not", n)
			}
		}
	})
}

// What is no good answer leaves the keys as they were.
func TestIssuerAnswersNothingGood(t *testing.T) {
	pair := newPair(t, "k")
	for name, fail := range map[string]func(*issuer){
		"500":              func(i *issuer) { i.say(500, `{"keys":[]}`) },
		"redirect":         func(i *issuer) { i.say(302, "") },
		"no JSON":          func(i *issuer) { i.say(200, "<html>") },
		"no keys":          func(i *issuer) { i.say(200, `{"keys":{}}`) },
		"keys are no keys": func(i *issuer) { i.say(200, `{"keys":[1]}`) },
		"a name twice":     func(i *issuer) { i.say(200, `{"keys":[],"keys":[]}`) },
		"too large":        func(i *issuer) { i.say(200, `{"keys":[`+pair.jwk()+`],"x":"`+strings.Repeat("x", 1<<20)+`"}`) },
		"too many":         func(i *issuer) { i.publish(strings.Repeat(`{},`, 100) + `{}`) },
		"too slow":         func(i *issuer) { i.slow(6 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			withIssuer(t, func(i *issuer) { i.publish(pair.jwk()) }, func(t *testing.T, s *Server, i *issuer, log *logBuffer) {
				fail(i)
				time.Sleep(15 * time.Minute)
				state := s.IssuerKeys()
				if len(state) != 1 || state[0].Keys != 1 || state[0].Problem == "" || time.Since(state[0].Fetched) < 14*time.Minute || !s.takes(pair.token()) {
					t.Errorf("state %+v", state)
				}
			})
		})
	}
}

// A row of failures is logged once, and after a day the keys are not used any more.
func TestIssuerDownForADay(t *testing.T) {
	pair := newPair(t, "k")
	withIssuer(t, func(i *issuer) { i.publish(pair.jwk()) }, func(t *testing.T, s *Server, i *issuer, log *logBuffer) {
		i.say(503, "")
		for begin := time.Now(); time.Since(begin) < keysMaxAge-time.Minute; time.Sleep(10 * time.Minute) {
			if !s.takes(pair.token()) {
				t.Fatalf("the last good key is refused after %v", time.Since(begin))
			}
		}
		if time.Sleep(20 * time.Minute); s.takes(pair.token()) {
			t.Error("keys of more than a day ago are used")
		}
		if got := strings.Count(log.String(), "cannot be fetched"); got != 1 {
			t.Errorf("the failure is logged %d times", got)
		}
		i.publish(pair.jwk())
		if time.Sleep(31 * time.Second); !s.takes(pair.token()) || !strings.Contains(log.String(), "are fetched again") || s.IssuerKeys()[0].Problem != "" {
			t.Error("the issuer is back, and its key is not")
		}
	})
}

// An issuer that withdraws all of its keys is obeyed.
func TestIssuerWithdrawsAllKeys(t *testing.T) {
	pair := newPair(t, "k")
	withIssuer(t, func(i *issuer) { i.publish(pair.jwk()) }, func(t *testing.T, s *Server, i *issuer, log *logBuffer) {
		i.publish()
		time.Sleep(keysEvery + time.Second)
		if s.takes(pair.token()) || strings.Count(log.String(), "nobody comes in") != 1 {
			t.Error("a withdrawn key is taken")
		}
	})
}

// An issuer that is down at the start holds nothing up, and its keys are used when it comes.
func TestIssuerDownAtStart(t *testing.T) {
	pair := newPair(t, "k")
	withIssuer(t, func(i *issuer) { i.say(503, "") }, func(t *testing.T, s *Server, i *issuer, _ *logBuffer) {
		begin := time.Now()
		if s.takes(pair.token()) || time.Since(begin) > 0 {
			t.Error("a request waits for the issuer, or is let in without keys")
		}
		i.publish(pair.jwk())
		if time.Sleep(31 * time.Second); !s.takes(pair.token()) {
			t.Error("the keys were not fetched when the issuer came")
		}
	})
}

// Another configuration keeps the keys of the issuers that stay, fetches those of new ones, and asks those that are gone no more.
func TestIssuersOfAnotherConfiguration(t *testing.T) {
	pair := newPair(t, "k")
	withIssuer(t, func(i *issuer) { i.publish(pair.jwk()) }, func(t *testing.T, s *Server, i *issuer, _ *logBuffer) {
		for range 100 {
			if err := s.SetCredentials([]Credential{publishedBy("https://issuer.test/jwks")}); err != nil {
				t.Fatal(err)
			}
			if !s.takes(pair.token()) {
				t.Fatal("the keys are lost by a new configuration")
			}
		}
		if synctest.Wait(); i.count() != 1 {
			t.Errorf("%d fetches", i.count())
		}
		if err := s.SetCredentials([]Credential{Token("idp", secret)}); err != nil {
			t.Fatal(err)
		}
		if time.Sleep(time.Hour); i.count() != 1 || len(s.IssuerKeys()) != 0 || s.takes(pair.token()) {
			t.Error("an issuer that nobody trusts any more is asked or believed")
		}
		if err := s.SetCredentials([]Credential{publishedBy("https://issuer.test/other")}); err != nil {
			t.Fatal(err)
		}
		if synctest.Wait(); i.count() != 2 || !s.takes(pair.token()) {
			t.Error("a new issuer is not asked")
		}
	})
}

// The real client follows no redirect and speaks to nobody in the clear but this machine.
func TestKeysURL(t *testing.T) {
	for url, good := range map[string]bool{
		"https://issuer.test/jwks": true, "https://issuer.test:8443/jwks?x=y": true, "http://127.0.0.1:9031/pf/JWKS": true, "http://localhost/jwks": true, "http://[::1]:1/x": true,
		"http://issuer.test/jwks": false, "http://127.0.0.1.evil.test/": false, "http://localhost.evil.test/": false, "ftp://issuer.test/": false, "file:///etc/passwd": false, "//issuer.test/": false,
		"https://me:pass@issuer.test/": false, "https:///jwks": false, "https://issuer.test/#x": false, "issuer.test/jwks": false, "https://:443/": false, "http://10.0.0.1/": false, "HTTPS://issuer.test/": true,
	} {
		err := publishedBy(url).JWT.Validate()
		if (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
	for name, j := range map[string]JWT{
		"both": {Algorithm: "ES256", KeysURL: "https://x.test/", Key: []byte("x"), Issuer: "i", Audience: "a"}, "secret": {Algorithm: "HS256", KeysURL: "https://x.test/", Issuer: "i", Audience: "a"},
		"none": {Algorithm: "none", KeysURL: "https://x.test/", Issuer: "i", Audience: "a"}, "ourselves": {Algorithm: "ES256", KeysURL: "https://x.test/", Issuer: tokenIssuer, Audience: "a"},
		"reserved claim": {Algorithm: "ES256", KeysURL: "https://x.test/", Issuer: "i", Audience: "a", Claims: map[string]string{"iss": "x"}},
		"scopes":         {Algorithm: "ES256", KeysURL: "https://x.test/", Issuer: "i", Audience: "a", Scopes: "some"},
	} {
		if j.Validate() == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// Two sources that accept the same tokens are a fault; what tells them apart is none.
func TestTrustsOfTwoSources(t *testing.T) {
	trust := func(source string, change func(*JWT)) Credential {
		c := publishedBy("https://issuer.test/jwks")
		if c.Source = source; change != nil {
			change(c.JWT)
		}
		return c
	}
	azp := func(value string) func(*JWT) { return func(j *JWT) { j.Claims = map[string]string{"azp": value} } }
	for name, c := range map[string]struct {
		a, b  Credential
		fault bool
	}{
		"identical":       {trust("a", nil), trust("b", nil), true},
		"one source":      {trust("a", nil), trust("a", nil), false},
		"one covers":      {trust("a", nil), trust("b", azp("x")), true},
		"other covers":    {trust("a", azp("x")), trust("b", nil), true},
		"same claim":      {trust("a", azp("x")), trust("b", azp("x")), true},
		"other claim":     {trust("a", azp("x")), trust("b", azp("y")), false},
		"other audience":  {trust("a", nil), trust("b", func(j *JWT) { j.Audience = "x" }), false},
		"other issuer":    {trust("a", nil), trust("b", func(j *JWT) { j.Issuer = "x" }), false},
		"other algorithm": {trust("a", nil), trust("b", func(j *JWT) { j.Algorithm = "RS256" }), false},
		"typed":           {trust("a", func(j *JWT) { j.Type = "at+jwt" }), trust("b", nil), true},
		"other types":     {trust("a", func(j *JWT) { j.Type = "x+jwt" }), trust("b", nil), false},
	} {
		if _, err := newKeyring([]Credential{c.a, c.b}); (err != nil) != c.fault {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever an issuer publishes is read without harm, and no key of less than 2048 bits or with a private part comes out.
func FuzzKeySet(f *testing.F) {
	p := newPair(f, "k")
	f.Add(`{"keys":[` + p.jwk() + `]}`)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	f.Add((&forge{rsa: large, jwks: p.key, unusable: map[string]*ecdsa.PrivateKey{}}).jwkSet(func() *ecdsa.PrivateKey { return p.key }))
	f.Add(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseKeys([]byte(text))
		if err != nil && keys != nil {
			t.Error("keys and an error")
		}
		for _, k := range keys {
			fits := false
			for _, alg := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
				fits = fits || checkKey(alg, k.key) == nil
			}
			if !fits {
				t.Errorf("a key for nothing: %T", k.key)
			}
		}
	})
}

// The client that is used for real follows no redirect and takes no large answer.
func TestKeysOverTheWire(t *testing.T) {
	pair := newPair(t, "k")
	mux := http.NewServeMux()
	serve := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	serve("/good", `{"keys":[`+pair.jwk()+`]}`)
	serve("/large", `{"keys":[],"x":"`+strings.Repeat("x", 2<<20)+`"}`)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	issuer := httptest.NewServer(mux)
	defer issuer.Close()
	client := newKeysClient(nil)
	for path, want := range map[string]string{"/good": "", "/large": "more than", "/redirect": "redirects are not followed", "/none": "404", "/headers": "header"} {
		set := &keySet{url: issuer.URL + path, client: client}
		keys, err := set.read(t.Context())
		if want == "" && (err != nil || len(keys) != 1) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %d keys, %v", path, len(keys), err)
		}
	}
}
