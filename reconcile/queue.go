package reconcile

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// queue holds the names of the resources that want work, one line (lane) for each kind of urgency, and those that are
// due later. A key stands in it once, however often it is added; a key that is added while it is worked on is done
// once more afterwards, and is never worked on twice at once. Both are what Slack's lock on each resource demands.
type queue struct {
	mu      sync.Mutex
	lanes   map[slackapi.Lane][]store.Key
	first   map[slackapi.Lane][]store.Key // those of a lane that others wait for go before it
	entries map[store.Key]*entry
	needed  map[store.Key][]store.Key // who makes way for a key
	later   dueHeap
	wake    map[slackapi.Lane]chan struct{} // one token: a key may be ready in the lane
	timer   *time.Timer                     // fires when the first of later is due; nil while nothing waits
	closed  bool
}

// entry is what is known of one key. It exists while the key is ready, due later or worked on.
type entry struct {
	key     store.Key
	lane    slackapi.Lane
	ready   bool // stands in a lane
	working bool
	again   bool // was added while it was worked on
	due     time.Time
	index   int // in later; -1 if it is not there

	needs   store.Key // for which it makes way; the zero key: none
	makeWay time.Time // until when it makes way for others; zero: it did not yet
	madeWay bool      // in the round that is under way
}

func newQueue(lanes []slackapi.Lane) *queue {
	q := &queue{lanes: map[slackapi.Lane][]store.Key{}, first: map[slackapi.Lane][]store.Key{}, entries: map[store.Key]*entry{}, needed: map[store.Key][]store.Key{}, wake: map[slackapi.Lane]chan struct{}{}}
	for _, l := range lanes {
		q.wake[l] = make(chan struct{}, 1)
	}
	return q
}

// add asks for work on the key now. A key that is ready in a less urgent lane moves to the more urgent one.
func (q *queue) add(key store.Key, lane slackapi.Lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.entry(key, lane)
	q.leaveLater(e)
	switch {
	case e.working:
		e.again, e.lane = true, min(e.lane, lane)
	case !e.ready:
		e.lane = lane
		q.push(e)
	case lane < e.lane: // the place in the old lane is skipped when it comes up
		e.lane = lane
		q.push(e)
	}
}

// addAt asks for work on the key at a time to come. A key that is ready, or due earlier, stays so unless postpone is set,
// which moves a key that only waits to the later time.
func (q *queue) addAt(key store.Key, lane slackapi.Lane, due time.Time, postpone bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.entry(key, lane)
	if e.ready || e.again || e.index >= 0 && !postpone && !due.Before(e.due) {
		return
	}
	q.leaveLater(e)
	if !e.working {
		e.lane = lane
	}
	e.due = due
	heap.Push(&q.later, e)
	q.setTimer()
}

// take waits for a key in the lane. The caller must call done with it. It returns false when ctx ends.
func (q *queue) take(ctx context.Context, lane slackapi.Lane) (store.Key, bool) {
	for {
		if key, ok := q.pop(lane); ok {
			return key, true
		}
		select {
		case <-ctx.Done():
			return store.Key{}, false
		case <-q.wake[lane]:
		}
	}
}

func (q *queue) pop(lane slackapi.Lane) (store.Key, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		line := &q.lanes
		if len(q.first[lane]) > 0 {
			line = &q.first
		}
		if len((*line)[lane]) == 0 {
			return store.Key{}, false
		}
		key := (*line)[lane][0]
		(*line)[lane] = (*line)[lane][1:]
		e := q.entries[key]
		if e == nil || !e.ready || e.lane != lane {
			continue // it moved to a more urgent lane, or to the front
		}
		e.ready, e.working = false, true
		if len(q.lanes[lane])+len(q.first[lane]) > 0 {
			q.signal(lane) // another worker of the lane may go on
		}
		return key, true
	}
}

// done ends the work on a key that take returned.
func (q *queue) done(key store.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.entries[key]
	e.working = false
	if !e.madeWay {
		e.makeWay = time.Time{}
		q.releaseFrom(key)
	}
	e.madeWay = false
	switch {
	case e.again:
		e.again = false
		q.leaveLater(e)
		q.push(e)
	case e.index < 0:
		delete(q.entries, key)
	}
}

// backlog counts the keys beside the one given that are ready in a lane. Keys that moved to another lane may be counted once more.
func (q *queue) backlog(lane slackapi.Lane, beside store.Key) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.lanes[lane]) + len(q.first[lane])
	if e := q.entries[beside]; e != nil && e.ready && e.lane == lane {
		n--
	}
	return n
}

// counts returns how many keys are ready or due later, and how many are worked on.
func (q *queue) counts() (queued, working int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.entries {
		if e.working {
			working++
		} else {
			queued++
		}
	}
	return queued, working
}

// waiting counts the keys of each lane that are ready or due later.
func (q *queue) waiting() map[slackapi.Lane]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := map[slackapi.Lane]int{}
	for _, e := range q.entries {
		if !e.working {
			n[e.lane]++
		}
	}
	return n
}

// ahead counts the keys that are ready in the same lane before this one, and returns the lane. It reports false for a key that is not
// ready: it is worked on, due later, or done.
func (q *queue) ahead(key store.Key) (n int, lane slackapi.Lane, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.entries[key]
	if e == nil || !e.ready {
		return 0, 0, false
	}
	for _, line := range [][]store.Key{q.first[e.lane], q.lanes[e.lane]} {
		at := slices.Index(line, key)
		if at >= 0 {
			return n + at, e.lane, true
		}
		n += len(line)
	}
	return n, e.lane, true
}

// close stops the timer. Keys that are left stay where they are: the store knows them.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if q.timer != nil {
		q.timer.Stop()
	}
}

func (q *queue) entry(key store.Key, lane slackapi.Lane) *entry {
	e := q.entries[key]
	if e == nil {
		e = &entry{key: key, lane: lane, index: -1}
		q.entries[key] = e
	}
	return e
}

// push puts a key at the end of its lane. One that made way for another has waited, so it goes before those who have not.
func (q *queue) push(e *entry) {
	if e.ready = true; e.makeWay.IsZero() {
		q.lanes[e.lane] = append(q.lanes[e.lane], e.key)
	} else {
		q.first[e.lane] = append(q.first[e.lane], e.key)
	}
	q.signal(e.lane)
}

func (q *queue) signal(lane slackapi.Lane) {
	select {
	case q.wake[lane] <- struct{}{}:
	default:
	}
}

func (q *queue) leaveLater(e *entry) {
	if e.needs = (store.Key{}); e.index >= 0 {
		heap.Remove(&q.later, e.index)
	}
}

func (q *queue) setTimer() {
	if q.closed || len(q.later) == 0 {
		return
	}
	wait := max(0, time.Until(q.later[0].due))
	if q.timer == nil {
		q.timer = time.AfterFunc(wait, q.release)
		return
	}
	q.timer.Reset(wait)
}

// release makes the keys ready whose time has come.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.later) > 0 && !q.later[0].due.After(time.Now()) {
		e := q.later[0]
		heap.Pop(&q.later)
		e.needs = store.Key{}
		if e.working {
			e.again = true
		} else {
			q.push(e)
		}
	}
	q.setTimer()
}

// dueHeap orders entries by the time when they are due.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *dueHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *dueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	e.index = -1
	*h = old[:len(old)-1]
	return e
}
