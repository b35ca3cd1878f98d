package slacksim

import (
	"slices"
	"time"
)

// effect is a change that takes place later.
type effect struct {
	due time.Time
	seq uint64 // breaks ties: first scheduled, first done
	run func(now time.Time)
}

// schedule makes run happen at due, under the lock. run gets the due time.
func (s *Sim) schedule(due time.Time, run func(now time.Time)) *effect {
	s.effects++
	e := &effect{due: due, seq: s.effects, run: run}
	at, _ := slices.BinarySearchFunc(s.pending, e, func(a, b *effect) int {
		if c := a.due.Compare(b.due); c != 0 {
			return c
		}
		return int(a.seq) - int(b.seq)
	})
	s.pending = slices.Insert(s.pending, at, e)
	return e
}

// cancel takes back an effect that may be nil or done already.
func (s *Sim) cancel(e *effect) {
	if i := slices.Index(s.pending, e); i >= 0 {
		s.pending = slices.Delete(s.pending, i, i+1)
	}
}

// settle runs the effects that are due, in order. An effect may schedule
// another, which runs too if it is due.
func (s *Sim) settle(now time.Time) {
	for len(s.pending) > 0 && !s.pending[0].due.After(now) {
		e := s.pending[0]
		s.pending = s.pending[1:]
		e.run(e.due)
	}
}

// Pending returns how many effects are still to come: deactivations, photos,
// and calls that outlived their client. Stale views of groups are not counted.
func (s *Sim) Pending() int {
	s.enter()
	defer s.mu.Unlock()
	return len(s.pending)
}

// Settle lets every effect that is still to come take place now, and ends
// every stale view of a group.
func (s *Sim) Settle() {
	s.enter()
	defer s.mu.Unlock()
	for len(s.pending) > 0 {
		s.settle(s.pending[0].due)
	}
	for _, id := range slices.Clone(s.groupIDs) {
		g := s.groups[id]
		g.past = nil
		if g.deleted {
			s.forgetGroup(id)
		}
	}
}
