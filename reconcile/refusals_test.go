package reconcile

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/errors.md anew")

const errorsDoc = "../docs/errors.md"

// The dictionary for administrators is the table of the program.
func TestErrorDictionary(t *testing.T) {
	const begin, end = "<!-- refusals -->\n", "<!-- /refusals -->"
	raw, err := os.ReadFile(errorsDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s lacks %q or %q", errorsDoc, begin, end)
	}
	want := head + begin + dictionary() + end + tail
	if *update {
		if err := os.WriteFile(errorsDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(raw) {
		t.Errorf("%s differs from the table: run go test ./reconcile -run TestErrorDictionary -update", errorsDoc)
	}
}

func dictionary() string {
	var b strings.Builder
	b.WriteString("| Slack says | it means | what happens | what to do |\n|---|---|---|---|\n")
	for _, id := range slices.Sorted(maps.Keys(refusals)) {
		r := refusals[id]
		follows := "failed: not repeated until something changes"
		switch {
		case r.transient:
			follows = "pending: tried again with growing pauses"
		case r.person:
			follows = "held: a person decides"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", id, r.meaning, follows, r.remedy)
	}
	return b.String()
}
