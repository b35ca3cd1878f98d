package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// What the gateway may ask of Slack, with what must be true in the end.
var worstOperations = map[string]struct {
	endpoint string
	change   func(w *world, id, group string)
	check    func(w *world)
}{
	"create": {slacksim.EndpointCreateUser, func(w *world, _, _ string) { w.desire(store.User, "", user("new")) },
		func(w *world) {
			if u := w.account("new"); !u.Active || u.Title != "Cook" {
				w.Errorf("the new account is %+v", u)
			}
		}},
	"update": {slacksim.EndpointUpdateUser, func(w *world, id, _ string) { w.desire(store.User, id, userDoc(user("janet")).with("title", "Boss")) },
		func(w *world) {
			if u := w.account("janet"); u.Title != "Boss" || !u.Active {
				w.Errorf("the account is %+v", u)
			}
		}},
	"deactivate": {slacksim.EndpointUpdateUser, func(w *world, id, _ string) { w.desire(store.User, id, inactive("janet")) },
		func(w *world) {
			if w.account("janet").Active {
				w.Error("the leaver is active")
			}
		}},
	"change group": {slacksim.EndpointUpdateGroup, func(w *world, id, group string) {
		w.desire(store.Group, group, scim.Object{"displayName": "Crew"}, id)
	}, func(w *world) {
		if got := w.members("Crew"); !slices.Equal(got, []string{"ann", "janet"}) || len(w.slack.Groups()) != 1 {
			w.Errorf("the group holds %v, of %d groups", got, len(w.slack.Groups()))
		}
	}},
}

// How a call goes wrong at its worst: cut before or after its effect, answered with nonsense, late, or applied long after it was given up.
var worstFaults = map[string]slacksim.Fault{
	"dropped before":        {Kind: slacksim.DropBefore},
	"applied, then dropped": {Kind: slacksim.DropAnswer},
	"500 before":            {Kind: slacksim.StatusBefore},
	"applied, then 500":     {Kind: slacksim.StatusAfter},
	"cut in the answer":     {Kind: slacksim.TruncateBody},
	"applied late":          {Kind: slacksim.ApplyLate, Delay: 25 * time.Second},
	"slow":                  {Kind: slacksim.Latency, Delay: 40 * time.Second},
	"slow, gone":            {Kind: slacksim.Latency, Delay: 40 * time.Second, Effect: slacksim.EffectUnlessGone},
	"too fast":              {Kind: slacksim.TooManyRequests, RetryAfter: 15 * time.Second},
}

// Slack at its worst: every operation, with every fault, in a Slack that refuses nothing that is taken and shows late what is new, and with the
// gateway dying at every moment that matters. In the end Slack holds what is desired, once.
func TestSlackAtItsWorst(t *testing.T) {
	crashes := map[string]time.Duration{"no crash": 0, "crash at once": time.Millisecond, "crash soon": 2 * time.Second, "crash late": 35 * time.Second}
	worlds := map[string]slacksim.Options{
		"as documented": {},
		"at its worst":  {UniquenessOff: true, UserDelay: 10 * time.Second, GroupDelay: 5 * time.Second, PartialPatch: true, PartialMembers: true, CreateGroupAnswersNothing: true},
	}
	for operation, op := range worstOperations {
		for what, fault := range worstFaults {
			for crash, after := range crashes {
				for kind, options := range worlds {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", operation, what, crash, kind), func(t *testing.T) {
						t.Parallel()
						inWorld(t, options, nil, func(w *world) {
							id, ann := w.desire(store.User, "", user("janet")), w.desire(store.User, "", user("ann"))
							w.settle()
							group := w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, ann)
							w.settle()
							time.Sleep(time.Minute)
							before := len(w.slack.Users())
							fault := fault // each world's own: they run side by side
							fault.Endpoint, fault.Times = op.endpoint, 1
							struck := w.slack.Inject(fault)
							op.change(w, id, group)
							if after > 0 {
								time.Sleep(after)
								w.stop()
								w.start(DefaultOptions())
							}
							w.settle()
							time.Sleep(10 * time.Minute)
							w.settle()
							w.slack.Settle()
							op.check(w)
							if struck.Fired() != 1 {
								w.Errorf("the fault struck %d calls", struck.Fired())
							}
							if made := len(w.slack.Users()) - before; made > 1 || operation != "create" && made != 0 {
								w.Errorf("%d accounts were made", made)
							}
						})
					})
				}
			}
		}
	}
}
