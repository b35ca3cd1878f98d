package server

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func publicPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// sign makes a token; change may spoil it before it is signed.
func sign(t testing.TB, algorithm string, key any, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": "https://issuer.test", "aud": "scim2slack", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	token := jwt.NewWithClaims(jwt.GetSigningMethod(algorithm), claims)
	if change != nil {
		change(token.Header, claims)
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestJWT(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hmacSecret := []byte("0123456789abcdef0123456789abcdef")
	settings := JWT{Algorithm: "ES256", Key: publicPEM(t, &key.PublicKey), Issuer: "https://issuer.test", Audience: "scim2slack"}
	s, log := newTestServer(t, nil, func(c *Config) {
		c.Credentials = append(c.Credentials, Credential{Source: "signed", JWT: &settings},
			Credential{Source: "shared", JWT: &JWT{Algorithm: "HS256", Key: hmacSecret, Issuer: "https://shared.test", Audience: "scim2slack"}})
	})
	good := sign(t, "ES256", key, nil)
	parts := strings.Split(good, ".")
	claim := func(name string, value any) string {
		return sign(t, "ES256", key, func(_ map[string]any, claims jwt.MapClaims) { claims[name] = value })
	}
	header := func(name string, value any) string {
		return sign(t, "ES256", key, func(header map[string]any, _ jwt.MapClaims) { header[name] = value })
	}
	without := func(name string) string {
		return sign(t, "ES256", key, func(_ map[string]any, claims jwt.MapClaims) { delete(claims, name) })
	}
	now := time.Now()
	encode := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct{ token, source string }{
		"good":              {good, "signed"},
		"several audiences": {claim("aud", []string{"x", "scim2slack"}), "signed"},
		"expired just now":  {claim("exp", now.Add(-10*time.Second).Unix()), "signed"}, // clocks differ
		"jku and jwk": {sign(t, "ES256", key, func(h map[string]any, _ jwt.MapClaims) {
			maps.Copy(h, map[string]any{"jku": "https://evil.test", "jwk": "x", "kid": "../../x"})
		}), "signed"},
		"shared secret":      {sign(t, "HS256", hmacSecret, func(_ map[string]any, c jwt.MapClaims) { c["iss"] = "https://shared.test" }), "shared"},
		"other issuer's key": {sign(t, "HS256", hmacSecret, nil), ""},
		"expired":            {claim("exp", now.Add(-time.Minute).Unix()), ""},
		"no expiry":          {without("exp"), ""},
		"expiry is text":     {claim("exp", "tomorrow"), ""},
		"not yet":            {claim("nbf", now.Add(time.Hour).Unix()), ""},
		"issued tomorrow":    {claim("iat", now.Add(24*time.Hour).Unix()), ""},
		"wrong issuer":       {claim("iss", "https://evil.test"), ""},
		"no issuer":          {without("iss"), ""},
		"wrong audience":     {claim("aud", "elsewhere"), ""},
		"no audience":        {without("aud"), ""},
		"foreign key":        {sign(t, "ES256", foreign, nil), ""},
		"foreign jwk":        {sign(t, "ES256", foreign, func(h map[string]any, _ jwt.MapClaims) { h["jwk"] = map[string]string{"kty": "EC"} }), ""},
		"public key as HMAC": {sign(t, "HS256", settings.Key, nil), ""},
		"critical header":    {header("crit", []string{"b64"}), ""},
		"empty critical":     {header("crit", []string{}), ""},
		"alg none":           {sign(t, "none", jwt.UnsafeAllowNoneSignatureType, nil), ""},
		"alg None":           {encode([]byte(`{"alg":"None","typ":"JWT"}`)) + "." + parts[1] + ".", ""},
		"no signature":       {parts[0] + "." + parts[1] + ".", ""},
		"two parts":          {parts[0] + "." + parts[1], ""},
		"four parts":         {good + "." + parts[2], ""},
		"changed claims":     {parts[0] + "." + encode([]byte(`{"iss":"https://issuer.test","aud":"scim2slack","exp":99999999999,"sub":"x"}`)) + "." + parts[2], ""},
		"garbage":            {"a.b.c", ""},
		"empty parts":        {"..", ""},
		"bits at the end":    {good + "=", ""},
		"very long":          {parts[0] + "." + strings.Repeat("A", maxToken) + "." + parts[2], ""},
	} {
		w := do(s, "GET", "/scim/v2/Users", "Authorization", "Bearer "+c.token)
		if c.source == "" {
			checkError(t, w, 401)
		}
		if got, _, _ := strings.Cut(w.Body.String(), " "); c.source != "" && got != c.source || c.source == "" && w.Code != 401 {
			t.Errorf("%s: %d %s, want %q", name, w.Code, w.Body, c.source)
		}
	}
	if strings.Contains(log.String(), parts[0]) || strings.Contains(log.String(), parts[1]) {
		t.Error("a token is in the log")
	}
	if !strings.Contains(log.String(), jwt.ErrTokenExpired.Error()) {
		t.Error("the log does not say why a token was refused")
	}
}

func TestJWTSettings(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("no RSA key of 1024 bits can be made here:", err)
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})
	for name, c := range map[string]struct {
		algorithm string
		key       []byte
		want      string // part of the fault; "" for none
	}{
		"RSA":              {"RS256", publicPEM(t, &large.PublicKey), ""},
		"RSA-PSS":          {"PS512", publicPEM(t, &large.PublicKey), ""},
		"EC":               {"ES256", publicPEM(t, &p256.PublicKey), ""},
		"Ed25519":          {"EdDSA", publicPEM(t, edPublic), ""},
		"secret":           {"HS512", []byte(strings.Repeat("x", 32)), ""},
		"short secret":     {"HS256", []byte("short"), "needs 32 or more"},
		"PEM as a secret":  {"HS256", publicPEM(t, &large.PublicKey), "takes a secret"},
		"small RSA":        {"RS256", publicPEM(t, &small.PublicKey), "needs 2048"},
		"wrong curve":      {"ES384", publicPEM(t, &p256.PublicKey), "not one for ES384"},
		"wrong kind":       {"RS256", publicPEM(t, &p256.PublicKey), "not one for RS256"},
		"private key":      {"ES256", private, "no public key"},
		"no PEM":           {"ES256", []byte("hello"), "no public key"},
		"none":             {"none", publicPEM(t, &p256.PublicKey), "not known"},
		"unknown":          {"RS257", publicPEM(t, &large.PublicKey), "not known"},
		"HS is no secret":  {"HS", []byte(strings.Repeat("x", 32)), "no public key"},
		"empty everything": {"", nil, "one of a key and the URL"},
	} {
		err := JWT{Algorithm: c.algorithm, Key: c.key, Issuer: "i", Audience: "a"}.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	token := sign(t, "EdDSA", edPrivate, nil)
	keys, err := newKeyring([]Credential{{Source: "ed", JWT: &JWT{Algorithm: "EdDSA", Key: publicPEM(t, edPublic), Issuer: "https://issuer.test", Audience: "scim2slack"}}})
	if err != nil {
		t.Fatal(err)
	}
	if caller, err := keys.byJWT(token); err != nil || caller.Source != "ed" {
		t.Errorf("EdDSA: %v, %v", caller, err)
	}
}

func FuzzAuthorization(f *testing.F) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	keys, err := newKeyring([]Credential{Token("idp", "token"),
		{Source: "signed", JWT: &JWT{Algorithm: "HS256", Key: secret, Issuer: "https://issuer.test", Audience: "scim2slack"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer token")
	f.Add("Bearer " + sign(f, "HS256", secret, nil))
	f.Add("Bearer eyJhbGciOiJub25lIn0.e30.")
	f.Add("Basic dXNlcjpwYXNz")
	f.Fuzz(func(t *testing.T, header string) {
		caller, err := keys.byHeader(http.Header{"Authorization": {header}})
		source := caller.Source
		if (source == "") == (err == nil) {
			t.Errorf("%q: source %q, error %v", header, source, err)
		}
		scheme, token, _ := strings.Cut(header, " ")
		if source == "idp" && (!strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) != "token") {
			t.Errorf("%q opened the door", header)
		}
	})
}
