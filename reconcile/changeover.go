package reconcile

import (
	"maps"
	"slices"
	"sync"

	"scim2slack/store"
)

// Changeover is the change from some options of the sources to others. Between its begin and To, the old ones are compared with the new ones by
// what the store holds at one moment, and the loop goes on: who is pushed after that moment, and worked on before To, is what the old ones make of
// them, and the comparison does not know it. There is one at a time.
type Changeover struct{ r *Reconciler }

// rounds notes on whom work begins during a changeover.
type rounds struct {
	mu    sync.Mutex
	noted map[store.Key]struct{} // nil: there is none
}

// BeginChangeover begins a change of the options, before the comparison. End it with End, also after To.
func (r *Reconciler) BeginChangeover() Changeover {
	r.rounds.mu.Lock()
	defer r.rounds.mu.Unlock()
	r.rounds.noted = map[store.Key]struct{}{}
	return Changeover{r}
}

// To makes the options count for the rounds that begin from now on. It returns on whom work began since the begin: they must be
// marked pending and enqueued, as must be whom the comparison names.
func (c Changeover) To(sources map[string]Options) []store.Key {
	c.r.rounds.mu.Lock()
	defer c.r.rounds.mu.Unlock()
	c.r.sources.Store(&sources)
	return slices.Collect(maps.Keys(c.r.rounds.noted))
}

// End ends the change, whether it was made or not.
func (c Changeover) End() {
	c.r.rounds.mu.Lock()
	defer c.r.rounds.mu.Unlock()
	c.r.rounds.noted = nil
}

// begin is called before a round reads the options.
func (r *rounds) begin(key store.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.noted != nil {
		r.noted[key] = struct{}{}
	}
}
