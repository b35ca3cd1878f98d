package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	password  = "a-password: with colons, and ümläuts"
	tokenOfPF = "token-of-pingfederate"
)

func basicOf(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// staticCredentials are two sources with several secrets each.
func staticCredentials() []Credential {
	custom, whole, key := Token("okta", "token-of-okta"), Token("raw", "token-that-stands-alone"), Token("keyed", "token-of-the-key")
	custom.Form, whole.Form, key.Form = Form{"authorization", "SSWS"}, Form{Header: "Authorization"}, Form{"x-api-key", ""}
	word := Token("worded", "token-of-the-word")
	word.Form = Form{"X-Api-Key", "Key"}
	next := Token("ping", "the-next-token-of-ping")
	next.Name = "next"
	return []Credential{
		Token("ping", tokenOfPF), next, custom, whole, key, word,
		{Source: "ping", Name: "basic", User: "pf", TokenHash: sha256.Sum256([]byte(password))},
		{Source: "ping", Name: "basic-next", User: "pf", TokenHash: sha256.Sum256([]byte("the-next-password"))},
		{Source: "okta", Name: "basic", User: "ping", TokenHash: sha256.Sum256([]byte("password-of-okta"))},
		{Source: "okta", Name: "unicode", User: "jürgen", TokenHash: sha256.Sum256([]byte("Пароль-пароль-пароль"))},
	}
}

func TestStaticCredentials(t *testing.T) {
	hash := sha256.Sum256([]byte(tokenOfPF))
	passwordHash := sha256.Sum256([]byte(password))
	good := basicOf("pf", password)
	authorization := func(value string) http.Header { return http.Header{"Authorization": {value}} }
	tests := []struct {
		name   string
		header http.Header
		source string
	}{
		{"nothing", http.Header{}, ""},
		{"a bearer token", authorization("Bearer " + tokenOfPF), "ping"},
		{"the next one", authorization("Bearer the-next-token-of-ping"), "ping"},
		{"lower case", authorization("bearer " + tokenOfPF), "ping"},
		{"upper case", authorization("BEARER " + tokenOfPF), "ping"},
		{"mixed case", authorization("bEaReR " + tokenOfPF), "ping"},
		{"several blanks", authorization("Bearer   " + tokenOfPF), "ping"},
		{"a blank behind", authorization("Bearer " + tokenOfPF + " "), "ping"},
		{"a blank before", authorization(" Bearer " + tokenOfPF), ""},
		{"a tab between", authorization("Bearer\t" + tokenOfPF), ""},
		{"a tab behind", authorization("Bearer " + tokenOfPF + "\t"), ""},
		{"a no-break space between", authorization("Bearer\u00a0" + tokenOfPF), ""},
		{"a no-break space behind", authorization("Bearer " + tokenOfPF + "\u00a0"), ""},
		{"a line break behind", authorization("Bearer " + tokenOfPF + "\n"), ""},
		{"a NUL behind", authorization("Bearer " + tokenOfPF + "\x00"), ""},
		{"a NUL between", authorization("Bearer \x00" + tokenOfPF), ""},
		{"a NUL in the word", authorization("Bearer\x00 " + tokenOfPF), ""},
		{"no token", authorization("Bearer"), ""},
		{"an empty token", authorization("Bearer "), ""},
		{"blanks alone", authorization("   "), ""},
		{"an empty header", authorization(""), ""},
		{"a letter more", authorization("Bearer " + tokenOfPF + "x"), ""},
		{"a letter less", authorization("Bearer " + tokenOfPF[:len(tokenOfPF)-1]), ""},
		{"without its first letter", authorization("Bearer " + tokenOfPF[1:]), ""},
		{"a letter before", authorization("Bearer x" + tokenOfPF), ""},
		{"twice", authorization("Bearer " + tokenOfPF + tokenOfPF), ""},
		{"twice with a comma", authorization("Bearer " + tokenOfPF + ", Bearer " + tokenOfPF), ""},
		{"upper-case token", authorization("Bearer " + strings.ToUpper(tokenOfPF)), ""},
		{"in quotes", authorization(`Bearer "` + tokenOfPF + `"`), ""},
		{"percent-encoded", authorization("Bearer " + strings.Replace(tokenOfPF, "t", "%74", 1)), ""},
		{"an accent on a letter", authorization("Bearer " + tokenOfPF + "\u0301"), ""},
		{"a zero-width space", authorization("Bearer " + tokenOfPF + "\u200b"), ""},
		{"a full-width letter", authorization("Bearer " + strings.Replace(tokenOfPF, "t", "ｔ", 1)), ""},
		{"the hash in hexadecimal", authorization("Bearer " + hex.EncodeToString(hash[:])), ""},
		{"the hash itself", authorization("Bearer " + string(hash[:])), ""},
		{"the hash in base64", authorization("Bearer " + base64.StdEncoding.EncodeToString(hash[:])), ""},
		{"the token in base64", authorization("Bearer " + base64.StdEncoding.EncodeToString([]byte(tokenOfPF))), ""},
		{"the name of a source", authorization("Bearer ping"), ""},
		{"the name of a credential", authorization("Bearer next"), ""},
		{"a password as token", authorization("Bearer " + password), ""},
		{"a Basic credential as token", authorization("Bearer " + good), ""},
		{"the token without a word", authorization(tokenOfPF), ""},
		{"the word Token", authorization("Token " + tokenOfPF), ""},
		{"another source's word", authorization("SSWS " + tokenOfPF), ""},
		{"a word with a full-width letter", authorization("Ｂearer " + tokenOfPF), ""},
		{"a long word", authorization(strings.Repeat("b", 65) + " " + tokenOfPF), ""},
		{"two headers, both good", http.Header{"Authorization": {"Bearer " + tokenOfPF, "Bearer " + tokenOfPF}}, ""},
		{"two headers, of two sources", http.Header{"Authorization": {"Bearer " + tokenOfPF, "Bearer token-of-okta"}}, ""},
		{"two headers, one empty", http.Header{"Authorization": {"", "Bearer " + tokenOfPF}}, ""},
		{"two kinds of header", http.Header{"Authorization": {"Bearer " + tokenOfPF}, "X-Api-Key": {"token-of-the-key"}}, ""},
		{"another header besides, empty", http.Header{"Authorization": {"Bearer " + tokenOfPF}, "X-Api-Key": {""}}, ""},
		{"a header that nobody configured", http.Header{"X-Token": {tokenOfPF}}, ""},
		{"that header besides", http.Header{"Authorization": {"Bearer " + tokenOfPF}, "X-Token": {"x"}}, "ping"},
		{"a proxy's header", http.Header{"Proxy-Authorization": {"Bearer " + tokenOfPF}}, ""},
		{"a cookie", http.Header{"Cookie": {"Authorization=Bearer " + tokenOfPF}}, ""},
		{"too long", authorization("Bearer " + strings.Repeat("x", 17<<10)), ""},
		{"a megabyte", authorization("Bearer " + strings.Repeat("x", 1<<20)), ""},
		{"a megabyte of blanks before the token", authorization("Bearer " + strings.Repeat(" ", 1<<20) + tokenOfPF), ""},

		{"a custom word", authorization("SSWS token-of-okta"), "okta"},
		{"a custom word in lower case", authorization("ssws token-of-okta"), "okta"},
		{"its token after Bearer", authorization("Bearer token-of-okta"), "okta"},
		{"its token alone", authorization("token-of-okta"), ""},
		{"its token after part of the word", authorization("SSW token-of-okta"), ""},
		{"its token in another's header", http.Header{"X-Api-Key": {"token-of-okta"}}, ""},
		{"a token alone", authorization("token-that-stands-alone"), "raw"},
		{"a blank before it", authorization(" token-that-stands-alone"), ""},
		{"after another word", authorization("SSWS token-that-stands-alone"), ""},
		{"a header of its own", http.Header{"X-Api-Key": {"token-of-the-key"}}, "keyed"},
		{"with a word before", http.Header{"X-Api-Key": {"Key token-of-the-key"}}, ""},
		{"in it, with Bearer", http.Header{"X-Api-Key": {"Bearer token-of-the-key"}}, ""},
		{"its token after Bearer, as all tokens", authorization("Bearer token-of-the-key"), "keyed"},
		{"a header of its own and a word", http.Header{"X-Api-Key": {"key token-of-the-word"}}, "worded"},
		{"without the word", http.Header{"X-Api-Key": {"token-of-the-word"}}, ""},
		{"the header twice", http.Header{"X-Api-Key": {"token-of-the-key", "token-of-the-key"}}, ""},
		{"a header with an underscore", http.Header{"X_api_key": {"token-of-the-key"}}, ""},

		{"Basic", authorization("Basic " + good), "ping"},
		{"Basic, lower case", authorization("basic " + good), "ping"},
		{"Basic, several blanks", authorization("BASIC    " + good), "ping"},
		{"Basic, the next password", authorization("Basic " + basicOf("pf", "the-next-password")), "ping"},
		{"the user is another source's name", authorization("Basic " + basicOf("ping", "password-of-okta")), "okta"},
		{"that user with the password of the source", authorization("Basic " + basicOf("ping", password)), ""},
		{"another user of the source", authorization("Basic " + basicOf("okta", password)), ""},
		{"UTF-8", authorization("Basic " + basicOf("jürgen", "Пароль-пароль-пароль")), "okta"},
		{"UTF-8, decomposed", authorization("Basic " + basicOf("ju\u0308rgen", "Пароль-пароль-пароль")), ""},
		{"Latin-1", authorization("Basic " + basicOf("j\xfcrgen", "Пароль-пароль-пароль")), ""},
		{"no password", authorization("Basic " + basicOf("pf", "")), ""},
		{"no user", authorization("Basic " + basicOf("", password)), ""},
		{"no user and no password", authorization("Basic " + basicOf("", "")), ""},
		{"no colon", authorization("Basic " + base64.StdEncoding.EncodeToString([]byte("pf"+password))), ""},
		{"a colon in the user", authorization("Basic " + basicOf("p:f", password)), ""},
		{"a colon more", authorization("Basic " + basicOf("pf", ":"+password)), ""},
		{"a part of the password", authorization("Basic " + basicOf("pf", "a-password")), ""},
		{"a NUL in the user", authorization("Basic " + basicOf("pf\x00", password)), ""},
		{"a NUL in the password", authorization("Basic " + basicOf("pf", password+"\x00")), ""},
		{"a line break in the password", authorization("Basic " + basicOf("pf", password+"\n")), ""},
		{"the user in another case", authorization("Basic " + basicOf("PF", password)), ""},
		{"the hash as password", authorization("Basic " + basicOf("pf", hex.EncodeToString(passwordHash[:]))), ""},
		{"the hash itself as password", authorization("Basic " + basicOf("pf", string(passwordHash[:]))), ""},
		{"a token as password", authorization("Basic " + basicOf("pf", tokenOfPF)), ""},
		{"a token as user", authorization("Basic " + basicOf(tokenOfPF, "")), ""},
		{"a token as password of nobody", authorization("Basic " + basicOf("", tokenOfPF)), ""},
		{"the token as it is", authorization("Basic " + tokenOfPF), ""},
		{"not base64", authorization("Basic pf:" + password), ""},
		{"without padding", authorization("Basic " + strings.TrimRight(basicOf("pf", "the-next-password"), "=")), ""},
		{"padding without need", authorization("Basic " + good + "===="), ""},
		{"with the letters of URLs", authorization("Basic " + base64.URLEncoding.EncodeToString([]byte("jürgen:Пароль-пароль-пароль"))), ""},
		{"a line break in the base64", authorization("Basic " + good[:8] + "\r\n" + good[8:]), ""},
		{"a blank in the base64", authorization("Basic " + good[:8] + " " + good[8:]), ""},
		{"base64 with bits to spare", authorization("Basic " + spareBits(basicOf("pf", "the-next-password"))), ""},
		{"base64 twice", authorization("Basic " + base64.StdEncoding.EncodeToString([]byte(good))), ""},
		{"a Basic credential after a custom word", authorization("SSWS " + good), ""},
		{"a Basic credential in another header", http.Header{"X-Api-Key": {"Basic " + good}}, ""},
		{"a huge user", authorization("Basic " + basicOf(strings.Repeat("u", 1025), password)), ""},
		{"a huge password", authorization("Basic " + basicOf("pf", strings.Repeat("p", 8<<10))), ""},
	}
	if len(tests) < 100 {
		t.Errorf("%d vectors", len(tests))
	}
	keys, err := newKeyring(staticCredentials())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			caller, err := keys.admit(&http.Request{Header: test.header})
			if caller.Source != test.source || (err == nil) != (test.source != "") {
				t.Errorf("source %q, error %v, want %q", caller.Source, err, test.source)
			}
			if err == nil {
				return
			}
			if caller != (Caller{}) {
				t.Errorf("refused, and told to be %+v", caller)
			}
			for _, secret := range []string{tokenOfPF, password, "the-next", "okta", good} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the reason has something of a secret: %v", err)
				}
			}
		})
	}
}

