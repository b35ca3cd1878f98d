package reconcile

import (
	"fmt"
	"testing"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// desireMany writes many new people in one transaction and queues them.
func (w *world) desireMany(n int) (ids []string) {
	w.Helper()
	w.update(func(tx store.Tx) error {
		ids = ids[:0]
		for i := range n {
			id := fmt.Sprintf("0190b7a0-0000-7000-8000-%012d", 100_000+i)
			ids = append(ids, id)
			r := store.Resource{Key: store.Key{Source: "s", Type: store.User, ID: id}, Generation: 1, Document: user(fmt.Sprintf("user%d", i)), Created: time.Now(), Modified: time.Now()}
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range ids {
		w.loop.Enqueue(store.Key{Source: "s", Type: store.User, ID: id})
	}
	return ids
}

// People who are new take as long as Slack's limits make it, 20 at once and then 180 a minute, and Slack hardly ever says that it was too
// fast. Where another app uses 60% of that, they take as long as the rest makes it.
func TestDrain(t *testing.T) {
	for _, test := range []struct {
		name             string
		people, others   int // calls of the other app a minute
		longest, limited float64
	}{
		{"alone", 10_000, 0, 1.02, 0.005},
		{"beside another app", 3_000, 108, 1.1, 0.005},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				begin := time.Now()
				w.desireMany(test.people)
				optimum := time.Duration(test.people-20) * time.Minute / time.Duration(180-test.others)
				for i := 1; time.Since(begin) < 3*optimum; i++ {
					time.Sleep(time.Second)
					w.slack.Spend("createUser", test.others*i/60-test.others*(i-1)/60)
					if time.Since(begin) > optimum-time.Minute && len(w.slack.Users()) >= test.people {
						break
					}
				}
				took := time.Since(begin)
				calls, limited := 0.0, 0.0
				for _, c := range w.slack.Calls() {
					calls++
					if c.Status == 429 {
						limited++
					}
				}
				t.Logf("%v, the optimum is %v (%.3f); %v of %v calls were too fast", took, optimum, took.Seconds()/optimum.Seconds(), limited, calls)
				if took.Seconds() > optimum.Seconds()*test.longest || limited > calls*test.limited {
					t.Errorf("%v, the optimum is %v; %v of %v calls were too fast", took, optimum, limited, calls)
				}
			})
		})
	}
}
