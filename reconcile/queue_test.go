package reconcile

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

var testLanes = []slackapi.Lane{slackapi.LaneLeavers, slackapi.LaneWaited, slackapi.LaneCreates, slackapi.LaneUpdates, slackapi.LaneGroups}

func keyOf(n int) store.Key {
	return store.Key{Source: "s", Type: store.User, ID: fmt.Sprint(n)}
}

// takeNow returns the key that is ready in the lane, or "" if none is.
func takeNow(q *queue, lane slackapi.Lane) string {
	key, ok := q.pop(lane)
	if !ok {
		return ""
	}
	return key.ID
}

func TestQueueOnce(t *testing.T) {
	q := newQueue(testLanes)
	for range 3 {
		q.add(keyOf(1), slackapi.LaneUpdates)
	}
	if got := takeNow(q, slackapi.LaneUpdates); got != "1" {
		t.Fatalf("took %q", got)
	}
	if got := takeNow(q, slackapi.LaneUpdates); got != "" {
		t.Fatalf("took %q twice", got)
	}
	// Added while it is worked on: once more afterwards, not at the same time.
	q.add(keyOf(1), slackapi.LaneUpdates)
	if got := takeNow(q, slackapi.LaneUpdates); got != "" {
		t.Fatalf("took %q while it is worked on", got)
	}
	q.done(keyOf(1))
	if got := takeNow(q, slackapi.LaneUpdates); got != "1" {
		t.Fatalf("took %q after the work", got)
	}
	q.done(keyOf(1))
	if queued, working := q.counts(); queued+working != 0 {
		t.Errorf("%d queued, %d working at the end", queued, working)
	}
}

func TestQueuePromotes(t *testing.T) {
	q := newQueue(testLanes)
	q.add(keyOf(1), slackapi.LaneCreates)
	q.add(keyOf(1), slackapi.LaneWaited)
	q.add(keyOf(1), slackapi.LaneGroups) // less urgent: changes nothing
	if got := takeNow(q, slackapi.LaneWaited); got != "1" {
		t.Fatalf("took %q from the urgent lane", got)
	}
	if got := takeNow(q, slackapi.LaneCreates) + takeNow(q, slackapi.LaneGroups); got != "" {
		t.Fatalf("took %q once more", got)
	}
}

func TestQueueDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(testLanes)
		defer q.close()
		start := time.Now()
		q.addAt(keyOf(2), slackapi.LaneUpdates, start.Add(20*time.Second), false)
		q.addAt(keyOf(1), slackapi.LaneUpdates, start.Add(10*time.Second), false)
		q.addAt(keyOf(1), slackapi.LaneUpdates, start.Add(30*time.Second), false) // not later than before
		q.addAt(keyOf(2), slackapi.LaneUpdates, start.Add(40*time.Second), true)  // postponed
		for _, want := range []struct {
			id    string
			after time.Duration
		}{{"1", 10 * time.Second}, {"2", 40 * time.Second}} {
			key, ok := q.take(t.Context(), slackapi.LaneUpdates)
			if !ok || key.ID != want.id || time.Since(start) != want.after {
				t.Errorf("took %v after %v, want %v", key, time.Since(start), want)
			}
			q.done(key)
		}
	})
}

func TestQueueTakeEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(testLanes)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if key, ok := q.take(ctx, slackapi.LaneUpdates); ok {
			t.Errorf("took %v from an empty queue", key)
		}
	})
}

func TestQuiet(t *testing.T) {
	var q quiet
	start := time.Now()
	at := func(d time.Duration) time.Time { return start.Add(d) }
	if _, wait := q.change(keyOf(1), at(0)); wait {
		t.Fatal("the first change waits")
	}
	if due, wait := q.change(keyOf(1), at(time.Second)); !wait || due != at(3*time.Second) {
		t.Fatalf("the second change is due %v after the start", due.Sub(start))
	}
	// A stream of changes is written at the latest when patience ends.
	var due time.Time
	for s := 2; s <= 30; s++ {
		due, _ = q.change(keyOf(1), at(time.Duration(s)*time.Second))
	}
	if due != at(31*time.Second) {
		t.Fatalf("the stream is due %v after the start", due.Sub(start))
	}
	q.taken(keyOf(1))
	if due, wait := q.change(keyOf(1), at(31*time.Second)); !wait || due != at(33*time.Second) {
		t.Fatalf("the change after the writing is due %v after the start", due.Sub(start))
	}
	if _, wait := q.change(keyOf(1), at(time.Minute)); wait {
		t.Fatal("a change after a quiet time waits")
	}
}

func TestWaiters(t *testing.T) {
	var w waiters
	old, leaveOld := w.register(keyOf(1), 3)
	young, leaveYoung := w.register(keyOf(1), 5)
	defer leaveOld()
	w.answer(store.Status{Key: keyOf(1), Observed: 4, Phase: store.Synced})
	select {
	case st := <-old:
		if st.Observed != 4 {
			t.Errorf("answered with %+v", st)
		}
	default:
		t.Error("a wait for generation 3 is not answered by generation 4")
	}
	select {
	case <-young:
		t.Error("a wait for generation 5 is answered by generation 4")
	default:
	}
	leaveYoung()
	leaveOld()
	if len(w.byKey) != 0 {
		t.Errorf("%d keys are left", len(w.byKey))
	}
}
