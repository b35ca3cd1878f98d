package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"scim2slack/server"
)

// A client gets a token as PingFederate and Entra ID do, pushes a user with it, and the user is in Slack. When the token has ended it gets another.
func TestClientCredentialsEndToEnd(t *testing.T) {
	const id, secret = "provisioner", "the-secret-of-the-provisioner"
	inBody := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	for name, request := range map[string]struct{ form, header string }{
		"in the body, with scopes":   {inBody.Encode() + "&scope=scim.read+scim.write", ""},
		"in the header, with scopes": {"grant_type=client_credentials&scope=scim.write", basic},
		"in the header":              {"grant_type=client_credentials", basic},
	} {
		t.Run(name, func(t *testing.T) {
			client := server.Credential{Source: "default", Name: "client " + id, Client: &server.Client{ID: id, SecretHash: sha256.Sum256([]byte(secret))}}
			inGateway(t, setup{clients: []server.Credential{client}}, func(g *gateway) {
				token := g.accessToken(request.form, request.header)
				if got := g.post(token, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann","emails":[{"value":"ann@x.test","primary":true}]}`); got != 201 {
					t.Fatalf("the user is answered with %d", got)
				}
				g.settle()
				if u := g.slackUser("ann"); !u.Active {
					t.Error("she is not active in Slack")
				}
				time.Sleep(11 * time.Minute)
				another := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bob","emails":[{"value":"bob@x.test","primary":true}]}`
				if got := g.post(token, another); got != 401 {
					t.Errorf("a token that has ended is answered with %d", got)
				}
				if got := g.post(g.accessToken(request.form, request.header), another); got != 201 {
					t.Errorf("a new token is answered with %d", got)
				}
				for form, want := range map[string]int{"grant_type=password": 400, "": 400, "grant_type=client_credentials&scope=admin": 400} {
					if w := g.tokenRequest(form, basic); w.Code != want {
						t.Errorf("%q: %d", form, w.Code)
					}
				}
				if w := g.tokenRequest("grant_type=client_credentials&client_id=x&client_secret=y", ""); w.Code != 401 {
					t.Errorf("nobody: %d", w.Code)
				}
			})
		})
	}
}

// tokenRequest sends a form to the token endpoint; the answer is compared with openapi.yaml.
func (g *gateway) tokenRequest(form, header string) *httptest.ResponseRecorder {
	g.Helper()
	r := httptest.NewRequest("POST", server.TokenPath, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	checkAnswer(g, r, w)
	return w
}

func (g *gateway) accessToken(form, header string) string {
	g.Helper()
	w := g.tokenRequest(form, header)
	var answer struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.Type != "Bearer" {
		g.Fatalf("no token: %d %s", w.Code, w.Body)
	}
	return answer.Token
}

// post pushes a user with a token, and returns the status.
func (g *gateway) post(token, body string) int {
	g.Helper()
	r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	checkAnswer(g, r, w)
	return w.Code
}

// A running gateway fetches the keys of an issuer, takes its tokens as their scopes say, and tells of the keys.
func TestGatewayFetchesKeysOfIssuer(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	defer issuer.Close()
	c, faults, _ := load(t, "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: okta\n    jwt: {algorithm: EdDSA, jwksURL: \""+issuer.URL+"/keys\", issuer: me, audience: you, scopes: required}\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	cfg := quietConfig(t)
	cfg.Sources = c.Sources
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	ask := func(scope string) int {
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "me", "aud": "you", "exp": 9999999999, "scope": scope})
		token.Header["kid"] = "a"
		text, err := token.SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
		r.Header.Set("Authorization", "Bearer "+text)
		w := httptest.NewRecorder()
		d.edge.Handler().ServeHTTP(w, r)
		return w.Code
	}
	eventually(t, "the keys are fetched", 10*time.Second, func() bool { return ask("scim.read") == http.StatusOK })
	if got := ask("openid"); got != http.StatusForbidden {
		t.Errorf("a token without a scope of ours is answered with %d", got)
	}
	w := httptest.NewRecorder()
	d.admin.TCP().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/metrics", nil))
	if !strings.Contains(w.Body.String(), `scim2slack_issuer_keys{url="`+issuer.URL+`/keys"} 1`) {
		t.Error("the metrics do not tell of the keys")
	}
}
