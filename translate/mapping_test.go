package translate

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

func TestMappingCoversSlack(t *testing.T) {
	var got []scim.SlackAttribute
	for _, row := range Mapping() {
		got = append(got, row.Slack)
		if row.Source == "" || row.Rule == "" {
			t.Errorf("%s has no source or no rule", row.Slack)
		}
		if strings.ContainsAny(row.Source+row.Rule+row.Refused+row.LeftOut, "|\n") {
			t.Errorf("%s does not fit into a table", row.Slack)
		}
	}
	if diff := cmp.Diff(scim.SlackAttributes, got); diff != "" {
		t.Errorf("-Slack +mapping\n%s", diff)
	}
}

// TestMappingIsDocumented compares the table of docs/mapping.md with the one that runs.
func TestMappingIsDocumented(t *testing.T) {
	const file = "../docs/mapping.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- mapping -->\n", "<!-- /mapping -->"
	_, rest, found := strings.Cut(string(text), begin)
	table, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no table between %q and %q", file, begin, end)
	}
	want := markdown(Mapping())
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("%s: -Mapping +document\n%s\nThe table as it should be:\n%s", file, diff, want)
	}
}

func markdown(rows []Row) string {
	var b strings.Builder
	b.WriteString("| Source | Slack | Rule | Person refused | Left out with a warning |\n|---|---|---|---|---|\n")
	for _, row := range rows {
		cells := []string{"`" + shortURN(row.Source) + "`", "`" + string(row.Slack) + "`", row.Rule, row.Refused, row.LeftOut}
		for i, cell := range cells {
			if cell == "" {
				cells[i] = "-"
			}
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

// shortURN writes the words of docs/mapping.md for the URNs of the extensions, which would burst the table.
func shortURN(path string) string {
	return strings.NewReplacer(scim.EnterpriseSchema, "enterprise", scim.SlackProfileSchema, "profile",
		scim.SlackGuestSchema, "guest").Replace(path)
}
