package reconcile

import (
	"errors"
	"slices"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// Whatever happens to the call that creates somebody, there is one account in the end, and it is linked.
func TestCreationSurvivesEachFault(t *testing.T) {
	faults := []slacksim.Fault{
		{Kind: slacksim.DropAnswer}, {Kind: slacksim.DropBefore}, {Kind: slacksim.ConnectionRefused}, {Kind: slacksim.StatusBefore},
		{Kind: slacksim.StatusAfter}, {Kind: slacksim.TooManyRequests, RetryAfter: 20 * time.Second}, {Kind: slacksim.TruncateBody},
		{Kind: slacksim.ApplyLate, Delay: 20 * time.Second},
		{Kind: slacksim.RefuseWith, Error: "invited_user_not_created"}, {Kind: slacksim.Latency, Delay: 45 * time.Second},
	}
	for _, fault := range faults {
		t.Run(fault.Kind.String(), func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				fault.Endpoint, fault.Times = slacksim.EndpointCreateUser, 1
				w.slack.Inject(fault)
				id := w.desire(store.User, "", user("janet"))
				w.settle()
				w.expect(id, store.Synced, "")
				if u := w.account("janet"); !u.Active || u.Title != "Cook" {
					w.Errorf("Slack holds %+v", u)
				}
				if n := len(w.slack.Users()); n != 2 {
					w.Errorf("Slack has %d accounts, want Janet and the token's owner", n)
				}
			})
		})
	}
}

// The same for a deactivation: nobody stays active.
func TestDeactivationSurvivesEachFault(t *testing.T) {
	for _, kind := range []slacksim.FaultKind{slacksim.DropAnswer, slacksim.DropBefore, slacksim.ConnectionRefused, slacksim.StatusBefore,
		slacksim.StatusAfter, slacksim.TooManyRequests, slacksim.TruncateBody} {
		t.Run(kind.String(), func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				id := w.desire(store.User, "", user("janet"))
				w.settle()
				w.slack.Inject(slacksim.Fault{Kind: kind, Endpoint: slacksim.EndpointUpdateUser, Times: 2})
				w.desire(store.User, id, inactive("janet"))
				w.settle()
				if w.account("janet").Active {
					w.Error("the account is active")
				}
				w.expect(id, store.Synced, "")
			})
		})
	}
}

// And for groups, made and changed.
func TestGroupSurvivesEachFault(t *testing.T) {
	for _, kind := range []slacksim.FaultKind{slacksim.DropAnswer, slacksim.DropBefore, slacksim.ConnectionRefused, slacksim.StatusBefore,
		slacksim.StatusAfter, slacksim.TooManyRequests, slacksim.TruncateBody} {
		t.Run(kind.String(), func(t *testing.T) {
			inWorld(t, slacksim.Options{GroupDelay: 2 * time.Second}, nil, func(w *world) {
				a, b := w.desire(store.User, "", user("ann")), w.desire(store.User, "", user("bob"))
				w.settle()
				w.slack.Inject(slacksim.Fault{Kind: kind, Endpoint: slacksim.EndpointCreateGroup, Times: 1})
				w.slack.Inject(slacksim.Fault{Kind: kind, Endpoint: slacksim.EndpointUpdateGroup, Times: 1})
				id := w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, a)
				w.settle()
				w.desire(store.Group, id, scim.Object{"displayName": "Crew"}, a, b)
				w.settle()
				if got := w.members("Crew"); !slices.Equal(got, []string{"ann", "bob"}) {
					w.Errorf("the group holds %v", got)
				}
				if n := len(w.slack.Groups()); n != 1 {
					w.Errorf("Slack has %d groups", n)
				}
			})
		})
	}
}

// A call that Slack did not answer and applies late does not win over what came after it.
func TestLateEffectDoesNotWin(t *testing.T) {
	tests := map[string]struct {
		first scim.Object
		then  func(w *world, id string)
		check func(w *world)
	}{
		"a newer update": {userDoc(user("janet")).with("title", "Chef"),
			func(w *world, id string) { w.desire(store.User, id, userDoc(user("janet")).with("title", "Boss")) },
			func(w *world) {
				if u := w.account("janet"); u.Title != "Boss" {
					w.Errorf("Slack holds %+v", u)
				}
			}},
		"a leaver": {userDoc(user("janet")).with("title", "Chef"),
			func(w *world, id string) { w.desire(store.User, id, inactive("janet")) },
			func(w *world) {
				if w.account("janet").Active {
					w.Error("the leaver is active")
				}
			}},
		"a removed user": {userDoc(user("janet")).with("title", "Chef"),
			func(w *world, id string) { w.remove(store.User, id) },
			func(w *world) {
				if w.account("janet").Active {
					w.Error("the removed user is active")
				}
			}},
		"a return": {inactive("janet"),
			func(w *world, id string) { w.desire(store.User, id, user("janet")) },
			func(w *world) {
				if !w.account("janet").Active {
					w.Error("the person who returned is inactive")
				}
			}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				id := w.desire(store.User, "", user("janet"))
				w.settle()
				w.slack.Inject(slacksim.Fault{Kind: slacksim.ApplyLate, Endpoint: slacksim.EndpointUpdateUser, Times: 1, Delay: 50 * time.Second})
				w.desire(store.User, id, tt.first)
				time.Sleep(5 * time.Second)
				tt.then(w, id)
				time.Sleep(5 * time.Minute)
				w.settle()
				tt.check(w)
			})
		})
	}
}

