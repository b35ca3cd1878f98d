package slacksim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func web(t *testing.T, s *Sim, method, authorization string, form url.Values) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://slack.com/api/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		req.Header.Set("Authorization", "Bearer "+authorization)
	}
	r, err := do(s.Client(), req)
	if err != nil || r.status != 200 {
		t.Fatal(r.status, err)
	}
	return r
}

func TestAuthTest(t *testing.T) {
	s := New(Options{Enterprise: true, TokenUser: "W0ADMIN"})
	for _, r := range []response{
		web(t, s, "auth.test", DefaultToken, nil), web(t, s, "auth.test", "", url.Values{"token": {DefaultToken}}),
	} {
		if r.body["ok"] != true || r.body["user_id"] != "W0ADMIN" || r.body["enterprise_id"] != enterpriseID ||
			r.body["url"] != "https://simulated.enterprise.slack.com/" || r.header.Get("X-OAuth-Scopes") != "admin" {
			t.Error(r.text, r.header)
		}
	}
	fails := func(method, token, want string) {
		t.Helper()
		if r := web(t, s, method, token, nil); r.body["ok"] != false || r.body["error"] != want {
			t.Error(r.text)
		}
	}
	fails("auth.test", "", "not_authed")
	fails("auth.test", "wrong", "invalid_auth")
	fails("chat.postMessage", DefaultToken, "unknown_method")
	s.SetActive("W0ADMIN", false)
	fails("auth.test", DefaultToken, "account_inactive")
	s.RevokeToken()
	fails("auth.test", DefaultToken, "token_revoked")
	s = New(Options{})
	if r := web(t, s, "auth.test", DefaultToken, nil); r.body["enterprise_id"] != nil || r.body["team_id"] != teamID {
		t.Error(r.text)
	}
}

func TestUsersInfo(t *testing.T) {
	s := New(Options{})
	bot := s.AddUser(User{UserName: "bot", Bot: true})
	for id, want := range map[string]map[string]any{
		s.TokenUser(): {"is_primary_owner": true, "is_owner": true, "is_bot": false, "deleted": false},
		bot:           {"is_primary_owner": false, "is_owner": false, "is_bot": true, "deleted": true},
	} {
		u := web(t, s, "users.info", DefaultToken, url.Values{"user": {id}}).body["user"].(doc)
		for k, v := range want {
			if u[k] != v {
				t.Errorf("%s: %s is %v", id, k, u[k])
			}
		}
	}
	if r := web(t, s, "users.info", DefaultToken, url.Values{"user": {"U0X"}}); r.body["error"] != "user_not_found" {
		t.Error(r.text)
	}
}

func TestWebFaults(t *testing.T) {
	s := New(Options{})
	s.Inject(Fault{Kind: RefuseWith, Error: "internal_error", Endpoint: EndpointUsersInfo, Times: 1})
	if r := web(t, s, "users.info", DefaultToken, nil); r.text != `{"ok":false,"error":"internal_error"}` {
		t.Error(r.text)
	}
	s.Inject(Fault{Kind: TooManyRequests, Endpoint: EndpointAuthTest})
	r, err := do(s.Client(), newRequest(t, "POST", "/api/auth.test", nil))
	if err != nil || r.status != 429 || r.body["error"] != "ratelimited" || r.header.Get("Retry-After") != "1" {
		t.Error(r.text, r.header, err)
	}
}
