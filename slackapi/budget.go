package slackapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Lane is the place of a call in the order in which the budget is spent. A lower lane goes first.
type Lane int

const (
	LaneLeavers Lane = iota // deactivations: nobody is kept waiting for these
	LaneWaited              // a request of a source waits for the outcome
	LaneCreates             // people who cannot work yet
	LaneUpdates
	LaneGroups
	LaneReads // drift reads, which can wait
)

// String returns the lane as a word, fit for a metric label.
func (l Lane) String() string {
	names := [...]string{"leavers", "waited", "creates", "updates", "groups", "reads"}
	if l < 0 || int(l) >= len(names) {
		return fmt.Sprintf("lane(%d)", int(l))
	}
	return names[l]
}

// governor spends the rate budget of one Slack organisation. A call needs a token of its endpoint's bucket and one of
// its set's. Those who wait are served by lane, then first come, first served; who cannot go because his endpoint's
// bucket is empty holds up nobody who can.
//
// It has no goroutine of its own: callers serve the queue when they enter, and one timer does while somebody waits.
type governor struct {
	mu      sync.Mutex
	buckets map[string]*bucket // by the name of the limit
	waiting []*waiter          // in the order of service
	arrived uint64
	wake    *time.Timer // nil until somebody had to wait
}

type waiter struct {
	lane   Lane
	turn   uint64
	bucket *bucket
	served chan struct{} // closed when the tokens are taken
}

// newGovernor makes a governor of limits that must name every limit of publishedLimits.
func newGovernor(limits map[string]Limit) *governor {
	g := &governor{buckets: map[string]*bucket{}}
	for _, name := range []string{LimitWrites, LimitReads} {
		g.buckets[name] = newBucket(limits[name], nil)
	}
	for name, limit := range limits {
		if set := setOf(name); set != "" {
			g.buckets[name] = newBucket(limit, g.buckets[set])
		}
	}
	return g
}

// acquire waits for the turn of a call of the named limit. It returns ctx.Err() if ctx ends first; then nothing was spent.
func (g *governor) acquire(ctx context.Context, lane Lane, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := g.enter(lane, name)
	select {
	case <-w.served:
		return nil
	case <-ctx.Done():
		if g.leave(w) {
			return ctx.Err()
		}
		return nil // served in the same moment; the token is spent
	}
}

func (g *governor) enter(lane Lane, name string) *waiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrived++
	w := &waiter{lane: lane, turn: g.arrived, bucket: g.buckets[name], served: make(chan struct{})}
	at, _ := slices.BinarySearchFunc(g.waiting, w, byTurn)
	g.waiting = slices.Insert(g.waiting, at, w)
	g.serve()
	return w
}

func byTurn(a, b *waiter) int {
	return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(a.turn, b.turn))
}

// leave takes w out of the queue. It returns false if w has been served.
func (g *governor) leave(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, found := slices.BinarySearchFunc(g.waiting, w, byTurn)
	if found {
		g.waiting = slices.Delete(g.waiting, at, at+1)
		g.serve()
	}
	return found
}

// serve lets everybody go who can and sets the timer for the next who will. The lock is held.
func (g *governor) serve() {
	now := time.Now()
	next := time.Duration(-1)
	g.waiting = slices.DeleteFunc(g.waiting, func(w *waiter) bool {
		wait := w.readyIn(now)
		if wait > 0 {
			if next < 0 || wait < next {
				next = wait
			}
			return false
		}
		w.take(now)
		close(w.served)
		return true
	})
	g.sleep(next)
}

// sleep sets the timer to call serve again; a negative duration means that nobody waits.
func (g *governor) sleep(d time.Duration) {
	switch {
	case d < 0:
		if g.wake != nil {
			g.wake.Stop()
		}
	case g.wake == nil:
		g.wake = time.AfterFunc(d, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.serve()
		})
	default:
		g.wake.Reset(d)
	}
}

func (w *waiter) readyIn(now time.Time) time.Duration {
	wait := w.bucket.readyIn(1, now)
	if set := w.bucket.set; set != nil {
		wait = max(wait, set.readyIn(1, now))
	}
	return wait
}

func (w *waiter) take(now time.Time) {
	w.bucket.take(now)
	if set := w.bucket.set; set != nil {
		set.take(now)
	}
}

// pause keeps the calls of a limit back until then. It reports whether that changed anything: the limit is known, the time
// lies ahead, and it is later than an earlier pause of the same limit.
func (g *governor) pause(name string, until time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.buckets[name]
	if b == nil || !b.pause(until, time.Now()) {
		return false
	}
	g.serve() // the timer may have been set for somebody who must wait longer now
	return true
}

// pauses returns the pauses that are not over.
func (g *governor) pauses() map[string]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	out := map[string]time.Time{}
	for name, b := range g.buckets {
		if b.pausedUntil.After(now) {
			out[name] = b.pausedUntil
		}
	}
	return out
}