// While nobody can say whose token it is, people come and go whom the gateway created; accounts that were there before wait.
func TestUnknownIdentity(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.slack.Inject(slacksim.Fault{Kind: slacksim.StatusBefore, Endpoint: slacksim.EndpointAuthTest})
		w.stop()
		w.start(DefaultOptions())
		w.slack.AddUser(slacksim.User{UserName: "bob", Email: "bob@example.com", Active: true})
		ann, bob := w.desire(store.User, "", user("ann")), w.desire(store.User, "", user("bob"))
		time.Sleep(10 * time.Second)
		w.desire(store.User, ann, inactive("ann"))
		time.Sleep(10 * time.Second)
		if w.account("ann").Active {
			w.Error("Ann is active")
		}
		w.expect(bob, store.Pending, "identity")
		w.slack.ClearFaults()
		w.settle()
		w.expect(bob, store.Synced, "")
	})
}

// A return whose answer is lost brings the person back into the groups all the same.
func TestReturnWithLostAnswerRestoresGroups(t *testing.T) {
	for _, kind := range []slacksim.FaultKind{slacksim.StatusAfter, slacksim.DropAnswer} {
		inWorld(t, slacksim.Options{}, nil, func(w *world) {
			ann := w.desire(store.User, "", user("ann"))
			w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, ann)
			w.settle()
			w.desire(store.User, ann, inactive("ann"))
			w.settle()
			w.slack.Inject(slacksim.Fault{Kind: kind, Endpoint: slacksim.EndpointUpdateUser, Times: 1})
			w.desire(store.User, ann, user("ann"))
			w.settle()
			if got := w.members("Staff"); !slices.Equal(got, []string{"ann"}) {
				w.Errorf("%s: the group holds %v", kind, got)
			}
		})
	}
}

// A call about a group that Slack did not answer may take effect late. That a member's own call is settled before that does not end the watch.
func TestLateEffectOnGroupIsSeenWhenAMemberSettles(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		janet, omar := w.desire(store.User, "", user("janet")), w.desire(store.User, "", user("omar"))
		group := w.desire(store.Group, "", scim.Object{"displayName": "Cooks"}, omar)
		w.settle()
		w.slack.Inject(slacksim.Fault{Kind: slacksim.DropBefore, Endpoint: slacksim.EndpointUpdateUser, Times: 1})
		w.desire(store.User, omar, userDoc(user("omar")).with("title", "Chef")) // is settled a minute from now
		time.Sleep(50 * time.Second)
		w.slack.Inject(slacksim.Fault{Kind: slacksim.ApplyLate, Endpoint: slacksim.EndpointUpdateGroup, Times: 1, Delay: 50 * time.Second})
		w.desire(store.Group, group, scim.Object{"displayName": "Cooks"}, janet)
		time.Sleep(20 * time.Second)
		w.update(func(tx store.Tx) error {
			key := store.Key{Source: "s", Type: store.Group, ID: group}
			if _, err := tx.RemoveMembers(key, janet); err != nil {
				return err
			}
			r, err := tx.Resource(key)
			r.Generation++
			return errors.Join(err, tx.PutResource(r))
		})
		w.loop.Enqueue(store.Key{Source: "s", Type: store.Group, ID: group})
		time.Sleep(5 * time.Minute)
		w.settle()
		w.slack.Settle()
		if got := w.members("Cooks"); !slices.Equal(got, []string{"omar"}) {
			t.Errorf("the group holds %v, want omar alone", got)
		}
	})
}

// While a member's call was unsure, Slack may have taken the member out of a group. The look at the group that follows is not forgotten because an older
// look was just under way.
func TestGroupIsReadAgainAlsoWhileItIsRead(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		janet, omar := w.desire(store.User, "", user("janet")), w.desire(store.User, "", user("omar"))
		group := w.desire(store.Group, "", scim.Object{"displayName": "Cooks"}, omar)
		w.settle()
		begin := time.Now()
		until := func(second int) { time.Sleep(time.Until(begin.Add(time.Duration(second) * time.Second))) }
		w.slack.Inject(slacksim.Fault{Kind: slacksim.DropBefore, Endpoint: slacksim.EndpointUpdateGroup, Times: 1})
		w.desire(store.Group, group, scim.Object{"displayName": "Cooks"}, janet) // read once more a minute from now
		until(5)
		w.slack.Inject(slacksim.Fault{Kind: slacksim.DropBefore, Endpoint: slacksim.EndpointUpdateUser, Times: 1})
		w.desire(store.User, omar, userDoc(user("omar")).with("title", "Chef")) // so is omar
		until(58)
		w.slack.Inject(slacksim.Fault{Kind: slacksim.Latency, Effect: slacksim.EffectAtStart, Endpoint: slacksim.EndpointGetGroup, Times: 1, Delay: 10 * time.Second})
		until(62)
		id := w.account("omar").ID
		w.slack.SetActive(id, false)
		w.slack.SetActive(id, true)
		time.Sleep(5 * time.Minute)
		w.settle()
		w.slack.Settle()
		if got := w.members("Cooks"); !slices.Equal(got, []string{"janet", "omar"}) {
			t.Errorf("the group holds %v, want janet and omar", got)
		}
	})
}
