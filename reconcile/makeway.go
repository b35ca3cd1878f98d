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

// makeWayLook is how often a group looks whether its members are still to come. One that gets an account wakes the group before.
const makeWayLook = 2 * time.Second

// makesWay takes a resource out of the way of those that it needs and that are about to get their account, so that one call does what otherwise
// takes two. It reports whether it did; then the round is over, and the resource comes back when one of them has its account, at the latest
// makeWayFor after it made way first. Nobody makes way while a request waits for them.
func (r *Reconciler) makesWay(j *job, needs []store.Key) bool {
	return j.lane != slackapi.LaneWaited && r.queue.makeWay(j.key, needs)
}

// makeWay puts a key that is worked on off: a person until the one that they need was worked on, which goes to the front of its lane, a group,
// which may need thousands, for makeWayLook. It reports false, and does nothing, if none of them is about to be worked on or if
// the key made way long enough.
func (q *queue) makeWay(key store.Key, needs []store.Key) bool {
	person := key.Type == store.User
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
	e.needs, e.due = needs[at], e.makeWay
	if next := now.Add(makeWayLook); !person && next.Before(e.due) {
		e.due = next
	}
	if person {
		q.hurry(needs[at], key)
	}
	heap.Push(&q.later, e)
	q.setTimer()
	return true
}

// hurry puts a key that another one needs to the front of its lane, and remembers who needs it.
func (q *queue) hurry(needed, by store.Key) {
	q.needed[needed] = append(q.needed[needed], by)
	if e := q.entries[needed]; e.ready && e.makeWay.IsZero() {
		q.first[e.lane] = append(q.first[e.lane], needed) // its place in the lane is skipped when it comes up
		q.signal(e.lane)
	}
}

// releaseFrom lets those go on who made way for a key.
func (q *queue) releaseFrom(key store.Key) {
	for _, by := range q.needed[key] {
		if e := q.entries[by]; e != nil && e.needs == key && e.index >= 0 {
			q.leaveLater(e)
			q.push(e)
		}
	}
	delete(q.needed, key)
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
