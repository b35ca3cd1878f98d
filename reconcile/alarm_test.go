package reconcile

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// What Slack did that nobody asked for, and how it is seen.
var unaskedActs = map[string]func(w *world) (id string){
	"a new account is inactive": func(w *world) string {
		w.slack.Inject(slacksim.Fault{Kind: slacksim.WrongActive, Endpoint: slacksim.EndpointCreateUser, Times: 1})
		return w.desire(store.User, "", user("janet"))
	},
	"an updated account is inactive": func(w *world) string {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		w.slack.Inject(slacksim.Fault{Kind: slacksim.WrongActive, Endpoint: slacksim.EndpointUpdateUser, Times: 1})
		return w.desire(store.User, id, userDoc(user("janet")).with("title", "Boss"))
	},
	"an account was renamed": func(w *world) string {
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		w.slack.EditUser(w.account("janet").ID, func(u *slacksim.User) { u.UserName = "someone" })
		return w.desire(store.User, id, userDoc(user("janet")).with("title", "Boss"))
	},
}

// writes counts the calls that change something.
func (w *world) writes() (n int) {
	for _, c := range w.slack.Calls() {
		if c.Method != "GET" && c.Endpoint != slacksim.EndpointAuthTest {
			n++
		}
	}
	return n
}

// Slack doing what nobody asked for stops all writes, over a restart too, until a person says so. Then everything that waited is done.
func TestUnaskedActsStopAllWrites(t *testing.T) {
	for name, act := range unaskedActs {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				leaver := w.desire(store.User, "", user("leaver"))
				w.settle()
				id := act(w)
				time.Sleep(5 * time.Second)
				w.expect(id, store.Held, reasonUnasked)
				stopped := w.writes()
				new1 := w.desire(store.User, "", user("one"))
				w.desire(store.User, leaver, inactive("leaver"))
				time.Sleep(10 * time.Minute)
				w.stop()
				w.start(DefaultOptions())
				new2 := w.desire(store.User, "", user("two"))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if n := w.writes(); n != stopped {
					t.Errorf("%d writes after the alarm", n-stopped)
				}
				if reason := w.loop.Overview().Paused; !strings.Contains(reason, "scim2slack resume") {
					t.Errorf("paused: %q", reason)
				}
				raised, err := w.loop.Resume(w.Context())
				if !raised || err != nil {
					t.Fatal(raised, err)
				}
				w.settle()
				for _, id := range []string{id, new1, new2, leaver} {
					w.expect(id, store.Synced, "")
				}
				if w.account("leaver").Active {
					t.Error("the leaver is active")
				}
				if again, err := w.loop.Resume(w.Context()); again || err != nil {
					t.Errorf("a second resume: %v, %v", again, err)
				}
			})
		})
	}
}
