package reconcile

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

var (
	histories = flag.Int("histories", 60, "how many random histories TestHistories plays")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first history")
)

// history is a random stretch of directory life and what the directory holds.
type history struct {
	*world
	rand   *rand.Rand
	users  map[string]*life // by userName
	groups map[string]*circle
	linked map[string]string // Slack id of each person who ever had one
}

// life is a person: there or not, active or not.
type life struct {
	id     string
	there  bool
	active bool
	title  string
	email  string
}

// circle is a group.
type circle struct {
	id      string
	members []string // userNames
}

// rare counts how often what seldom happens has happened over all histories: histories that never meet it prove nothing about it.
type rare struct {
	mu     sync.Mutex
	events map[string]int
}

// mustHappen are events of the audit that the histories must have met, with how many histories it takes to be sure of that: an outcome that was
// found out by reading, a refusal, a leaver, an end and a return, a difference that was read back, a person who must be asked.
var mustHappen = map[string]int{
	"slack.resolved": 60, "slack.refused": 60, "slack.deactivated": 60, "link.ended": 60, "link.returned": 60, "decided.pending": 60,
	"link.created": 1000, "slack.differs": 1000, "decided.skipped": 1000, "decided.held": 2000,
}

func (r *rare) note(w *world) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := w.store.View(w.Context(), func(tx store.Tx) error {
		for a, err := range tx.AuditAfter(0) {
			if err != nil {
				return err
			}
			r.events[a.Event]++
		}
		return nil
	})
	if err != nil {
		w.Error(err)
	}
}

// Random histories with faults and restarts end with Slack holding what is desired: each person once, leavers inactive, groups exact.
// A failing seed plays again with -seed N -histories 1.
func TestHistories(t *testing.T) {
	met := &rare{events: map[string]int{}}
	t.Run("play", func(t *testing.T) { play(t, met) })
	t.Logf("%d histories met %v", *histories, met.events)
	for event, enough := range mustHappen {
		if *histories >= enough && met.events[event] == 0 {
			t.Errorf("no history met %s", event)
		}
	}
}

func play(t *testing.T, met *rare) {
	for seed := *firstSeed; seed < *firstSeed+uint64(*histories); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			inWorld(t, slacksim.Options{NoLimits: seed%3 == 0, GroupDelay: time.Duration(seed%4) * time.Second}, nil, func(w *world) {
				h := &history{world: w, rand: rand.New(rand.NewPCG(seed, 0)), users: map[string]*life{}, groups: map[string]*circle{}, linked: map[string]string{}}
				for range 40 {
					h.step()
					h.check()
				}
				w.slack.ClearFaults()
				time.Sleep(10 * time.Minute)
				w.settle()
				w.slack.Settle()
				h.check()
				h.equal()
				met.note(w)
			})
		})
	}
}

// step does one thing that happens in a directory, at Slack, or to the gateway, and lets some time pass.
func (h *history) step() {
	name := fmt.Sprintf("user%d", h.rand.IntN(6))
	switch p := h.users[name]; h.rand.IntN(11) {
	case 0, 1, 2:
		h.appear(name)
	case 3:
		if p != nil && p.there {
			p.title = fmt.Sprintf("title %d", h.rand.IntN(100))
			h.desire(store.User, p.id, h.document(name, p))
		}
	case 4:
		if p != nil && p.there {
			p.active = false
			h.desire(store.User, p.id, h.document(name, p))
		}
	case 5:
		if p != nil && p.there {
			p.there = false
			h.leaveGroups(name)
			h.remove(store.User, p.id)
		}
	case 6, 7:
		h.changeGroup(fmt.Sprintf("group%d", h.rand.IntN(3)))
	case 8:
		kinds := []slacksim.FaultKind{slacksim.DropAnswer, slacksim.DropBefore, slacksim.StatusBefore, slacksim.StatusAfter, slacksim.TooManyRequests,
			slacksim.TruncateBody, slacksim.ApplyLate, slacksim.Latency}
		h.slack.Inject(slacksim.Fault{Kind: kinds[h.rand.IntN(len(kinds))], Times: 1, Skip: h.rand.IntN(3), Delay: time.Duration(h.rand.IntN(40)) * time.Second})
	case 9:
		if p != nil && p.there {
			p.email = fmt.Sprintf("%s.%d@example.com", name, h.rand.IntN(1000))
			h.desire(store.User, p.id, h.document(name, p))
		}
	case 10:
		h.stop()
		h.start(DefaultOptions())
	}
	time.Sleep(time.Duration(h.rand.IntN(5000)) * time.Millisecond * time.Duration(h.rand.IntN(4)))
}

