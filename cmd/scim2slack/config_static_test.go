package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestConfigStaticFaults(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, open := write("good", canary+"\n", 0o600), write("open", canary, 0o644)
	short, same := write("short", "s3cret\n", 0o600), write("same", strings.Repeat("abc", 20), 0o600)
	control := write("control", "a password with a\x01 in it", 0o600)
	h := hashOf("a-secret-of-somebody")
	tests := []struct {
		name, source string // what stands behind the name of the source in line 2
		faults       []string
	}{
		{"good", `tokens: [{name: a, sha256: ` + h + `, expires: 2999-01-31, readOnly: true}, {name: b, file: ` + good + `, expires: 2999-01-31T12:00:00+02:00}], basic: [{user: pf, sha256: ` + hashOf("x") + `}]`, nil},
		{"beside a token", `token: token-of-the-source, tokens: [{name: a, sha256: ` + h + `}]`, nil},
		{"no list", `tokens: {name: a}`, []string{`f:2:29: sources[0].tokens: is a mapping: use a list, each token after a dash`}},
		{"a text in the list", `tokens: [` + canary + `]`, []string{`f:2:30: sources[0].tokens[0]: is a string: use keys with values below it`}},
		{"an unknown key", `tokens: [{name: a, sha265: ` + h + `, file: ` + good + `}]`, []string{`f:2:40: sources[0].tokens[0]: a key that does not exist here: use expires, file, name, readOnly or sha256`}},
		{"no name", `tokens: [{sha256: ` + h + `}]`, []string{`f:2:31: sources[0].tokens[0].name: is missing: give the token a name, such as 2030-spring, by which logs and records call it`}},
		{"two of a name", `tokens: [{name: a, sha256: ` + h + `}, {name: a, file: ` + good + `}]`, []string{
			`f:2:116: sources[0].tokens[1].name: is "a", as is that of another token of the source: use a name of its own`}},
		{"nothing", `tokens: [{name: a}], basic: [{user: u}]`, []string{
			`f:2:31: sources[0].tokens[0]: needs either sha256, which "scim2slack token hash" makes of a secret, or file`,
			`f:2:51: sources[0].basic[0]: needs either sha256, which "scim2slack token hash" makes of a secret, or passwordFile`}},
		{"both", `tokens: [{name: a, sha256: ` + h + `, file: ` + good + `}]`, []string{`f:2:31: sources[0].tokens[0]: needs either sha256, which "scim2slack token hash" makes of a secret, or file`}},
		{"half a hash", `tokens: [{name: a, sha256: ` + h[1:] + `}]`, []string{`f:2:48: sources[0].tokens[0].sha256: is no SHA-256 of 64 hexadecimal digits: make it of the secret with "scim2slack token hash"`}},
		{"the secret for a hash", `tokens: [{name: a, sha256: ` + canary + `}]`, []string{`f:2:48: sources[0].tokens[0].sha256: is no SHA-256 of 64 hexadecimal digits: make it of the secret with "scim2slack token hash"`}},
		{"the hash of nothing", `tokens: [{name: a, sha256: ` + hashOf("") + `}]`, []string{`f:2:48: sources[0].tokens[0].sha256: is the hash of nothing: the secret did not reach the program that made it`}},
		{"a hash that looks like a number, but for its length", `tokens: [{name: a, sha256: ` + strings.Repeat("1", 64) + `}]`, nil},
		{"a short secret", `tokens: [{name: a, file: ` + short + `}], basic: [{user: u, passwordFile: ` + short + `}]`, []string{
			`: sources[0].tokens[0].file: "` + short + `" has only 6 characters and can be guessed: use 32 random ones or more, as "openssl rand -hex 32" makes`,
			`: sources[0].basic[0].passwordFile: "` + short + `" has only 6 characters and can be guessed: use 32 random ones or more, as "openssl rand -hex 32" makes`}},
		{"a weak secret", `tokens: [{name: a, file: ` + same + `}]`, []string{
			`: sources[0].tokens[0].file: "` + same + `" has only 3 different characters and can be guessed: use 32 random ones or more, as "openssl rand -hex 32" makes`}},
		{"a file that all may read", `tokens: [{name: a, file: ` + open + `}]`, []string{`: sources[0].tokens[0].file: "` + open + `" is open to everybody on this machine (mode 0644): chmod 600 it`}},
		{"no file", `basic: [{user: u, passwordFile: ` + dir + `/none}]`, []string{`: sources[0].basic[0].passwordFile: "` + dir + `/none" cannot be read: no such file or directory`}},
		{"a control character", `basic: [{user: u, passwordFile: ` + control + `}]`, []string{`: sources[0].basic[0].passwordFile: "` + control + `" cannot be used: the password has a control character in it`}},
		{"no user", `basic: [{sha256: ` + h + `}]`, []string{`f:2:30: sources[0].basic[0].user: is missing: give the user that the source presents`}},
		{"a colon in the user", `basic: [{user: "a:b", sha256: ` + h + `}]`, []string{`f:2:36: sources[0].basic[0].user: cannot be used: the user has a colon in it, which ends the user (RFC 7617)`}},
		{"a date that is none", `tokens: [{name: a, sha256: ` + h + `, expires: 2999-02-30}]`, []string{
			`f:2:123: sources[0].tokens[0].expires: is "2999-02-30": use the last day, such as 2027-01-31, or a moment, such as 2027-01-31T12:00:00Z`}},
		{"the token again", `token: token-of-the-source, tokens: [{name: a, sha256: ` + hashOf("token-of-the-source") + `}]`, []string{
			`f:2:59: sources[0].tokens[0]: is the same token as that of the source "a": give each its own`}},
		{"another source's", `tokens: [{name: a, sha256: ` + h + `}]}, {name: b, basic: [{user: u, sha256: ` + h + `}]`, []string{
			`f:2:136: sources[1].basic[0]: is the same token as that of "a" of the source "a": give each its own`}},
		{"Slack's", `tokens: [{name: a, sha256: ` + hashOf("xoxp-of-slack-000") + `}]`, []string{`f:2:31: sources[0].tokens[0]: is the same token as that of Slack: give each its own`}},
		{"a header", `header: {name: X_Api_Key, word: "a b"}`, []string{`f:2:36: sources[0].header.name: is "X_Api_Key": use the name of a header, such as X-Api-Key: letters, digits and dashes, a letter first`,
			`f:2:53: sources[0].header.word: is no word of a header: use letters, digits, dashes and underscores, such as SSWS or Token, without a colon or blank`}},
		{"a header that has another meaning", `header: {name: content-type, word: basic}`, []string{`f:2:36: sources[0].header.name: is "content-type", which has another meaning: use a header of its own, such as X-Api-Key`,
			`f:2:56: sources[0].header.word: is Basic, which takes a user and a password: list them under basic`}},
		{"rates", `rate: {perSecond: 0, burst: 0.5, concurrent: many}`, []string{`f:2:39: sources[0].rate.perSecond: is "0": use the requests that the source may send a second, a number above 0`,
			`f:2:49: sources[0].rate.burst: is "0.5": use the requests that may come at once, a whole number of 1 or more`, `f:2:66: sources[0].rate.concurrent: is a string: use a number`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults, warnings := load(t, "slack: {token: xoxp-of-slack-000}\nsources: [{name: a, "+test.source+"}]\n")
			if len(faults) != len(test.faults) {
				t.Fatalf("%q", faults)
			}
			for i, want := range test.faults {
				if got := faults[i]; got != want && (want[0] != ':' || !strings.HasPrefix(got, "f:2:") || !strings.HasSuffix(got, want)) {
					t.Errorf("\n%s, want\n%s", got, want)
				}
			}
			if strings.Contains(fmt.Sprint(faults, warnings), "canary") {
				t.Errorf("a secret is told: %v", faults)
			}
		})
	}
}