// spareBits is the same base64 but for bits of the last letter that stand for nothing.
func spareBits(text string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(text, '=') - 1
	if i < 0 {
		panic("no bits to spare: choose a text of another length")
	}
	return text[:i] + string(letters[strings.IndexByte(letters, text[i])+1]) + text[i+1:]
}

// A secret expires at its second, and not before.
func TestCredentialExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short, basic := Token("idp", "a-token-for-an-hour"), Credential{Source: "idp", User: "u", TokenHash: sha256.Sum256([]byte("password"))}
		short.Expires, basic.Expires = time.Now().Add(time.Hour), time.Now().Add(time.Hour)
		s, log := newTestServer(t, nil, func(c *Config) { c.Credentials = append(c.Credentials, short, basic) })
		check := func(want int) {
			t.Helper()
			for _, credential := range []string{"Bearer a-token-for-an-hour", "Basic " + basicOf("u", "password")} {
				if w := do(s, "GET", "/scim/v2/Users", "Authorization", credential); w.Code != want {
					t.Errorf("%s: %d, want %d", credential, w.Code, want)
				}
			}
			if w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+secret); w.Code != 200 {
				t.Errorf("one that does not expire: %d", w.Code)
			}
		}
		check(200)
		time.Sleep(time.Hour - time.Nanosecond)
		check(200)
		time.Sleep(time.Nanosecond)
		check(401)
		if !strings.Contains(log.String(), "which expired at 2000-01-01T01:00:00Z") {
			t.Errorf("the log does not say why: %s", log)
		}
	})
}

