package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
	"scim2slack/translate"
)

func withTitle(t *testing.T, expression string) Options {
	t.Helper()
	rules, faults := translate.CompileRules(translate.RuleSet{User: []translate.Rule{{Attribute: scim.SlackTitle, Expression: expression}}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	o := DefaultOptions()
	o.Rules = rules
	return o
}

// Whoever is pushed at whatever time of a change of the options, and is worked on before, during or after it, is what the new options make of them.
func TestPushedDuringChangeover(t *testing.T) {
	for at := range 5 { // the moment of the push: before the begin, after it, after the comparison, after the options, after all
		for _, took := range []time.Duration{0, time.Second, 3 * time.Second, 10 * time.Second} {
			t.Run(fmt.Sprint("moment ", at, ", Slack takes ", took), func(t *testing.T) {
				inWorld(t, slacksim.Options{}, nil, func(w *world) {
					steady := w.desire(store.User, "", user("steady"))
					id := w.desire(store.User, "", userDoc(user("janet")).with("title", "COOK")) // who is the same by both
					w.settle()
					w.slack.Inject(slacksim.Fault{Kind: slacksim.Latency, Endpoint: slacksim.EndpointUpdateUser, Delay: took})
					before, after := DefaultOptions(), withTitle(t, "upper(title)")
					push := func(now int) {
						if now == at {
							w.desire(store.User, id, userDoc(user("janet")).with("title", "Boss"))
						}
						time.Sleep(2 * time.Second)
						synctest.Wait()
					}
					push(0)
					c := w.loop.BeginChangeover()
					push(1)
					plan, err := PlanChange(w.Context(), w.store, map[string]Options{"s": before}, map[string]Options{"s": after}, func(int, int) {})
					if err != nil {
						t.Fatal(err)
					}
					push(2)
					late := c.To(map[string]Options{"s": after})
					push(3)
					plan.Keys = append(plan.Keys, late...)
					if err := plan.Apply(w.Context(), w.store); err != nil {
						t.Fatal(err)
					}
					for _, key := range plan.Keys {
						w.loop.Enqueue(key)
					}
					c.End()
					push(4)
					w.settle()
					w.slack.Settle()
					if title := w.account("janet").Title; title != "BOSS" {
						t.Errorf("janet is %s", title)
					}
					if title := w.account("steady").Title; title != "COOK" {
						t.Errorf("steady is %s", title)
					}
					w.expect(id, store.Synced, "")
					w.expect(steady, store.Synced, "")
				})
			})
		}
	}
}

// Who is gone when the options count is not brought back as something that waits.
func TestGoneDuringChangeover(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		c := w.loop.BeginChangeover()
		defer c.End()
		key := store.Key{Source: "s", Type: store.User, ID: w.desire(store.User, "", user("janet"))}
		w.settle()
		w.update(func(tx store.Tx) error { return tx.ForgetResource(key) })
		plan := ChangePlan{Keys: c.To(map[string]Options{"s": DefaultOptions()})}
		if err := plan.Apply(w.Context(), w.store); err != nil || len(plan.Keys) != 1 {
			t.Fatal(plan.Keys, err)
		}
		w.update(func(tx store.Tx) error {
			for st, err := range tx.PendingKeys() {
				t.Errorf("%v waits: %v", st.Key, err)
			}
			return nil
		})
	})
}

// What is done because a configuration changed is recorded with the id of the plan, and what is done after it is not.
func TestRecordsNameThePlan(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		key := store.Key{Source: "s", Type: store.User, ID: id}
		c := w.loop.BeginChangeover()
		after := map[string]Options{"s": withTitle(t, "upper(title)")}
		plan, err := PlanChange(w.Context(), w.store, map[string]Options{"s": DefaultOptions()}, after, func(int, int) {})
		if err != nil || plan.ID == "" {
			t.Fatal(plan.ID, err)
		}
		c.To(after)
		if err := plan.Apply(w.Context(), w.store); err != nil {
			t.Fatal(err)
		}
		w.loop.Enqueue(key)
		c.End()
		w.settle()
		w.desire(store.User, id, userDoc(user("janet")).with("title", "boss"))
		w.settle()

		var got []string
		w.update(func(tx store.Tx) error {
			got = nil
			for a, err := range tx.AuditAfter(0) {
				if err != nil {
					return err
				}
				of := "none"
				if a.Plan == plan.ID {
					of = "plan"
				}
				got = append(got, a.Event+" "+of)
			}
			return nil
		})
		want := []string{"slack.intent none", "slack.created none", "decided.synced none", "slack.intent plan", "slack.updated plan", "decided.synced plan",
			"slack.intent none", "slack.updated none", "decided.synced none"}
		if !slices.Equal(got, want) {
			t.Errorf("the records are %q, want %q", got, want)
		}
	})
}
