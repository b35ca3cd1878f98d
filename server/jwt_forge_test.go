package server

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// vector is a token and what becomes of it.
type vector struct {
	name, token string
	source      string // whom it must prove; "": nobody
	reads       bool   // it may only read
}

// forge makes vectors. Each of its issuers has one key, one algorithm and one source of its name.
type forge struct {
	rsa, pss, foreignRSA  *rsa.PrivateKey
	ec, jwks, foreignEC   *ecdsa.PrivateKey
	unusable              map[string]*ecdsa.PrivateKey // that the issuer jwks publishes for other ends, by kid
	ed, foreignEd         ed25519.PrivateKey
	secret                []byte
	now                   int64
	refused, taken        []vector
	own                   []byte // key of the gateway's own tokens
	clientSeal, otherSeal string
}

const forgedAudience = "https://scim.example/"

func newForge(t testing.TB) (*forge, *keyring) {
	t.Helper()
	newEC := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	newRSA := func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, foreignEd, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{rsa: newRSA(), pss: newRSA(), foreignRSA: newRSA(), ec: newEC(), jwks: newEC(), foreignEC: newEC(), ed: ed, foreignEd: foreignEd,
		secret: []byte("a secret of thirty-two bytes or more"), now: time.Now().Unix(), unusable: map[string]*ecdsa.PrivateKey{}}
	trusted := func(source, algorithm string, key []byte, change func(*JWT)) Credential {
		j := &JWT{Algorithm: algorithm, Key: key, Issuer: issuerOf(source), Audience: forgedAudience}
		if change != nil {
			change(j)
		}
		return Credential{Source: source, Name: "jwt", JWT: j}
	}
	ecPEM := publicPEM(t, &f.ec.PublicKey)
	client := Credential{Source: "client", Name: "client", Client: &Client{ID: "me", SecretHash: [32]byte{1}}}
	keys, err := newKeyring([]Credential{
		trusted("rsa", "RS256", publicPEM(t, &f.rsa.PublicKey), nil),
		trusted("pss", "PS256", publicPEM(t, &f.pss.PublicKey), nil),
		trusted("ec", "ES256", ecPEM, nil),
		trusted("ed", "EdDSA", publicPEM(t, f.ed.Public()), nil),
		trusted("hmac", "HS256", f.secret, nil),
		trusted("jwks", "ES256", nil, func(j *JWT) { j.KeysURL = "https://issuer.test/jwks" }),
		trusted("azp", "ES256", ecPEM, func(j *JWT) { j.Claims = map[string]string{"azp": "my-client"} }),
		trusted("typed", "ES256", ecPEM, func(j *JWT) { j.Type = "at+jwt" }),
		trusted("scoped", "ES256", ecPEM, func(j *JWT) { j.Scopes = ScopesRequired }),
		trusted("free", "ES256", ecPEM, func(j *JWT) { j.Scopes = ScopesIgnored }),
		trusted("shared-a", "ES256", ecPEM, func(j *JWT) { j.Issuer = issuerOf("shared"); j.Claims = map[string]string{"azp": "a"} }),
		trusted("shared-b", "ES256", ecPEM, func(j *JWT) { j.Issuer = issuerOf("shared"); j.Claims = map[string]string{"groups": "b"} }),
		client,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newKeySets(nil, nil)
	s.bind(keys.trusts)
	keys.mint = newMint()
	f.own, f.clientSeal = keys.mint.key, encode(keys.mint.seal(&client))
	client.Client = &Client{ID: "me", SecretHash: [32]byte{2}}
	f.otherSeal = encode(keys.mint.seal(&client))
	published, err := parseKeys([]byte(f.jwkSet(newEC)))
	if err != nil {
		t.Fatal(err)
	}
	s.byURL["https://issuer.test/jwks"].fetched.Store(&fetchedKeys{at: time.Now(), keys: published})
	return f, keys
}

// jwkSet has one key that may be used, and many that may not.
func (f *forge) jwkSet(newEC func() *ecdsa.PrivateKey) string {
	keys := []string{jwkOf(&f.jwks.PublicKey, `"kid":"good","use":"sig","alg":"ES256"`)}
	for kid, more := range map[string]string{
		"enc": `"use":"enc"`, "use-number": `"use":1`, "ops": `"key_ops":["sign"]`, "ops-empty": `"key_ops":[]`, "ops-text": `"key_ops":"sign"`,
		"other-alg": `"alg":"ES384"`, "rs-alg": `"alg":"RS256"`, "hs-alg": `"alg":"HS256"`, "private": `"d":"AAAA"`, "private-null": `"d":null`, "oct": `"k":"AAAA"`,
	} {
		f.unusable[kid] = newEC()
		keys = append(keys, jwkOf(&f.unusable[kid].PublicKey, `"kid":"`+kid+`",`+more))
	}
	keys = append(keys, `{"kty":"oct","kid":"secret","k":"`+encode(f.secret)+`","alg":"HS256"}`, `{"kty":"XX","kid":"unknown"}`, `{"kid":"nothing"}`,
		`{"kty":"EC","crv":"P-256","kid":"off-curve","x":"`+encode(make([]byte, 32))+`","y":"`+encode(make([]byte, 32))+`"}`,
		`{"kty":"RSA","kid":"weak","e":"AQAB","n":"`+encode(append([]byte{0x80}, make([]byte, 127)...))+`"}`,
		`{"kty":"RSA","kid":"even","e":"Ag","n":"`+encode(f.rsa.N.Bytes())+`"}`, `{"kty":"RSA","kid":"one","e":"AQ","n":"`+encode(f.rsa.N.Bytes())+`"}`)
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

func jwkOf(key *ecdsa.PublicKey, more string) string {
	point, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q,%s}`, encode(point[1:33]), encode(point[33:]), more)
}

var encode = base64.RawURLEncoding.EncodeToString

func issuerOf(source string) string { return "https://" + source + ".issuer.test/realm" }

// claims are good ones of an issuer, with the JSON text of some replaced; "-" leaves one out.
func (f *forge) claims(source string, pairs ...string) string {
	names := []string{"iss", "aud", "exp", "iat"}
	values := map[string]string{"iss": quoteJSON(issuerOf(source)), "aud": quoteJSON(forgedAudience), "exp": fmt.Sprint(f.now + 3600), "iat": fmt.Sprint(f.now)}
	for i := 0; i+1 < len(pairs); i += 2 {
		if _, there := values[pairs[i]]; !there {
			names = append(names, pairs[i])
		}
		values[pairs[i]] = pairs[i+1]
	}
	var members []string
	for _, name := range names {
		if values[name] != "-" {
			members = append(members, quoteJSON(name)+":"+values[name])
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quoteJSON(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// signed makes a token of the very texts.
func signed(header, claims, algorithm string, key any) string {
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	signature, err := jwt.GetSigningMethod(algorithm).Sign(text, key)
	if err != nil {
		panic(fmt.Sprint(algorithm, err))
	}
	return text + "." + encode(signature)
}

// by signs with the key of an issuer.
func (f *forge) by(source, header, claims string) string {
	switch source {
	case "rsa":
		return signed(header, claims, "RS256", f.rsa)
	case "pss":
		return signed(header, claims, "PS256", f.pss)
	case "ed":
		return signed(header, claims, "EdDSA", f.ed)
	case "hmac":
		return signed(header, claims, "HS256", f.secret)
	case "jwks":
		return signed(header, claims, "ES256", f.jwks)
	}
	return signed(header, claims, "ES256", f.ec)
}

func (f *forge) refuse(name, token string) {
	f.refused = append(f.refused, vector{name: name, token: token})
}

func (f *forge) take(name, token, source string) {
	f.taken = append(f.taken, vector{name: name, token: token, source: source})
}

func (f *forge) takeReader(name, token, source string) {
	f.taken = append(f.taken, vector{name: name, token: token, source: source, reads: true})
}

var algorithmOf = map[string]string{"rsa": "RS256", "pss": "PS256", "ec": "ES256", "ed": "EdDSA", "hmac": "HS256", "jwks": "ES256"}

const es256 = `{"alg":"ES256"}`

// ec is the token with those claims, and everything else as it should be.
func (f *forge) ecToken(pairs ...string) string { return f.by("ec", es256, f.claims("ec", pairs...)) }
