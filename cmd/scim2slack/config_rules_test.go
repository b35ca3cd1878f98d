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
		{"block", "    user:\n      title: |\n        title +\n          nick\n", "f:8:11: sources[0].user.title: unknown name nick"},
		{"block with its own indentation", "    user:\n      title: |2-\n          title +\n           nick\n", "f:8:12: sources[0].user.title: unknown name nick"},
		{"folded block", "    user:\n      title: > # folded\n        title +\n        title +\n\n        nick\n", "f:10:9: sources[0].user.title: unknown name nick"},
		{"plain over lines", "    user:\n      title: title + \"ü\" +\n        title +\n        nick\n", "f:8:9: sources[0].user.title: unknown name nick"},
		{"in quotes over lines", "    user:\n      title: 'title + \"it''s\" +\n        nick'\n", "f:7:9: sources[0].user.title: unknown name nick"},
		{"with escapes", "    user:\n      title: \"title + \\\"a\\\" + nick\"\n", "f:6:31: sources[0].user.title: unknown name nick"},
		{"at its end", "    user:\n      title: |\n        title +\n\n    put: keep\n", "f:7:15: sources[0].user.title: unexpected token EOF"},
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

// A variable holds the expression of a rule, wins over the file's, and is named in a fault.
func TestRulesOfTheEnvironment(t *testing.T) {
	file := "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: default\n    token: token-of-the-source\n    user: {title: userType, givenName: nickName}\n"
	c, faults, warnings := load(t, file, "SCIM2SLACK_USER_TITLE=upper(title)", "SCIM2SLACK_USER_HONORIFIC_PREFIX=null", "SCIM2SLACK_SCOPE=userName != \"root\"")
	if len(faults)+len(warnings) > 0 {
		t.Fatal(faults, warnings)
	}
	doc := scim.Object{"userName": "x", "title": "Cook", "nickName": "Annie", "name": scim.Object{"familyName": "B", "honorificPrefix": "Dr."},
		"emails": []any{scim.Object{"value": "anna@example.com"}}}
	rules := c.Sources[0].Options.Rules
	u, err := translate.ToUser(doc, translate.Options{Rules: rules})
	if prefix, spoken := u.Profile[scim.SlackHonorificPrefix]; err != nil || u.Profile[scim.SlackTitle] != "COOK" || u.Profile[scim.SlackGivenName] != "Annie" || prefix != "" || !spoken {
		t.Errorf("%+v, %v", u.Profile, err)
	}
	if in, err := rules.InScope(scim.Object{"userName": "root"}, nil); in || err != nil {
		t.Errorf("root is in scope: %v, %v", in, err)
	}
	if rule, _ := rules.Of(scim.SlackTitle); rule.Place != "SCIM2SLACK_USER_TITLE" {
		t.Errorf("the rule is said to be in %s", rule.Place)
	}
	for variable, want := range map[string]string{
		"SCIM2SLACK_USER_TITLE=upper(nick)":  "SCIM2SLACK_USER_TITLE: at character 7: unknown name nick",
		"SCIM2SLACK_USER_EMAIL=null":         "SCIM2SLACK_USER_EMAIL: takes the email away",
		"SCIM2SLACK_SCOPE=title":             "SCIM2SLACK_SCOPE: at character 1: the rule must give true or false",
		"SCIM2SLACK_GROUP_NAME=null":         "SCIM2SLACK_GROUP_NAME: is null: give an expression",
		"SCIM2SLACK_ON_AMBIGUOUS=first-come": `is "first-come": use hold`,
	} {
		if _, faults, _ := load(t, file, variable); len(faults) != 1 || !strings.Contains(faults[0], want) {
			t.Errorf("%s: %q, want %q", variable, faults, want)
		}
	}
	// Alone, the variables make the source.
	c, faults, _ = load(t, "", "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_TOKEN=token-of-the-source", "SCIM2SLACK_USER_TITLE=userType")
	if len(faults) > 0 || len(c.Sources) != 1 || len(c.Sources[0].Rules.User) != 1 {
		t.Errorf("%q", faults)
	}
}
