package scimhandlers

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"scim2slack/scim"
	"scim2slack/store"
)

// TestRemovalsAreLinear removes all members of a group one by one, in each form that clients have for it: of twice as many the
// removal costs about twice as much, and not four times.
func TestRemovalsAreLinear(t *testing.T) {
	id := func(i int) string { return fmt.Sprintf("0190aaaa-0000-7000-8000-%012x", i) }
	joined := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("," + strings.ReplaceAll(format, "ID", id(i)))
		}
		return b.String()[1:]
	}
	for name, c := range map[string]struct {
		n    int
		body func(n int) string
	}{
		"list": {10_000, func(n int) string {
			return `{"op":"remove","path":"members","value":[` + joined(n, `{"value":"ID"}`) + `]}`
		}},
		"operations": {scim.MaxOperations, func(n int) string { return joined(n, `{"op":"remove","path":"members[value eq \"ID\"]"}`) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			cost := func(n int) int {
				group := w.newGroup(fmt.Sprint("g", n))
				w.update(func(tx store.Tx) error {
					members := make([]store.Member, n)
					for i := range members {
						members[i] = store.Member{ID: id(i), Type: store.User}
					}
					_, err := tx.AddMembers(w.key(store.Group, group), members...)
					return err
				})
				text := `{"Operations":[` + c.body(n) + `]}`
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				w.must(204, "PATCH", "/Groups/"+group, text)
				runtime.ReadMemStats(&after)
				if left := w.members(group); len(left) > 0 {
					t.Fatalf("%d of %d members are left", len(left), n)
				}
				return int(after.TotalAlloc - before.TotalAlloc)
			}
			if half, whole := cost(c.n/2), cost(c.n); whole > 3*half {
				t.Errorf("%d bytes for %d members, %d for %d", half, c.n/2, whole, c.n)
			}
		})
	}
}
