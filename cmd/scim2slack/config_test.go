package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scim2slack/dialect"
	"scim2slack/reconcile"
	"scim2slack/slackapi"
)

// canary is a secret that must not show anywhere. It looks like no key.
const canary = "xoxp-canary-0123456789"

// load loads a configuration from the text of a file and variables, and returns faults and warnings with the file's name cut to "f".
func load(t testing.TB, text string, environ ...string) (c *config, faults, warnings []string) {
	t.Helper()
	file := ""
	if text != "" {
		file = filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, warned, err := loadConfig(file, environ)
	lines := func(list []fault) (out []string) {
		for _, f := range list {
			line := f.String()
			if file != "" {
				line = strings.ReplaceAll(line, file+":", "f:")
			}
			out = append(out, line)
		}
		return out
	}
	if all := (*configError)(nil); errors.As(err, &all) {
		faults = lines(all.faults)
	}
	return c, faults, lines(warned)
}

const minimal = "slack: {token: xoxp-of-slack-000}\nsources: [{name: default, token: token-of-the-source}]\n"

func TestConfigFaults(t *testing.T) {
	tests := []struct {
		name, file string
		environ    []string
		faults     []string
	}{
		{"nothing at all", "", nil, []string{
			"SCIM2SLACK_SLACK_TOKEN: the Slack token is missing: set SCIM2SLACK_SLACK_TOKEN, slack.token or slack.tokenFile to a user token with the scope admin",
			"SCIM2SLACK_TOKEN: there is no source: set SCIM2SLACK_TOKEN to the token that the source will present, or list it under sources"}},
		{"all at once, in order", "listen: nowhere\nslakc: {}\nslack:\n  share: 2\n  settle: soon\nanswer: {wait: 3}\n", []string{"SCIM2SLACK_TOKEN=token-of-the-source", "SCIM2SLACK_BRAKE_ENABLED=no"}, []string{
			`f:1:9: listen: is "nowhere": use an address and a port, such as 127.0.0.1:8080`,
			`f:2:1: slakc: no such key: use admin, answer, audit, brake, data, drift, encryption, listen, plan, slack, sources or tls`,
			"f:3:1: slack.token: the Slack token is missing: set SCIM2SLACK_SLACK_TOKEN, slack.token or slack.tokenFile to a user token with the scope admin",
			`f:4:10: slack.share: is "2": use a number above 0 and up to 1, such as 0.9`,
			`f:5:11: slack.settle: is "soon": use a number with a unit, such as 500ms, 3s or 2m`,
			`f:6:16: answer.wait: is a number: use a number with a unit, such as 3s`,
			`SCIM2SLACK_BRAKE_ENABLED: is "no": use true or false`}},
		{"types", minimal + "listen: [a]\ndata: 5\nanswer: 3s\nbrake: {enabled: 'true'}\nadmin: {listen: }\n", nil, []string{
			`f:3:9: listen: is a list: use a string`, `f:4:7: data: is a number: put it in quotes`, `f:5:9: answer: is a string: use keys with values below it`,
			`f:6:18: brake.enabled: is a string: use true or false`, `f:7:16: admin.listen: is empty: use a string`}},
		{"sources", "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: a\n    token: token-of-the-source\n  - name: a\n    token: token-of-the-source\n    removeUser: kill\n    match: [id]\n  - {}\n  - name: b\n", nil, []string{
			`f:5:5: sources[1].name: is "a", as is that of another source: use a name of its own`,
			`f:6:5: sources[1].token: is the same token as that of the source "a": give each its own`,
			`f:7:17: sources[1].removeUser: is "kill": use disable, delete or none`,
			`f:8:12: sources[1].match: lists "id": use userName or email, or both in the order of trust`,
			`f:9:5: sources[2].name: is missing: give the source a name of its own, such as pingfederate`}},
		{"audit", minimal + "audit: {key: short, keep: 3w, syslog: log.test}\n", []string{"SCIM2SLACK_AUDIT_VALUES=yes"}, []string{
			`f:3:9: audit.key: has only 5 characters: use 32 random ones or more, such as openssl rand -hex 32 prints`,
			`f:3:27: audit.keep: is "3w": use a number of days, such as 400d, or 0 to keep all`,
			`f:3:39: audit.syslog: is "log.test": use udp://HOST:PORT, tcp://HOST:PORT or unix:///dev/log`,
			`SCIM2SLACK_AUDIT_VALUES: is "yes": use true or false`}},
		{"limits", minimal + "slackk: 1\n", []string{"SCIM2SLACK_SLACK_LIMITS=createUser=180/20,nope=1/1,reads=5,writes=0/1"}, []string{
			`f:3:1: slackk: no such key: use admin, answer, audit, brake, data, drift, encryption, listen, plan, slack, sources or tls`}},
		{"twice", minimal + "data: a\ndata: b\n", nil, []string{"f:4:1: data: is given twice, first in line 3: leave one out"}},
		{"only an unknown key", "lsiten: x\n", nil, []string{
			"f:1:1: lsiten: no such key: use admin, answer, audit, brake, data, drift, encryption, listen, plan, slack, sources or tls",
			"f:1:1: slack.token: the Slack token is missing: set SCIM2SLACK_SLACK_TOKEN, slack.token or slack.tokenFile to a user token with the scope admin",
			"f:1:1: sources: there is no source: set SCIM2SLACK_TOKEN to the token that the source will present, or list it under sources"}},
		{"brake", minimal + "brake: {enabled: false}\n", nil, []string{
			"f:3:9: brake.enabled: is false without a reason: say why in brake.reason (SCIM2SLACK_BRAKE_REASON)"}},
		{"postgres", minimal, []string{"SCIM2SLACK_DATA=postgres://me:" + canary + "@db/x"}, []string{
			"SCIM2SLACK_DATA: is the URL of a PostgreSQL database, which is not built in yet: use the name of a file, such as scim2slack.db"}},
		{"one address for both", minimal + "listen: 127.0.0.1:8081\n", nil, []string{
			`f:3:1: listen: is "127.0.0.1:8081" for both SCIM and the admin API: give each its own address`}},
		{"anchors", "slack: &a {token: xoxp-of-slack-000}\nsources: *a\n", []string{"SCIM2SLACK_TOKEN=token-of-the-source"}, []string{
			"f:1:8: slack: is an anchor, alias or tag, which are not understood here: use keys with values below it",
			"f:2:10: sources: is an anchor, alias or tag, which are not understood here: use a list, each source after a dash"}},
		{"not YAML", "slack: {token: " + canary + "\n", nil, []string{"f:1:8: not YAML: could not find flow mapping end token '}'"}},
		{"a token instead of a key", minimal + canary + ": 1\nadmin: {" + canary + ": 2}\n", nil, []string{
			"f:3:1: a key that does not exist here: use admin, answer, audit, brake, data, drift, encryption, listen, plan, slack, sources or tls",
			"f:4:9: admin: a key that does not exist here: use hosts, listen, metrics, token, tokenFile or tokens"}},
		{"jwt", "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: okta\n    jwt: {algorithm: HS256, issuer: x}\n", nil, []string{
			`f:4:5: sources[0].jwt.audience: is missing: algorithm, keyFile or jwksURL, issuer and audience belong together`,
			`f:4:5: sources[0].jwt.keyFile: is missing: algorithm, keyFile or jwksURL, issuer and audience belong together`,
			`f:4:22: sources[0].jwt.algorithm: is "HS256": use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA`}},
		{"protect", minimal, []string{"SCIM2SLACK_SLACK_PROTECT=U0123ABCD, janet"}, []string{
			`SCIM2SLACK_SLACK_PROTECT: lists "janet": use Slack user ids, such as U0123ABCD`}},
		{"url with a password", minimal, []string{"SCIM2SLACK_SLACK_SCIM_URL=https://me:" + canary + "@slack.com/"}, []string{
			"SCIM2SLACK_SLACK_SCIM_URL: has a user or password in it: leave them out, the token identifies us"}},
		{"token with a line break", minimal, []string{"SCIM2SLACK_SLACK_TOKEN=" + canary + "\nX: y"}, []string{
			"SCIM2SLACK_SLACK_TOKEN: has a blank, a line break or a letter outside ASCII in it: a token has none"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults, warnings := load(t, test.file, test.environ...)
			if test.name == "limits" { // the variable's own
				for _, want := range []string{`there is no limit "nope"`, "reads is not complete", `writes is "0"`} {
					if !strings.Contains(strings.Join(faults, "\n"), "SCIM2SLACK_SLACK_LIMITS: "+want) {
						t.Errorf("no fault %s in %v", want, faults)
					}
				}
				faults = faults[:1]
			}
			want := test.faults
			if diff := cmp.Diff(want, faults); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(fmt.Sprint(faults, warnings), "canary") {
				t.Errorf("a secret is told: %v %v", faults, warnings)
			}
		})
	}
}

func TestConfigValues(t *testing.T) {
	c, faults, warnings := load(t, `
listen: 127.0.0.1:1
data: x.db
answer: {wait: 0}
admin: {listen: "localhost:2", token: admin-token-of-ours}
slack:
  token: xoxp-of-slack-000
  share: 1
  settle: 5s
  limits: {createUser: {perMinute: 90.5, burst: 3}}
  protect: [U0BREAKGLASS]
sources:
  - name: ping
    token: token-of-ping-0000
    match: [email, userName]
    createUsers: false
    removeUser: delete
    groups: {membership: merge, remove: unlink}
    dialect: pingfederate
    put: clear
    groupPutWithoutMembers: keep
    patch: {user: 204}
    unknown: reject
brake: {enabled: false, reason: first import}
audit: {values: true, keep: 30d}
`, "SCIM2SLACK_LISTEN=127.0.0.1:3", "SCIM2SLACK_TOKEN=token-of-default-1", "SCIM2SLACK_UPDATE_USERS=false", "SCIM2SLACK_SLACK_SHARE=", "OTHER=1")
	if len(faults)+len(warnings) > 0 {
		t.Fatal(faults, warnings)
	}
	ping, other := newSourceConfig("ping"), newSourceConfig("default")
	ping.Token, ping.Dialect = "token-of-ping-0000", dialect.PingFederate
	ping.Profile.Put, ping.Profile.GroupPutWithoutMembers = dialect.PutClear, dialect.GroupPutKeep
	ping.Profile.PatchUser, ping.Profile.Unknown = 204, dialect.UnknownReject
	ping.Options = reconcile.Options{Match: []string{"email", "userName"}, UpdateUsers: true, DisableUsers: true, RemoveUser: "delete", GroupMembership: "merge", GroupRemove: "unlink", NestedGroups: "refuse"}
	ping.complete()
	other.Token, other.Options.UpdateUsers = "token-of-default-1", false
	other.complete()
	want := &config{Listen: "127.0.0.1:3", Data: "x.db", Admin: adminConfig{Listen: "localhost:2", Token: "admin-token-of-ours", Metrics: metricsOpen},
		Slack: slackConfig{Token: "xoxp-of-slack-000", SCIMURL: "https://api.slack.com/scim", APIURL: "https://slack.com/api/", Share: 1, Settle: 5 * time.Second,
			Limits: map[string]slackapi.Limit{"createUser": {PerMinute: 90.5, Burst: 3}}, Protect: []string{"U0BREAKGLASS"}},
		Sources: []*sourceConfig{ping, other}, MaxLeavers: -1, Drift: driftConfig{Every: 24 * time.Hour, Mode: "report"}, Audit: auditConfig{Keep: 30 * day, Values: true}, Brake: brakeConfig{Reason: "first import"}}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config{}, jwtConfig{}, encryptionConfig{}, ruleText{}), cmp.Comparer(func(a, b secret) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestConfigTokenFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, open, empty := write("good", canary+"\n", 0o600), write("open", canary, 0o644), write("empty", "\n", 0o600)
	slack := "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000"
	tests := []struct {
		name    string
		environ []string
		token   secret
		fault   string
	}{
		{"good", []string{"SCIM2SLACK_TOKEN_FILE=" + good}, canary, ""},
		{"open", []string{"SCIM2SLACK_TOKEN_FILE=" + open}, "", "is open to everybody on this machine (mode 0644): chmod 600 it"},
		{"empty", []string{"SCIM2SLACK_TOKEN_FILE=" + empty}, "", "is empty"},
		{"missing", []string{"SCIM2SLACK_TOKEN_FILE=" + dir + "/none"}, "", "no such file"},
		{"directory", []string{"SCIM2SLACK_TOKEN_FILE=" + dir}, "", "is not a file"},
		{"both", []string{"SCIM2SLACK_TOKEN_FILE=" + good, "SCIM2SLACK_TOKEN=another-token-0000"}, "", "is given beside the token itself"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, faults, _ := load(t, "", append(test.environ, slack)...)
			if told := strings.Join(faults, "\n"); !strings.Contains(told, test.fault) || (told == "") != (test.fault == "") || strings.Contains(told, "canary") {
				t.Fatalf("faults are %q, want one that says %q", told, test.fault)
			}
			if test.fault == "" && c.Sources[0].Token != test.token {
				t.Error("the token is not that of the file")
			}
		})
	}
	t.Run("a variable wins", func(t *testing.T) {
		text := fmt.Sprintf("slack: {token: xoxp-of-slack-000}\nsources: [{name: default, tokenFile: %s}]\n", open)
		c, faults, _ := load(t, text, "SCIM2SLACK_TOKEN=token-of-the-variable")
		if len(faults) > 0 || c.Sources[0].Token != "token-of-the-variable" {
			t.Error(faults)
		}
		c, faults, _ = load(t, minimal, "SCIM2SLACK_TOKEN_FILE="+good)
		if len(faults) > 0 || c.Sources[0].Token != canary {
			t.Error(faults)
		}
	})
}

