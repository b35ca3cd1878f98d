package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/translate"
)

// example is what the worked example of the same name in docs/rules makes of people.
type example struct {
	About  string
	People []struct {
		Pushed     json.RawMessage
		Groups     []string
		OutOfScope bool
		Slack      scim.SlackUserProfile
		Manager    string
	}
}

// Every worked example of docs/rules.md is accepted and does what is said of it, and the page tells of each.
func TestWorkedExamples(t *testing.T) {
	files, _ := filepath.Glob("../../docs/rules/*.json")
	if len(files) < 10 {
		t.Fatalf("there are %d examples", len(files))
	}
	page, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(page), "rules/"+name+".yaml") {
				t.Error("docs/rules.md does not tell of it")
			}
			var e example
			if err := json.Unmarshal([]byte(readText(t, file)), &e); err != nil {
				t.Fatal(err)
			}
			c, faults, _ := load(t, readText(t, strings.TrimSuffix(file, ".json")+".yaml"), "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_TOKEN=token-of-the-source")
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			rules := c.Sources[0].Options.Rules
			for _, p := range e.People {
				body, err := scim.Decode(p.Pushed, scim.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				doc, _, err := scim.Users.Canonical(body)
				if err != nil {
					t.Fatal(err)
				}
				if in, err := rules.InScope(doc, p.Groups); in == p.OutOfScope || err != nil {
					t.Errorf("%v: in the scope: %v, %v", doc["userName"], in, err)
				}
				if p.OutOfScope {
					continue
				}
				u, err := translate.ToUser(doc, translate.Options{Rules: rules, Groups: p.Groups})
				if diff := cmp.Diff(maps.Clone(p.Slack), u.Profile); diff != "" || err != nil || u.Manager != p.Manager {
					t.Errorf("%v: %v, manager %q\n%s", doc["userName"], err, u.Manager, diff)
				}
			}
		})
	}
}