// When a token was used is known to the hour, and of refused ones not at all.
func TestLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := Token("idp", "a-token-of-the-store")
		token.LastUse, token.Expires = new(atomic.Int64), time.Now().Add(3*time.Hour)
		s, _ := newTestServer(t, nil)
		if err := s.SetTokens([]Credential{token}); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for _, after := range []time.Duration{90 * time.Minute, 91 * time.Minute, 119 * time.Minute, 179 * time.Minute, 5 * time.Hour} {
			time.Sleep(time.Until(begin.Add(after)))
			do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer a-token-of-the-store")
			want := begin.Add(min(after, 2*time.Hour).Truncate(time.Hour))
			if got := time.Unix(token.LastUse.Load(), 0); !got.Equal(want) {
				t.Errorf("after %v: used at %v, want %v", after, got, want)
			}
		}
	})
}

// What a source is asked for are the schemes that are configured.
func TestChallenges(t *testing.T) {
	s, _ := newTestServer(t, nil)
	want := func(list ...string) {
		t.Helper()
		if got := do(s, "GET", "/scim/v2/Users").Header().Values("WWW-Authenticate"); fmt.Sprint(got) != fmt.Sprint(list) {
			t.Errorf("%q, want %q", got, list)
		}
	}
	want(`Bearer realm="scim"`)
	if err := s.SetCredentials(staticCredentials()); err != nil {
		t.Fatal(err)
	}
	want(`Bearer realm="scim"`, `SSWS realm="scim"`, `Basic realm="scim", charset="UTF-8"`)
	if err := s.SetCredentials(nil); err != nil { // those of SetTokens may be all
		t.Fatal(err)
	}
	want(`Bearer realm="scim"`)
}