func TestConfigWarnings(t *testing.T) {
	c, faults, warnings := load(t, "", "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_TOKEN=short", "SCIM2SLACK_LISTN=x",
		"SCIM2SLACK_PORT_8080_TCP=tcp://1.2.3.4:8080", "SCIM2SLACK_SLACK_SCIM_URL=http://slack.example/scim")
	want := []string{
		`SCIM2SLACK_LISTN: there is no such variable, so it does nothing: did you mean SCIM2SLACK_LISTEN?`,
		`SCIM2SLACK_SLACK_SCIM_URL: is http and leaves this machine: the Slack token travels in the clear; use https`,
		`SCIM2SLACK_TOKEN: has only 5 characters and can be guessed: use 32 random ones or more`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" || len(faults) > 0 || c == nil {
		t.Error(diff, faults)
	}
}

// Whatever the file holds, loading ends, faults have places, and no value of a key that holds secrets is told.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{minimal, "slack:\n  token: |\n    x\n", "sources:\n- {name: a, match: [email]}", "a: &a [*a]", "? x\n: y", "<<: {slack: 1}", "- - -", "slack: {limits: {reads: {perMinute: 1, burst: 1}}}", "\xff", "--- !!map\n{}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := newLoader("f")
		l.readYAML([]byte("slack: {token: " + canary + "}\nadmin: {token: " + canary + ", tokenFile: none}\n" + text))
		l.checkAll()
		for _, fault := range l.faults {
			if strings.Contains(fault.String(), "canary") {
				t.Errorf("a secret is told: %s", fault)
			}
		}
		if len(l.faults) == 0 {
			l.config.origins = l.origins
			if strings.Contains(fmt.Sprint(l.config.settings()), "canary") {
				t.Error("the settings tell a secret")
			}
		}
	})
}
