package main

import (
	"fmt"
	"strings"
	"testing"

	"scim2slack/dialect"
)

// The README shows every field of every dialect.
func TestReadmeShowsTheDialects(t *testing.T) {
	var table strings.Builder
	table.WriteString("| key |")
	for _, name := range dialect.Names() {
		fmt.Fprintf(&table, " `%s` |", name)
	}
	table.WriteString("\n|---|" + strings.Repeat("---|", len(dialect.Names())) + "\n")
	for _, field := range []struct {
		key  string
		read func(dialect.Profile) any
	}{
		{"put", func(p dialect.Profile) any { return p.Put }},
		{"groupPutWithoutMembers", func(p dialect.Profile) any { return p.GroupPutWithoutMembers }},
		{"unknown", func(p dialect.Profile) any { return p.Unknown }},
		{"postKnown", func(p dialect.Profile) any { return p.PostKnown }},
		{"softDelete", func(p dialect.Profile) any { return p.SoftDelete }},
		{"patch.user", func(p dialect.Profile) any { return p.PatchUser }},
		{"patch.group", func(p dialect.Profile) any { return p.PatchGroup }},
	} {
		fmt.Fprintf(&table, "| `%s` |", field.key)
		for _, name := range dialect.Names() {
			fmt.Fprintf(&table, " %v |", field.read(dialect.Of(name)))
		}
		table.WriteString("\n")
	}
	if !strings.Contains(readme(t), "<!-- dialects -->\n"+table.String()+"<!-- /dialects -->") {
		t.Errorf("README.md has another table of dialects than:\n%s", table.String())
	}
}

// Every field of a dialect can be set otherwise, in the file and by a variable, and the rest stays as the dialect says.
func TestDialectFieldsAreOverridable(t *testing.T) {
	for key, test := range map[string]struct {
		value  string
		change func(*dialect.Profile)
	}{
		"put":                    {"keep", func(p *dialect.Profile) { p.Put = dialect.PutKeep }},
		"groupPutWithoutMembers": {"keep", func(p *dialect.Profile) { p.GroupPutWithoutMembers = dialect.GroupPutKeep }},
		"unknown":                {"reject", func(p *dialect.Profile) { p.Unknown = dialect.UnknownReject }},
		"postKnown":              {"conflict", func(p *dialect.Profile) { p.PostKnown = dialect.PostConflict }},
		"softDelete":             {"rename", func(p *dialect.Profile) { p.SoftDelete = dialect.SoftDeleteRename }},
		"patch.user":             {"204", func(p *dialect.Profile) { p.PatchUser = 204 }},
		"patch.group":            {"200", func(p *dialect.Profile) { p.PatchGroup = 200 }},
	} {
		want := dialect.Of(dialect.Okta)
		test.change(&want)
		if want == dialect.Of(dialect.Okta) {
			t.Fatalf("%s: %s is what Okta has anyway", key, test.value)
		}
		var variable string
		for _, k := range sourceKeys(newSourceConfig("x")) {
			if k.path == key {
				variable = k.variable
			}
		}
		yaml := key + ": " + test.value
		if outer, inner, nested := strings.Cut(key, "."); nested {
			yaml = fmt.Sprintf("%s: {%s: %s}", outer, inner, test.value)
		}
		const slack = "SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000"
		for how, given := range map[string]struct {
			file    string
			environ []string
		}{
			"file":     {"sources: [{name: default, token: token-of-the-source-0, dialect: okta, " + yaml + "}]", []string{slack}},
			"variable": {"", []string{slack, "SCIM2SLACK_TOKEN=token-of-the-source-0", "SCIM2SLACK_DIALECT=okta", variable + "=" + test.value}},
		} {
			c, faults, _ := load(t, given.file, given.environ...)
			if len(faults) > 0 {
				t.Errorf("%s in the %s: %v", key, how, faults)
				continue
			}
			if got := c.Sources[0].Profile; got != want {
				t.Errorf("%s in the %s: %+v, want %+v", key, how, got, want)
			}
			if c.Sources[0].Options.SoftDeleteRenames != (want.SoftDelete == dialect.SoftDeleteRename) {
				t.Errorf("%s in the %s: the mapping is not told", key, how)
			}
		}
	}
}
