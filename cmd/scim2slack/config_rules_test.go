package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/translate"
)

// The place of a fault is that of the character in the file, in every way in which YAML can hold a text.
func TestRuleFaultsHaveTheirPlace(t *testing.T) {
	head := "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: default\n    token: token-of-the-source\n"
	for _, c := range []struct{ name, rules, want string }{
		{"plain", "    user:\n      title: enterprise.departement\n", "f:6:25: sources[0].user.title: unknown field departement"},
		{"in quotes", "    user:\n      title: \"title + nick\"\n", "f:6:23: sources[0].user.title: unknown name nick"},
		{"block", "    user:\n      title: |\n        title +\n          nick\n", "f:8:3: sources[0].user.title: unknown name nick"},
		{"long form", "    user:\n      title: {value: nick, when: create}\n", "f:6:22: sources[0].user.title: unknown name nick"},
		{"scope", "    scope: title\n", "f:5:12: sources[0].scope: the rule must give true or false"},
		{"not there", "    user: {tittle: title}\n", "f:5:12: sources[0].user.tittle: no such key"},
		{"required", "    user: {email: null}\n", "f:5:19: sources[0].user.email: takes the email away"},
		{"never required", "    user: {userName: {when: never}}\n", "sources[0].user.userName: takes the userName away"},
		{"when", "    user: {title: {when: often}}\n", `sources[0].user.title.when: is "often": use always, create, empty or never`},
		{"both", "    user: {title: {value: title, constant: Cook}}\n", "has a value and a constant"},
		{"a number", "    user: {title: 7}\n", "sources[0].user.title: is a number: use an expression"},
		{"empty", "    user: {title: ''}\n", "is empty: give an expression, or null"},
		{"unknown function", "    user: {title: now()}\n", "unknown name now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults, _ := load(t, head+c.rules)
			if len(faults) != 1 || !strings.Contains(faults[0], c.want) {
				t.Errorf("faults are %q, want %q", faults, c.want)
			}
		})
	}
}

func TestRulesOfTheFile(t *testing.T) {
	c, faults, warnings := load(t, `
slack: {token: xoxp-of-slack-000}
sources:
  - name: default
    token: token-of-the-source
    scope: userType != "External"
    user:
      userName: lower(local(emails.work))
      title: null
      displayName: {when: create}
      userType: {constant: 'Staff "A" \n'}
      department: {value: division, when: never}
      costCenter: {value: null, when: empty}
`)
	if len(faults)+len(warnings) > 0 {
		t.Fatal(faults, warnings)
	}
	var got []translate.Rule
	for _, r := range c.Sources[0].Rules.User {
		r.Place = strings.TrimPrefix(r.Place[strings.LastIndexByte(r.Place, '/')+1:], "f")
		got = append(got, r.Rule)
	}
	want := []translate.Rule{
		{Attribute: scim.SlackUserName, Expression: "lower(local(emails.work))", Place: ":8"},
		{Attribute: scim.SlackTitle, Place: ":9"},
		{Attribute: scim.SlackDisplayName, Expression: "displayName", When: "create", Place: ":10"},
		{Attribute: scim.SlackUserType, Expression: `"Staff \"A\" \\n"`, When: "always", Place: ":11"},
		{Attribute: scim.SlackDepartment, Expression: "division", When: "never", Place: ":12"},
		{Attribute: scim.SlackCostCenter, When: "empty", Place: ":13"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	doc := scim.Object{"userName": "x", "userType": "Staff", "emails": []any{scim.Object{"value": "Anna@example.com", "type": "work"}}}
	u, err := translate.ToUser(doc, translate.Options{Rules: c.Sources[0].Options.Rules})
	if err != nil || u.Profile[scim.SlackUserName] != "anna" || u.Profile[scim.SlackUserType] != `Staff "A" \n` {
		t.Errorf("got %+v, %v", u, err)
	}
}

// The default mapping as a file of rules is accepted, and gives for every push that is on record what the default mapping gives, to the byte.
func TestDefaultMappingAsRules(t *testing.T) {
	c, faults, _ := load(t, readText(t, "../../docs/rules/default.yaml"), "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_TOKEN=token-of-the-source")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if rules := c.Sources[0].Rules.User; len(rules) != len(scim.SlackAttributes) {
		t.Errorf("it has %d rules, want one for each of the %d attributes", len(rules), len(scim.SlackAttributes))
	}
	pushes, _ := filepath.Glob("../../translate/testdata/*.json")
	if len(pushes) == 0 {
		t.Fatal("no pushes are on record")
	}
	for _, file := range pushes {
		record, err := scim.Decode([]byte(readText(t, file)), scim.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		doc, _ := record["source"].(scim.Object)
		want, wantErr := translate.ToUser(doc, translate.Options{SoftDeleteRenames: true})
		got, err := translate.ToUser(doc, translate.Options{SoftDeleteRenames: true, Rules: c.Sources[0].Options.Rules})
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%s: %v, want %v\n%s", file, err, wantErr, diff)
		}
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
