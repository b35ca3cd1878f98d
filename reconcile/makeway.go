package reconcile

import (
	"container/heap"
	"slices"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// makeWayFor is how long a person who is to be created makes way for their manager, and a group for its members. Then they go on without: the
// manager and the members are added when they have an account.
const makeWayFor = 30 * time.Second

// makesWay takes a resource out of the way of those that it needs and that are about to get their account, so that one call does what otherwise
// takes two. It reports whether it did; then the round is over, and the resource comes back when one of them has its account, at the latest
// makeWayFor after it made way first. Nobody makes way while a request waits for them.
func (r *Reconciler) makesWay(j *job, needs []store.Key) bool {
	return j.lane != slackapi.LaneWaited && r.queue.makeWay(j.key, needs, j.key.Type == store.User)
}

// makeWay puts a key that is worked on off until those that it needs were worked on. With hurry they go to the front of their lane. It reports
// false, and does nothing, if none of them is about to be worked on or if the key made way long enough.
func (q *queue) makeWay(key store.Key, needs []store.Key, hurry bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, now := q.entries[key], time.Now()
	if len(needs) == 0 || !e.makeWay.IsZero() && !now.Before(e.makeWay) {
		return false
	}
	woken := e.again || e.index >= 0 // one of them got an account since the round began
	at := slices.IndexFunc(needs, func(needed store.Key) bool { return q.comes(needed, key) })
	if !woken && at < 0 {
		return false
	}
	if e.madeWay = true; e.makeWay.IsZero() {
		e.makeWay = now.Add(makeWayFor)
	}
	if woken {
		return true
	}
	if other := q.entries[needs[at]]; hurry && other.ready && other.makeWay.IsZero() {
		q.first[other.lane] = append(q.first[other.lane], other.key) // its place in the lane is skipped when it comes up
		q.signal(other.lane)
	}
	e.needs, e.due = needs[at], e.makeWay
	heap.Push(&q.later, e)
	q.setTimer()
	return true
}

// comes reports whether a key is about to be worked on, and not only after the other one.
func (q *queue) comes(key, after store.Key) bool {
	for range len(q.entries) {
		e := q.entries[key]
		switch {
		case e == nil || key == after:
			return false
		case e.needs == store.Key{}:
			return e.ready || e.working
		}
		key = e.needs
	}
	return false
}