// appear creates a person, or brings one back.
func (h *history) appear(name string) {
	p := h.users[name]
	if p == nil || !p.there {
		p = &life{there: true}
		h.users[name] = p
	}
	p.active = true
	p.id = h.desire(store.User, p.id, h.document(name, p))
}

func (h *history) document(name string, p *life) scim.Object {
	d := userDoc(user(name)).with("active", p.active)
	if p.title != "" {
		d["title"] = p.title
	}
	if p.email != "" {
		d["emails"] = []any{scim.Object{"value": p.email, "primary": true}}
	}
	return d
}

// changeGroup gives a group a random membership, making it if need be.
func (h *history) changeGroup(name string) {
	g := h.groups[name]
	if g == nil {
		g = &circle{}
		h.groups[name] = g
		g.id = h.desire(store.Group, "", scim.Object{"displayName": name})
	}
	g.members = nil
	for _, userName := range slices.Sorted(maps.Keys(h.users)) {
		if h.users[userName].there && h.rand.IntN(2) == 0 {
			g.members = append(g.members, userName)
		}
	}
	h.writeMembers(g)
}

func (h *history) writeMembers(g *circle) {
	key := store.Key{Source: "s", Type: store.Group, ID: g.id}
	h.update(func(tx store.Tx) error {
		old, err := collect(tx.Members(key))
		if err != nil {
			return err
		}
		for _, m := range old {
			if _, err := tx.RemoveMembers(key, m.ID); err != nil {
				return err
			}
		}
		for _, name := range g.members {
			if _, err := tx.AddMembers(key, store.Member{ID: h.users[name].id, Type: store.User}); err != nil {
				return err
			}
		}
		r, err := tx.Resource(key)
		if err != nil {
			return err
		}
		r.Generation++
		return tx.PutResource(r)
	})
	h.loop.Enqueue(key)
}

func (h *history) leaveGroups(name string) {
	for _, group := range slices.Sorted(maps.Keys(h.groups)) {
		g := h.groups[group]
		if i := slices.Index(g.members, name); i >= 0 {
			g.members = slices.Delete(g.members, i, i+1)
			h.writeMembers(g)
		}
	}
}

// check holds at every moment: nobody has two accounts, and no link moves.
func (h *history) check() {
	h.Helper()
	count := map[string]int{}
	for _, u := range h.slack.Users() {
		count[u.Email]++
		if count[u.Email] > 1 {
			h.Fatalf("two accounts have the e-mail %s", u.Email)
		}
	}
	for name, p := range h.users {
		var link store.Link
		err := h.store.View(h.Context(), func(tx store.Tx) (err error) {
			link, err = tx.Link(store.Key{Source: "s", Type: store.User, ID: p.id})
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			h.Fatal(err)
		}
		if before := h.linked[name]; before != "" && before != link.SlackID {
			h.Fatalf("%s was linked to %s and is linked to %s", name, before, link.SlackID)
		}
		h.linked[name] = link.SlackID
	}
}

// withheld reports whether a person's account was there before, and so keeps the e-mail that it had.
func (h *history) withheld(p *life) (yes bool) {
	err := h.store.View(h.Context(), func(tx store.Tx) error {
		link, err := tx.Link(store.Key{Source: "s", Type: store.User, ID: p.id})
		yes = link.WithheldEmail != ""
		return err
	})
	if err != nil {
		h.Error(err)
	}
	return yes
}

// equal compares Slack with the directory when everything has come to rest.
func (h *history) equal() {
	h.Helper()
	for name, p := range h.users {
		u, there := h.slack.UserByName(name)
		if p.there && p.active && !there {
			h.Errorf("%s has no account", name)
		}
		if there && u.Active != (p.there && p.active) {
			h.Errorf("%s is active: %v, desired: %v", name, u.Active, p.there && p.active)
		}
		title := p.title
		if title == "" {
			title = "Cook"
		}
		if p.there && p.active && u.Title != title {
			h.Errorf("%s has the title %q, desired %q", name, u.Title, title)
		}
		if p.email != "" && p.there && p.active && u.Email != p.email && !h.withheld(p) { // an adopted account keeps its own
			h.Errorf("%s has the e-mail %q, desired %q", name, u.Email, p.email)
		}
	}
	for name, g := range h.groups {
		want := []string{}
		for _, m := range g.members {
			if h.users[m].there && h.users[m].active {
				want = append(want, m)
			}
		}
		if got := h.members(name); !slices.Equal(got, want) {
			h.Errorf("group %s holds %v, desired %v", name, got, want)
		}
	}
}
