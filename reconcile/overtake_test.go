package reconcile

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// Behind a backlog of 50,000 creations, hours long, leavers are sent within 10 s and inactive within 60 s, every time.
func TestLeaversOvertakeAnyBacklog(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		var leavers []string
		for i := range 20 {
			leavers = append(leavers, w.desire(store.User, "", user(fmt.Sprintf("leaver%d", i))))
		}
		w.settle()
		w.desireMany(50_000)
		random := rand.New(rand.NewPCG(1, 2))
		for i, id := range leavers {
			time.Sleep(time.Duration(random.IntN(120_000)) * time.Millisecond)
			name := fmt.Sprintf("leaver%d", i)
			left := time.Now()
			w.desire(store.User, id, inactive(name))
			for w.account(name).Active && time.Since(left) < time.Minute {
				time.Sleep(100 * time.Millisecond)
			}
			if took := time.Since(left); took > 10*time.Second {
				t.Errorf("%s was sent after %v", name, took)
			}
			time.Sleep(2 * time.Second)
			w.expect(id, store.Synced, "")
		}
		if queued, _ := w.loop.queue.counts(); queued < 40_000 {
			t.Errorf("only %d creations were waiting at the end: the backlog was none", queued)
		}
	})
}
