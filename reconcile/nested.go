package reconcile

import (
	"context"
	"slices"

	"scim2slack/store"
)

// groupsAround returns the groups that a person or group is in, directly or through other groups.
func groupsAround(tx store.Tx, key store.Key) ([]store.Key, error) {
	around, err := collect(tx.GroupsOf(key))
	for i := 0; err == nil && i < len(around); i++ {
		var outer []store.Key
		outer, err = collect(tx.GroupsOf(around[i]))
		for _, group := range outer {
			if group != key && !slices.Contains(around, group) {
				around = append(around, group)
			}
		}
	}
	return around, err
}

// wakeOuterGroups makes those groups pending in which a changed group stands, if their Slack groups hold its members.
func (r *Reconciler) wakeOuterGroups(ctx context.Context, j *job) error {
	if j.options.NestedGroups != NestedFlatten || j.status.Observed >= j.resource.Generation {
		return nil
	}
	var outer []store.Key
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		if outer, err = groupsAround(tx, j.key); err != nil {
			return err
		}
		for _, key := range outer {
			if err := store.MarkPending(tx, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range outer {
		r.Enqueue(key)
	}
	return nil
}
