package reconcile

import (
	"context"
	"errors"
	"sync"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// Sync asks for key now and waits until generation, or a later one, has been decided, or ctx ends; then the work goes on without
// the caller, and the answer is a pending status with the error of ctx. If Slack cannot be asked at once (the
// budget is used up, others wait in the same line, the outbound side rests) it does not wait at all.
// Merged edits share one outcome: that of the newest.
func (r *Reconciler) Sync(ctx context.Context, key store.Key, generation uint64) (store.Status, error) {
	pending := store.Status{Key: key, Phase: store.Pending}
	done, leave := r.waiters.register(key, generation) // before the queue, so that no answer is missed
	defer leave()
	st, natural, err := r.standing(ctx, key)
	if err != nil {
		return pending, err
	}
	if st.Observed >= generation && st.Phase != store.Pending {
		return st, nil
	}
	if !r.offer(key, natural) {
		return pending, nil
	}
	select {
	case st := <-done:
		return st, nil
	case <-ctx.Done():
		return pending, ctx.Err()
	}
}

// Enqueue asks for work on the key, soon, and returns.
func (r *Reconciler) Enqueue(key store.Key) {
	_, lane, err := r.standing(context.Background(), key)
	if err != nil {
		lane = slackapi.LaneUpdates // the worker will see
	}
	if !r.postpone(key, lane) {
		r.queue.add(key, lane)
	}
}

// Retry forgets the failed attempts of a key and asks for work on it now.
func (r *Reconciler) Retry(ctx context.Context, key store.Key) error {
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Resource(key); err != nil {
			return err
		}
		return store.MarkPending(tx, key)
	})
	if err == nil {
		r.Enqueue(key)
	}
	return err
}

// offer queues the key and reports whether its outcome is near enough to be waited for.
func (r *Reconciler) offer(key store.Key, natural slackapi.Lane) bool {
	if r.postpone(key, natural) {
		return false
	}
	near := r.gate.open() && r.queue.backlog(natural, key) == 0 && r.cfg.Slack.Forecast(limitOf(key, natural), slackapi.LaneWaited) == 0
	lane := natural
	if near {
		lane = min(natural, slackapi.LaneWaited)
	}
	r.queue.add(key, lane)
	return near
}

// limitOf names the limit of Slack that the next call for the key will draw on.
func limitOf(key store.Key, natural slackapi.Lane) string {
	switch {
	case key.Type == store.Group:
		return "updateGroup"
	case natural == slackapi.LaneCreates:
		return "createUser"
	}
	return "updateUser"
}

func (r *Reconciler) standing(ctx context.Context, key store.Key) (st store.Status, lane slackapi.Lane, err error) {
	err = r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if st, err = tx.Status(key); err != nil {
			return err
		}
		lane, err = r.laneOf(tx, key)
		return err
	})
	return st, lane, err
}

// laneOf tells how urgent a key is: leavers before everything, then creations, updates, groups.
func (r *Reconciler) laneOf(tx store.Tx, key store.Key) (slackapi.Lane, error) {
	if key.Type == store.Group {
		return slackapi.LaneGroups, nil
	}
	resource, err := tx.Resource(key)
	if errors.Is(err, store.ErrNotFound) {
		return slackapi.LaneUpdates, nil
	}
	if err != nil {
		return 0, err
	}
	link, err := tx.Link(key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return slackapi.LaneCreates, nil
	case err != nil:
		return 0, err
	case !link.Active:
		return slackapi.LaneUpdates, nil
	}
	s, err := r.standingOf(tx, resource)
	if err == nil && s.leaves {
		return slackapi.LaneLeavers, nil
	}
	return slackapi.LaneUpdates, err
}

// A source that changes one group member by member is let finish: a group that changes again within groupQuiet of its last
// change is written when it has been quiet for that long, at the latest groupPatience after the first change that waits.
// The first change after a quiet time is written at once.
const (
	groupQuiet    = 2 * time.Second
	groupPatience = 30 * time.Second
)

// quiet remembers when groups changed.
type quiet struct {
	mu      sync.Mutex
	changes map[store.Key]burst
}

type burst struct {
	last  time.Time // the last change
	first time.Time // the first change that waits; zero if none does
}

// postpone queues a group whose changes come in a burst for later and reports whether it did.
func (r *Reconciler) postpone(key store.Key, lane slackapi.Lane) bool {
	if key.Type != store.Group {
		return false
	}
	due, wait := r.quiet.change(key, time.Now())
	if wait {
		r.queue.addAt(key, lane, due, true)
	}
	return wait
}

// change notes a change and returns when the group is to be written, and whether that is later than now.
func (q *quiet) change(key store.Key, now time.Time) (due time.Time, wait bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changes == nil {
		q.changes = map[store.Key]burst{}
	}
	for k, b := range q.changes { // few groups change at a time
		if now.Sub(b.last) >= groupQuiet {
			delete(q.changes, k)
		}
	}
	b, recent := q.changes[key]
	if !recent {
		q.changes[key] = burst{last: now}
		return now, false
	}
	if b.first.IsZero() {
		b.first = now
	}
	b.last = now
	q.changes[key] = b
	if due = now.Add(groupQuiet); due.After(b.first.Add(groupPatience)) {
		due = b.first.Add(groupPatience)
	}
	return due, true
}

// taken notes that a worker sees every change so far: the next one begins a new wait.
func (q *quiet) taken(key store.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b, ok := q.changes[key]; ok {
		b.first = time.Time{}
		q.changes[key] = b
	}
}