// What the file lists opens the door, in the way that it says, and check shows no secret.
func TestConfigStaticCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("a: passwörd of a machine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, faults, warnings := load(t, `
slack: {token: xoxp-of-slack-000}
sources:
  - name: ping
    token: token-of-ping-0000
    tokens:
      - {name: next, sha256: `+hashOf("the-next-token-of-ping")+`}
      - {name: old, sha256: `+hashOf("an-old-token-of-ping")+`, expires: 2001-01-01}
      - {name: auditors, sha256: `+strings.ToUpper(hashOf("token-of-the-auditors"))+`, readOnly: true}
    basic: [{user: pf, passwordFile: `+file+`, expires: 2999-01-01}]
    header: {word: SSWS}
    rate: {perSecond: 0.5, burst: 1000, concurrent: 7}
  - name: reader
    readOnly: true
    token: token-of-the-reader
    header: {name: x-api-key}
`)
	if diff := cmp.Diff([]string{"f:8:95: sources[0].tokens[1].expires: was 2001-01-02T00:00:00Z: this opens nothing any more, leave it out"}, warnings); diff != "" || len(faults) > 0 {
		t.Fatal(diff, faults)
	}
	want := map[string]string{"sources[0].tokens[0]": "next", "sources[0].tokens[1]": "old, until 2001-01-02T00:00:00Z", "sources[0].tokens[2]": "auditors, read-only",
		"sources[0].basic[0]": "pf, until 2999-01-02T00:00:00Z", "sources[1].readOnly": "true", "sources[1].header.name": "x-api-key", "sources[0].rate.perSecond": "0.5"}
	for _, s := range c.settings() {
		if value, listed := want[s.Key]; listed && (s.Value != value || s.From == "default") {
			t.Errorf("%+v, want %q", s, value)
		}
		delete(want, s.Key)
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
	if rate := c.rates()["ping"]; rate.PerSecond != 0.5 || rate.Burst != 1000 || rate.Concurrent != 7 || c.rates()["reader"] != defaultRate {
		t.Errorf("%+v", c.rates())
	}
	cfg := quietConfig(t)
	cfg.Sources = c.Sources
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for _, test := range []struct {
		method, header, value string
		want                  int
	}{
		{"GET", "Authorization", "Bearer token-of-ping-0000", 200},
		{"GET", "Authorization", "SSWS token-of-ping-0000", 200},
		{"GET", "Authorization", "ssws the-next-token-of-ping", 200},
		{"GET", "Authorization", "Bearer an-old-token-of-ping", 401},
		{"GET", "Authorization", "Basic cGY6YTogcGFzc3fDtnJkIG9mIGEgbWFjaGluZQ==", 200},
		{"GET", "Authorization", "Basic cGY6YTogcGFzc3dvcmQgb2YgYSBtYWNoaW5l", 401},
		{"GET", "Authorization", "Bearer token-of-the-auditors", 200},
		{"POST", "Authorization", "Bearer token-of-the-auditors", 403},
		{"POST", "Authorization", "Bearer token-of-ping-0000", 400},
		{"GET", "X-Api-Key", "token-of-the-reader", 200},
		{"GET", "Authorization", "Bearer token-of-the-reader", 200},
		{"GET", "X-Api-Key", "token-of-ping-0000", 401},
		{"DELETE", "X-Api-Key", "token-of-the-reader", 403},
		{"PUT", "X-Api-Key", "token-of-the-reader", 403},
		{"PATCH", "X-Api-Key", "token-of-the-reader", 403},
		{"POST", "X-Api-Key", "token-of-the-reader", 403},
	} {
		r := httptest.NewRequest(test.method, "/scim/v2/Users", strings.NewReader("{"))
		r.Header.Set(test.header, test.value)
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		d.edge.Handler().ServeHTTP(w, r)
		if w.Code != test.want && (test.want != 400 || w.Code == 401 || w.Code == 403) {
			t.Errorf("%s %s: %s is answered with %d, want %d", test.method, test.header, test.value, w.Code, test.want)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	now := time.Date(2030, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"90d": "2030-05-30T12:00:00Z", "1d": "2030-03-02T12:00:00Z", "12h": "2030-03-02T00:00:00Z", "90m": "2030-03-01T13:30:00Z",
		"2031-01-31": "2031-02-01T00:00:00Z", "2031-01-31T01:00:00+01:00": "2031-01-31T00:00:00Z",
		"0d": "", "-1d": "", "-1h": "", "0": "", "90": "", "d": "", "": "", "1.5d": "", "99999999d": "", "soon": "", "2031-13-01": "", "31.1.2031": "",
	} {
		moment, err := parseExpiry(text, now)
		if got := moment.UTC().Format(time.RFC3339); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s %v, want %q", text, got, err, want)
		}
	}
}
