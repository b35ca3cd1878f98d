package reconcile

import (
	"fmt"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// everybody writes people and groups while the loop is down, which then finds them all in its queue.
func (w *world) everybody(resources ...store.Resource) {
	w.Helper()
	w.stop()
	w.update(func(tx store.Tx) error {
		for _, r := range resources {
			r.Key.Source, r.Generation, r.Created, r.Modified = "s", 1, time.Now(), time.Now()
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return nil
	})
	w.start(DefaultOptions())
}

// reporting is a person with a manager.
func reporting(name, manager string) store.Resource {
	doc := user(name)
	if manager != "" {
		doc[scim.EnterpriseSchema] = scim.Object{"manager": scim.Object{"value": manager}}
	}
	return store.Resource{Key: store.Key{Type: store.User, ID: name}, Document: doc}
}

// Where both are new the manager comes first, whatever the order in which the source pushes them, so that nobody costs a second call.
func TestManagersComeFirst(t *testing.T) {
	const people = 60
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		all := make([]store.Resource, people)
		for i := range people {
			manager := fmt.Sprintf("p%02d", i+1) // the worst order: a chain, from its lower end
			if i == people-1 {
				manager = ""
			}
			all[i] = reporting(fmt.Sprintf("p%02d", i), manager)
		}
		w.everybody(all...)
		w.settle()
		for i := range people - 1 {
			if u, boss := w.account(fmt.Sprintf("p%02d", i)), w.account(fmt.Sprintf("p%02d", i+1)); u.ManagerID != boss.ID {
				t.Errorf("p%d has the manager %q, want %s", i, u.ManagerID, boss.ID)
			}
			w.expect(fmt.Sprintf("p%02d", i), store.Synced, "")
		}
		if n := w.slack.Count(slacksim.EndpointUpdateUser); n != 0 {
			t.Errorf("%d people cost a second call", n)
		}
	})
}

// Two who manage each other, and somebody whose manager Slack refuses, are not kept waiting.
func TestNobodyMakesWayForEver(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.slack.Inject(slacksim.Fault{Kind: slacksim.RefuseWith, Error: "username_not_allowed", Endpoint: slacksim.EndpointCreateUser, Body: `"userName":"boss"`, Times: 1000})
		w.everybody(reporting("ann", "bob"), reporting("bob", "ann"), reporting("cid", "boss"), reporting("boss", ""), reporting("dan", "dan"))
		time.Sleep(makeWayFor + 5*time.Second)
		for _, name := range []string{"ann", "bob", "cid", "dan"} {
			if u := w.account(name); !u.Active {
				t.Errorf("%s is not active", name)
			}
		}
		w.settle()
		if w.account("ann").ManagerID != w.account("bob").ID || w.account("bob").ManagerID != w.account("ann").ID {
			t.Error("they do not manage each other")
		}
		if n := w.slack.Count(slacksim.EndpointUpdateUser); n > 2 {
			t.Errorf("%d updates", n)
		}
	})
}

// A group that is pushed with its members, or before them, costs one call.
func TestGroupsComeAfterTheirMembers(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		group := store.Key{Source: "s", Type: store.Group, ID: "g"}
		w.update(func(tx store.Tx) error {
			for i := range 60 {
				if _, err := tx.AddMembers(group, store.Member{ID: fmt.Sprintf("p%02d", i), Type: store.User}); err != nil {
					return err
				}
			}
			return nil
		})
		everybody := []store.Resource{{Key: group, Document: scim.Object{"displayName": "Staff"}}}
		for i := range 60 {
			everybody = append(everybody, reporting(fmt.Sprintf("p%02d", i), ""))
		}
		w.everybody(everybody...)
		w.settle()
		if got := len(w.members("Staff")); got != 60 {
			t.Errorf("the group holds %d", got)
		}
		if n := w.slack.Count(slacksim.EndpointCreateGroup, slacksim.EndpointUpdateGroup); n != 1 {
			t.Errorf("the group cost %d calls", n)
		}
	})
}