// Tokens of the store are taken beside the credentials, until they are gone, and outlive other credentials.
func TestSetTokens(t *testing.T) {
	s, _ := newTestServer(t, nil)
	stored := Token("idp", "a-token-of-the-store")
	stored.Name = "stored"
	status := func() int {
		return do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer a-token-of-the-store").Code
	}
	steps := []struct {
		do   func() error
		want int
	}{
		{func() error { return nil }, 401},
		{func() error { return s.SetTokens([]Credential{stored}) }, 200},
		{func() error { return s.SetCredentials([]Credential{Token("other", "x-y-z")}) }, 200},
		{func() error { return s.SetTokens(nil) }, 401},
		{func() error { return s.SetCredentials(nil) }, 401},
		{func() error { return s.SetTokens([]Credential{stored}) }, 200},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := status(); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
	same := Token("other", "a-token-of-the-store")
	if err := s.SetCredentials([]Credential{same}); err == nil || !strings.Contains(err.Error(), "stored of source idp") || strings.Contains(err.Error(), "a-token") {
		t.Errorf("the same secret for another source: %v", err)
	}
	if err := s.SetTokens([]Credential{stored, stored}); err == nil {
		t.Error("the same secret twice")
	}
	if err := s.SetTokens([]Credential{Token("", "x")}); err == nil {
		t.Error("a token of nobody")
	}
	if status() != 200 {
		t.Error("a fault took the old ones away")
	}
}

// FuzzBasic holds that what is read of a Basic credential is what its base64 says, in the one way of writing it, and that nothing else is taken.
func FuzzBasic(f *testing.F) {
	for _, text := range []string{basicOf("u", "p"), basicOf("u", "p:q"), basicOf("", ""), "====", "YTpi\n", "YTpj", "YTpj=", "_-_-", strings.Repeat("A", 5000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		user, password, err := parseBasic(text)
		if err != nil {
			if user+password != "" {
				t.Errorf("%q: refused with %v, and read as %q and %q", text, err, user, password)
			}
			return
		}
		if basicOf(user, password) != text || user == "" || password == "" || strings.Contains(user, ":") ||
			len(user) > maxBasic || len(password) > maxBasic || strings.ContainsAny(user+password, "\x00\r\n") {
			t.Errorf("%q is read as %q and %q", text, user, password)
		}
	})
}
