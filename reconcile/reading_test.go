package reconcile

import (
	"fmt"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// Whoever has all of Slack read is told from the first page on how much there is and how long it takes.
func TestReadingTellsWhatIsLeft(t *testing.T) {
	for name, read := range map[string]func(*world, func(Reading)) error{
		"adopt": func(w *world, tell func(Reading)) error {
			_, err := w.loop.Adopt(w.Context(), false, Author{}, tell)
			return err
		},
		"drift": func(w *world, tell func(Reading)) error { _, err := w.loop.Drift(w.Context(), false, tell); return err },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slacksim.Options{Latency: time.Second}, nil, func(w *world) {
				for i := range 2300 {
					w.slack.AddUser(slacksim.User{UserName: fmt.Sprintf("user%d", i), Email: fmt.Sprintf("user%d@example.com", i), Active: true})
				}
				for i := range 30 {
					w.desire(store.Group, "", scim.Object{"displayName": fmt.Sprintf("group %d", i)})
				}
				if name == "drift" {
					w.settle() // and so they have a link
				}
				var told []Reading
				begin := time.Now()
				if err := read(w, func(g Reading) { told = append(told, g) }); err != nil {
					t.Fatal(err)
				}
				took := time.Since(begin)
				first, last := told[0], told[len(told)-1]
				if first.Read != 1000 || first.Total != last.Total || last.Seconds != 0 || last.Read != last.Total {
					t.Errorf("first %+v, last %+v", first, last)
				}
				if left, want := first.Seconds, (took - time.Second).Seconds(); left < 0.9*want || left > 1.1*want {
					t.Errorf("after the first second %v s were left, and it took %v", left, took)
				}
			})
		})
	}
}
