package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/slacksim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a loop between a real store and a simulated Slack, in a synctest bubble. Tests write to the store what
// sources desire and look at what Slack holds.
type world struct {
	*testing.T
	slack *slacksim.Sim
	store store.Store
	loop  *Reconciler
	log   *slog.Logger
	stop  func()
	next  int
	// protect are Slack ids that are never touched, from the next start on.
	protect []string
	token   string // of Slack; "" is the simulator's

	bySlackName map[string]string
}

// inWorld runs a test with a loop that was started. change may set options, of the simulator and of the source "s".
func inWorld(t *testing.T, sim slacksim.Options, change func(*Options), test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		st, err := boltstore.Open(filepath.Join(t.TempDir(), "world.db"), boltstore.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, slack: slacksim.New(sim), store: st,
			log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))}
		options := DefaultOptions()
		if change != nil {
			change(&options)
		}
		w.start(options)
		test(w)
		w.stop()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) start(options Options) {
	w.Helper()
	client, err := slackapi.New(slackapi.Config{Token: cmp.Or(w.token, slacksim.DefaultToken), SCIMURL: "http://slack.test/scim", APIURL: "http://slack.test/api/",
		HTTPClient: w.slack.Client(), Share: 1, Log: w.log})
	if err != nil {
		w.Fatal(err)
	}
	w.loop = New(Config{Store: w.store, Slack: client, Sources: map[string]Options{"s": options}, Protected: w.protect, Log: w.log})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.loop.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	}
	synctest.Wait()
}

func (w *world) update(fn func(store.Tx) error) {
	w.Helper()
	if err := w.store.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

// desire writes a resource of the source as it should be, and queues it. An id of "" makes a new one.
func (w *world) desire(t store.Type, id string, doc scim.Object, members ...string) string {
	w.Helper()
	if id == "" {
		w.next++
		id = fmt.Sprintf("0190b7a0-0000-7000-8000-%012d", w.next)
	}
	key := store.Key{Source: "s", Type: t, ID: id}
	w.update(func(tx store.Tx) error {
		r, err := tx.Resource(key)
		if err != nil {
			r = store.Resource{Key: key, Created: time.Now()}
		}
		r.Document, r.Modified, r.Generation = doc, time.Now(), r.Generation+1
		if err := tx.PutResource(r); err != nil {
			return err
		}
		for _, m := range members {
			if _, err := tx.AddMembers(key, store.Member{ID: m, Type: store.User}); err != nil {
				return err
			}
		}
		return nil
	})
	w.loop.Enqueue(key)
	return id
}

// remove makes a tombstone of a resource, as DELETE does.
func (w *world) remove(t store.Type, id string) {
	w.Helper()
	key := store.Key{Source: "s", Type: t, ID: id}
	w.update(func(tx store.Tx) error {
		r, err := tx.Resource(key)
		if err != nil {
			return err
		}
		r.Deleted, r.Generation = true, r.Generation+1
		return tx.PutResource(r)
	})
	w.loop.Enqueue(key)
}

func user(name string) scim.Object {
	return scim.Object{"userName": name, "active": true, "title": "Cook", "name": scim.Object{"givenName": name, "familyName": "X"},
		"emails": []any{scim.Object{"value": name + "@example.com", "type": "work", "primary": true}}}
}

func (o userDoc) with(name string, value any) scim.Object {
	c := scim.Object(o).Clone()
	c[name] = value
	return c
}

type userDoc scim.Object

func inactive(name string) scim.Object { return userDoc(user(name)).with("active", false) }

// settle lets time pass until nothing is left to do.
func (w *world) settle() {
	w.Helper()
	for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(100 * time.Millisecond) {
		synctest.Wait()
		if queued, working := w.loop.queue.counts(); queued+working == 0 {
			return
		}
	}
	w.Fatal("not settled within an hour")
}

func (w *world) status(t store.Type, id string) (st store.Status) {
	w.Helper()
	w.update(func(tx store.Tx) (err error) {
		st, err = tx.Status(store.Key{Source: "s", Type: t, ID: id})
		return err
	})
	return st
}

// expect checks the phase and reason of a user.
func (w *world) expect(id string, phase store.Phase, reason string) {
	w.Helper()
	if st := w.status(store.User, id); st.Phase != phase || st.Reason != reason {
		w.Errorf("the status is %s (%s: %s), want %s (%s)", st.Phase, st.Reason, st.Message, phase, reason)
	}
}

// account returns the one Slack account of a name.
func (w *world) account(name string) slacksim.User {
	w.Helper()
	var found []slacksim.User
	for _, u := range w.slack.Users() {
		if u.UserName == name {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		w.Fatalf("Slack has %d accounts named %s", len(found), name)
	}
	return found[0]
}

// members returns the sorted userNames in a Slack group.
func (w *world) members(group string) []string {
	w.Helper()
	g, ok := w.slack.GroupByName(group)
	if !ok {
		w.Fatalf("Slack has no group %s", group)
	}
	names := []string{}
	for _, id := range g.Members {
		u, _ := w.slack.User(id)
		names = append(names, u.UserName)
	}
	slices.Sort(names)
	return names
}
