package reconcile

import (
	"context"

	"scim2slack/store"
)

// followed is a store whose changes, once handed over, are waited for. Its own Update returns when ctx ends although the change may still be
// committed: who was made pending by it would then be queued by nobody, neither by who asked nor, if it came after the look into the store
// with which the next Run begins, by that one.
type followed struct{ store.Store }

// Update returns the error of ctx if it ended before the change was handed over. Otherwise it tells what became of the change.
func (s followed) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Store.Update(context.WithoutCancel(ctx), fn)
}
