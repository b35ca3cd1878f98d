package reconcile

import (
	"context"
	"testing"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// slowDisk takes its time over a commit, and leaves who no longer waits for it alone, as the store's contract allows.
type slowDisk struct {
	store.Store
	takes time.Duration
}

func (d slowDisk) Update(ctx context.Context, fn func(store.Tx) error) error {
	done := make(chan error, 1)
	go func() {
		time.Sleep(d.takes)
		done <- d.Store.Update(context.WithoutCancel(ctx), fn)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// What was made pending is worked on, also if whoever asked for it went away while it was committed.
func TestAskedByOneWhoLeft(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		janet := w.desire(store.User, "", user("janet"))
		w.settle()
		w.stop()
		w.store = slowDisk{w.store, time.Second}
		w.start(DefaultOptions())
		ctx, cancel := context.WithTimeout(w.Context(), time.Second/2)
		defer cancel()
		if err := w.loop.Retry(ctx, store.Key{Source: "s", Type: store.User, ID: janet}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		w.expect(janet, store.Synced, "")
	})
}
