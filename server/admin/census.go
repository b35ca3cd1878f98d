package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"scim2slack/store"
)

// phases in the order in which people are shown them.
var phases = []store.Phase{store.Synced, store.Pending, store.Skipped, store.Failed, store.Held}

var types = []store.Type{store.User, store.Group}

// listed is how many failed and held resources a census names.
const listed = 20

// aged is how many pending resources are looked at to find the oldest.
const aged = 10000

// census counts everything in one snapshot.
type census struct {
	taken   time.Time
	counts  []Count
	failed  []Trouble // the newest first, at most listed
	held    []Trouble
	pending int
	oldest  *Trouble // of the pending
}

func (h *Handler) takeCensus(ctx context.Context) (*census, error) {
	c := &census{taken: time.Now()}
	err := h.cfg.Store.View(ctx, func(tx store.Tx) error {
		pending := map[store.Key]bool{}
		tally := map[tallyKey]int{}
		for st, err := range tx.PendingKeys() {
			if err != nil {
				return err
			}
			pending[st.Key] = true
			tally[tallyKey{st.Key.Source, st.Key.Type, store.Pending}]++
			if err := c.age(tx, st, len(pending)); err != nil {
				return err
			}
		}
		var failed, held []store.Status
		for st, err := range tx.Statuses() {
			if err != nil {
				return err
			}
			if pending[st.Key] {
				continue
			}
			tally[tallyKey{st.Key.Source, st.Key.Type, st.Phase}]++
			switch st.Phase {
			case store.Failed:
				failed = keepNewest(failed, st)
			case store.Held:
				held = keepNewest(held, st)
			}
		}
		c.pending = len(pending)
		return c.finish(tx, *h.sources.Load(), tally, failed, held)
	})
	return c, err
}

type tallyKey struct {
	source string
	t      store.Type
	phase  store.Phase
}

// age keeps the pending resource that changed first.
func (c *census) age(tx store.Tx, st store.Status, seen int) error {
	if seen > aged {
		return nil
	}
	r, err := tx.Resource(st.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.oldest == nil || r.Modified.Before(c.oldest.Since) {
		c.oldest = &Trouble{Key: st.Key, Name: nameOf(r), Since: r.Modified, Reason: st.Reason, Message: st.Message, Attempts: st.Attempts, NextAttempt: st.NextAttempt}
	}
	return nil
}

// keepNewest inserts st into the list of at most listed.
func keepNewest(list []store.Status, st store.Status) []store.Status {
	i, _ := slices.BinarySearchFunc(list, st, func(a, b store.Status) int { return b.Updated.Compare(a.Updated) })
	if i >= listed {
		return list
	}
	list = slices.Insert(list, i, st)
	return list[:min(len(list), listed)]
}

func (c *census) finish(tx store.Tx, sources []string, tally map[tallyKey]int, failed, held []store.Status) error {
	var former []string // a source that left the configuration may have left something behind
	for k := range tally {
		if !slices.Contains(sources, k.source) && !slices.Contains(former, k.source) {
			former = append(former, k.source)
		}
	}
	slices.Sort(former)
	for _, source := range slices.Concat(sources, former) {
		for _, t := range types {
			live, err := tx.CountResources(source, t)
			if err != nil {
				return err
			}
			count := Count{Source: source, Type: t, Resources: live, Phases: map[store.Phase]int{}}
			for _, p := range phases {
				count.Phases[p] = tally[tallyKey{source, t, p}]
			}
			c.counts = append(c.counts, count)
		}
	}
	var err error
	if c.failed, err = troubles(tx, failed); err != nil {
		return err
	}
	c.held, err = troubles(tx, held)
	return err
}

func troubles(tx store.Tx, statuses []store.Status) ([]Trouble, error) {
	out := []Trouble{}
	for _, st := range statuses {
		t := Trouble{Key: st.Key, Since: st.Updated, Reason: st.Reason, Message: st.Message, Attempts: st.Attempts, NextAttempt: st.NextAttempt}
		r, err := tx.Resource(st.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		t.Name = nameOf(r)
		out = append(out, t)
	}
	return out, nil
}

// nameOf is how people know a resource.
func nameOf(r store.Resource) string {
	if r.Key.Type == store.Group {
		return r.Document.String("displayName")
	}
	return cmp.Or(r.Document.String("userName"), r.Document.String("displayName"))
}

// cachedCensus serves metrics, which anybody may ask for: a census walks over every status.
type cachedCensus struct {
	mu   sync.Mutex
	last *census
	took time.Duration
}

// get takes a census, or returns one that is not older than ten seconds, nor than twenty times what it took.
func (c *cachedCensus) get(take func() (*census, error)) (*census, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && time.Since(c.last.taken) < max(10*time.Second, 20*c.took) {
		return c.last, nil
	}
	begin := time.Now()
	fresh, err := take()
	if err != nil {
		return nil, err
	}
	c.last, c.took = fresh, time.Since(begin)
	return fresh, nil
}
