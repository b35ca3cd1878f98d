package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/server"
)

// publicKeyFile writes a public key for ES256.
func publicKeyFile(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestConfigTrusts(t *testing.T) {
	file := publicKeyFile(t)
	c, faults, warnings := load(t, `
slack: {token: xoxp-of-slack-000}
sources:
  - name: ping
    jwt:
      - {algorithm: ES256, keyFile: `+file+`, issuer: https://a.test, audience: us, scopes: required}
      - algorithm: RS256
        jwksURL: https://b.test/jwks
        issuer: https://b.test
        audience: us
        type: at+jwt
        claims: {azp: ping, "https://b.test/tenant": "7"}
  - name: okta
    jwt: {algorithm: RS256, jwksURL: "https://b.test/jwks", issuer: "https://b.test", audience: us, claims: {azp: okta}, scopes: ignored}
`)
	if len(faults)+len(warnings) > 0 {
		t.Fatal(faults, warnings)
	}
	var got []string
	for _, credential := range c.credentials() {
		j := credential.JWT
		got = append(got, fmt.Sprint(credential.Source, " ", credential.Name, " ", j.Algorithm, " ", len(j.Key) > 0, " ", j.KeysURL, " ", j.Issuer, " ", j.Type, " ", j.Claims, " ", j.Scopes))
	}
	want := []string{
		"ping jwt ES256 true  https://a.test  map[] required",
		"ping jwt-2 RS256 false https://b.test/jwks https://b.test at+jwt map[azp:ping https://b.test/tenant:7] ",
		"okta jwt RS256 false https://b.test/jwks https://b.test  map[azp:okta] ignored",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := server.New(server.Config{Credentials: c.credentials()}); err != nil {
		t.Error(err)
	}
	if shown := fmt.Sprint(c.settings()); !strings.Contains(shown, "https://b.test/tenant is 7") {
		t.Error("the list is not shown")
	}
	t.Run("variables", func(t *testing.T) {
		c, faults, _ := load(t, "", "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_JWT_ALGORITHM=PS256", "SCIM2SLACK_JWT_JWKS_URL=https://b.test/jwks", "SCIM2SLACK_JWT_ISSUER=https://b.test",
			"SCIM2SLACK_JWT_AUDIENCE=us", "SCIM2SLACK_JWT_SCOPES=required", "SCIM2SLACK_JWT_TYPE=at+jwt")
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if j := c.credentials()[0].JWT; j.KeysURL != "https://b.test/jwks" || j.Scopes != server.ScopesRequired || j.Type != "at+jwt" || c.credentials()[0].Source != "default" {
			t.Errorf("%+v", j)
		}
	})
}

func TestConfigTrustFaults(t *testing.T) {
	file := publicKeyFile(t)
	head := "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: default\n    jwt:"
	complete := "{algorithm: ES256, issuer: i, audience: a, "
	for _, c := range []struct {
		name, jwt string
		environ   []string
		want      string
	}{
		{"key and URL", complete + "keyFile: " + file + ", jwksURL: https://x.test/}", nil, "sources[0].jwt.jwksURL: is given beside keyFile: keep one of the two"},
		{"neither", complete[:len(complete)-2] + "}", nil, "sources[0].jwt.keyFile: is missing: algorithm, keyFile or jwksURL, issuer"},
		{"in the clear", complete + "jwksURL: http://x.test/}", nil, "the URL of the keys must begin with https"},
		{"wrong key", strings.Replace(complete, "ES256", "RS256", 1) + "keyFile: " + file + "}", nil, "the key is not one for RS256"},
		{"ourselves", strings.Replace(complete, "issuer: i", `issuer: "urn:scim2slack"`, 1) + "keyFile: " + file + "}", nil, "which is the gateway itself"},
		{"a claim that has a rule", complete + "keyFile: " + file + ", claims: {aud: x}}", nil, `the claim "aud" cannot be required so`},
		{"a claim that is a number", complete + "keyFile: " + file + ", claims: {tid: 7}}", nil, "sources[0].jwt.claims: has a number for a claim"},
		{"a claim twice", complete + "keyFile: " + file + ", claims: {x: y, x: z}}", nil, "sources[0].jwt.claims: names a claim twice"},
		{"claims are a list", complete + "keyFile: " + file + ", claims: [x]}", nil, "sources[0].jwt.claims: is a list: use names of claims"},
		{"scopes", complete + "keyFile: " + file + ", scopes: sometimes}", nil, `sources[0].jwt.scopes: is "sometimes": use optional, required or ignored`},
		{"unknown key", complete + "keyFile: " + file + ", jku: x}", nil, "sources[0].jwt.jku: no such key: use algorithm, audience, claims, issuer, jwksURL, keyFile, scopes or type"},
		{"in a list", "[" + complete + "keyFile: " + file + "}, {issuer: x}]", nil, "sources[0].jwt[1].algorithm: is missing"},
		{"a list beside variables", "[" + complete + "keyFile: " + file + "}]", []string{"SCIM2SLACK_JWT_ISSUER=x"}, "SCIM2SLACK_JWT_ISSUER: the file has a list of issuers"},
		{"two sources", complete + "keyFile: " + file + "}\n  - name: other\n    jwt: " + complete + "keyFile: " + file + ", claims: {azp: x}}", nil,
			`f:6:5: sources[1].jwt: accepts the same tokens as that of the source "default"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults, _ := load(t, head+" "+c.jwt+"\n", c.environ...)
			if !strings.Contains(strings.Join(faults, "\n"), c.want) {
				t.Errorf("faults are %q, want %q", faults, c.want)
			}
		})
	}
}

func TestConfigClients(t *testing.T) {
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(canary)))
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("another-"+canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	head := "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: ping\n    clients:\n"
	c, faults, warnings := load(t, head+"      - {id: ping-1, secretSHA256: "+hash+"}\n      - {id: ping-1, secretFile: "+file+"}\n      - {id: audit, secretSHA256: "+hash+", scopes: [scim.read]}\n")
	if len(faults)+len(warnings) > 0 {
		t.Fatal(faults, warnings)
	}
	var got []string
	for _, credential := range c.credentials() {
		got = append(got, fmt.Sprint(credential.Source, " ", credential.Name, " ", credential.ReadOnly, " ", credential.Client.SecretHash == sha256.Sum256([]byte(canary)), " ", credential.Client.SecretHash == sha256.Sum256([]byte("another-"+canary))))
	}
	if diff := cmp.Diff([]string{"ping client ping-1 false true false", "ping client ping-1 false false true", "ping client audit true true false"}, got); diff != "" {
		t.Error(diff)
	}
	if shown := fmt.Sprint(c.settings()); !strings.Contains(shown, "audit: scim.read") || strings.Contains(shown, hash) {
		t.Errorf("shown: %s", shown)
	}
	for _, c := range []struct{ name, clients, want string }{
		{"no id", "      - {secretSHA256: " + hash + "}\n", "f:5:10: sources[0].clients[0].id: is missing"},
		{"a colon", "      - {id: 'a:b', secretSHA256: " + hash + "}\n", `sources[0].clients[0].id: is "a:b": use up to 128 letters`},
		{"no secret", "      - {id: a}\n", "f:5:10: sources[0].clients[0]: needs either secretSHA256"},
		{"both", "      - {id: a, secretSHA256: " + hash + ", secretFile: " + file + "}\n", "needs either secretSHA256"},
		{"no hash", "      - {id: a, secretSHA256: " + canary + "}\n", "is no SHA-256 of 64 hexadecimal digits"},
		{"no file", "      - {id: a, secretFile: " + file + "x}\n", "cannot be read"},
		{"scopes", "      - {id: a, secretSHA256: " + hash + ", scopes: [admin]}\n", `lists "admin": use scim.read or scim.write, or both`},
		{"no scopes", "      - {id: a, secretSHA256: " + hash + ", scopes: []}\n", "is empty: use scim.read, scim.write or both"},
		{"twice", strings.Repeat("      - {id: a, secretSHA256: "+hash+"}\n", 2), "f:6:10: sources[0].clients[1]: is there twice"},
		{"two sources", "      - {id: a, secretSHA256: " + hash + "}\n  - name: okta\n    clients: [{id: a, secretFile: " + file + "}]\n", `sources[1].clients[0].id: is "a", as is that of a client of the source "ping"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults, _ := load(t, head+c.clients)
			if told := strings.Join(faults, "\n"); len(faults) != 1 || !strings.Contains(told, c.want) || strings.Contains(told, "canary") {
				t.Errorf("faults are %q, want %q", faults, c.want)
			}
		})
	}
}
