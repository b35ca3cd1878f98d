package reconcile

import (
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// A group is read before a member gets an account, and concluded after it. That the member wants to be in it is not forgotten by that, even
// if the gateway dies in the same moment.
func TestWokenMeanwhileStaysPending(t *testing.T) {
	inWorld(t, slacksim.Options{Latency: 5 * time.Second}, nil, func(w *world) {
		ann := w.desire(store.User, "", user("ann"))
		w.settle()
		w.slack.Inject(slacksim.Fault{Kind: slacksim.Latency, Delay: 10 * time.Second, Endpoint: slacksim.EndpointCreateGroup, Times: 1})
		w.slack.Inject(slacksim.Fault{Kind: slacksim.ConnectionRefused, Endpoint: slacksim.EndpointCreateUser, Times: 1})
		bob := w.desire(store.User, "", user("bob"))
		for w.status(store.User, bob).Attempts == 0 { // the group does not wait for somebody who has to try again
			time.Sleep(100 * time.Millisecond)
		}
		group := w.desire(store.Group, "", scim.Object{"displayName": "Staff"}, ann, bob)
		for !bobIsLinked(w, bob) {
			time.Sleep(100 * time.Millisecond)
		}
		for w.status(store.Group, group).Observed == 0 { // the group's own round ends after that
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if st := w.status(store.Group, group); st.Phase != store.Pending {
			t.Errorf("the group is %s", st.Phase)
		}
		w.stop()
		w.start(DefaultOptions())
		w.settle()
		if got := w.members("Staff"); len(got) != 2 {
			t.Errorf("the group holds %v", got)
		}
	})
}

func bobIsLinked(w *world, id string) (yes bool) {
	w.update(func(tx store.Tx) error {
		_, err := tx.Link(store.Key{Source: "s", Type: store.User, ID: id})
		yes = err == nil
		return nil
	})
	return yes
}
