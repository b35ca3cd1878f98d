package reconcile

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// openIntents counts the calls that are recorded as under way, or of unknown outcome.
func (w *world) openIntents(ids []string) (n int) {
	w.Helper()
	for _, id := range ids {
		err := w.store.View(w.Context(), func(tx store.Tx) error {
			_, err := tx.Intent(store.Key{Source: "s", Type: store.User, ID: id})
			return err
		})
		switch {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrNotFound):
			w.Fatal(err)
		}
	}
	return n
}

// A creation that waits for the budget was not sent. If the gateway dies meanwhile, nothing has to be found out, and nobody is looked for.
func TestWaitingForTheBudgetIsNoUnknownOutcome(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		var ids []string
		for i := range 60 { // 20 at once, then 3 a second
			ids = append(ids, w.desire(store.User, "", user(fmt.Sprintf("user%d", i))))
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		made := len(w.slack.Users())
		if made >= 60 || w.openIntents(ids) != 0 {
			w.Fatalf("%d accounts, %d open intents", made, w.openIntents(ids))
		}
		w.stop()
		if n := w.openIntents(ids); n != 0 {
			w.Errorf("%d intents are open after a stop", n)
		}
		w.start(DefaultOptions())
		w.settle()
		for i, id := range ids {
			w.expect(id, store.Synced, "")
			w.account(fmt.Sprintf("user%d", i))
		}
	})
}
