package main

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/server/admin"
)

const restOfAdminConfig = "\nslack: {token: xoxp-of-slack-000}\nsources: [{name: default, token: of-the-source-0000}]\n"

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// Each fault of the tokens has its place, and all are told at once.
func TestAdminTokenFaults(t *testing.T) {
	hash, source := hashOf("of-janet-000000000"), hashOf("of-the-source-0000")
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte("of-everybody-00000"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"tokens: {name: x}": {"f:2:11: admin.tokens: is a mapping: use a list, each token after a dash"},
		"tokens: [{name: janet, role: boss, sha256: " + hash + "}]":                                {`f:2:32: admin.tokens[0].role: is "boss": use viewer, operator or approver`},
		"tokens: [{role: viewer, sha256: " + hash + "}]":                                           {"f:2:13: admin.tokens[0].name: is missing: records name who did something by it"},
		"tokens: [{name: janet, sha256: " + hash + "}]":                                            {"f:2:13: admin.tokens[0].role: is missing: use viewer, operator or approver"},
		"tokens: [{name: janet, role: viewer}]":                                                    {`f:2:13: admin.tokens[0]: needs either sha256, which "scim2slack token hash" makes of a secret, or tokenFile`},
		"tokens: [{name: janet, role: viewer, sha256: of-janet-canary}]":                           {`f:2:48: admin.tokens[0].sha256: is no SHA-256 of 64 hexadecimal digits: make it of the secret with "scim2slack token hash"`},
		"tokens: [{name: a=b, role: viewer, sha256: " + hash + "}]":                                {`f:2:19: admin.tokens[0].name: is "a=b": use up to 63 letters, digits, dots, dashes and underscores, a letter or digit first`},
		"tokens: [{name: janet, role: viewer, sha256: " + hash + ", expires: soon}]":               {`f:2:123: admin.tokens[0].expires: is "soon": use the last day, such as 2027-01-31, or a moment, such as 2027-01-31T12:00:00Z`},
		"tokens: [{name: janet, role: viewer, sha256: " + hash + ", tokenFile: x}]":                {`f:2:13: admin.tokens[0]: needs either sha256, which "scim2slack token hash" makes of a secret, or tokenFile`},
		"tokens: [{name: janet, role: viewer, sha256: " + hashOf("") + "}]":                        {"f:2:48: admin.tokens[0].sha256: is the hash of nothing: the secret did not reach the program that made it"},
		"tokens: [{name: janet, role: viewer, tokenFile: none}]":                                   {`f:2:40: admin.tokens[0].tokenFile: "none" cannot be read: no such file or directory`},
		"tokens: [{name: janet, role: viewer, tokenFile: " + open + "}]":                           {"is open to everybody on this machine (mode 0644): chmod 600 it"},
		"tokens: [{name: janet, role: viewer, sha256: " + source + "}]":                            {"f:4:27: sources[0].token: is the same token as that of the admin \"janet\": give each its own"},
		"token: of-janet-000000000\n  tokens: [{name: j, role: viewer, sha256: " + hash + "}]":     {"f:3:36: admin.tokens[0].sha256: is the same token as that of the admin API: give each its own"},
		"token: of-omar-0000000000\n  tokens: [{name: token, role: viewer, sha256: " + hash + "}]": {`f:3:13: admin.tokens[0].name: is "token", as is that of another token: use a name of its own`},
		"tokens: [{name: j, role: viewer, sha256: " + hash + "}, {name: j, role: viewer, sha256: " + hash + "}]": {
			`f:2:112: admin.tokens[1].name: is "j", as is that of another token: use a name of its own`,
			`f:2:135: admin.tokens[1].sha256: is the same token as that of the admin "j": give each its own`},
		"hosts: [http://gateway]": {`f:2:10: admin.hosts: lists "http://gateway": use names without scheme and port, such as gateway.example.com`},
		"metrics: closed":         {`f:2:12: admin.metrics: is "closed": use open or token`},
	} {
		c, faults, _ := load(t, "admin:\n  "+text+restOfAdminConfig)
		if c != nil || len(faults) != len(want) {
			t.Errorf("%s:\n got %q\nwant %q", text, faults, want)
			continue
		}
		for i := range faults {
			if !strings.HasSuffix(faults[i], want[i]) {
				t.Errorf("%s:\n got %s\nwant %s", text, faults[i], want[i])
			}
		}
		if strings.Contains(strings.Join(faults, ""), "canary") {
			t.Errorf("%s: the fault tells the token: %q", text, faults)
		}
	}
}

// What is good is what the admin side gets; a token that expired is no reason not to start.
func TestAdminTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "omar")
	if err := os.WriteFile(file, []byte("of-omar-0000000000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, faults, warnings := load(t, "admin:\n  hosts: [gateway.example.com]\n  metrics: token\n  token: of-the-boss-000000\n  tokens:\n    - {name: janet, role: operator, sha256: "+
		strings.ToUpper(hashOf("of-janet-000000000"))+", expires: 2126-01-31}\n    - {name: omar, role: viewer, tokenFile: "+file+", expires: 2020-01-31T12:00:00Z}"+restOfAdminConfig)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "admin.tokens[1].expires: is over") {
		t.Errorf("warnings %q", warnings)
	}
	want := []admin.Token{admin.NewToken("token", admin.Approver, "of-the-boss-000000"), admin.NewToken("janet", admin.Operator, "of-janet-000000000"), admin.NewToken("omar", admin.Viewer, "of-omar-0000000000")}
	want[1].Expires, want[2].Expires = time.Date(2126, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 31, 12, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(want, c.adminTokens()); diff != "" {
		t.Error(diff)
	}
	shown := ""
	for _, s := range c.settings() {
		shown += s.Key + " is " + s.Value + "\n"
	}
	for _, text := range []string{"admin.tokens is janet=operator until 2126-02-01T00:00:00Z, omar=viewer", "admin.hosts is gateway.example.com", "admin.metrics is token"} {
		if !strings.Contains(shown, text) {
			t.Errorf("the settings do not say %s:\n%s", text, shown)
		}
	}
}

// The gateway's door follows the configuration.
func TestAdminTokensOpenTheDoor(t *testing.T) {
	c, faults, _ := load(t, "admin:\n  tokens: [{name: janet, role: viewer, sha256: "+hashOf("of-janet-000000000")+"}]"+restOfAdminConfig)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	cfg := quietConfig(t)
	cfg.Admin.Tokens, cfg.Admin.Metrics = c.Admin.Tokens, metricsToken
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for request, want := range map[string]int{"GET /admin/v1/status": 200, "GET /metrics": 200, "POST /admin/v1/resume": 403} {
		method, path, _ := strings.Cut(request, " ")
		for _, present := range []bool{true, false} {
			r := httptest.NewRequest(method, path, nil)
			if r.Host = "localhost"; present {
				r.Header.Set("Authorization", "Bearer of-janet-000000000")
			} else {
				want = 401
			}
			w := httptest.NewRecorder()
			if d.admin.TCP().ServeHTTP(w, r); w.Code != want {
				t.Errorf("%s, token presented: %v: %d %s", request, present, w.Code, w.Body)
			}
			checkAnswer(t, r, w)
		}
	}
}
