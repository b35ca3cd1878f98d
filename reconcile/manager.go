package reconcile

import (
	"context"
	"errors"
	"iter"

	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/translate"
)

// resolveManager puts the Slack id of the manager into the profile. A manager who has no Slack account yet is left out, with
// a warning, and returned if the source has them; wakeDependents brings the person back here when the manager gets one.
func (r *Reconciler) resolveManager(ctx context.Context, j *job, want *translate.User) (unlinked *store.Key, warnings []string, err error) {
	err = r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		unlinked, warnings, err = resolveManager(tx, j.key, want)
		return err
	})
	return unlinked, warnings, err
}

func resolveManager(tx store.Tx, of store.Key, want *translate.User) (unlinked *store.Key, warnings []string, err error) {
	warnings = want.Warnings
	if !want.ManagerSet {
		return nil, warnings, nil
	}
	if want.Manager == "" {
		want.Profile[scim.SlackManager] = ""
		return nil, warnings, nil
	}
	leftOut := append(warnings[:len(warnings):len(warnings)], "the manager was left out: "+want.Manager+" has no linked Slack account yet")
	key, err := findPerson(tx, of.Source, want.Manager)
	if errors.Is(err, store.ErrNotFound) {
		return nil, leftOut, nil
	}
	if err != nil {
		return nil, nil, err
	}
	link, err := tx.Link(key)
	if errors.Is(err, store.ErrNotFound) {
		return &key, leftOut, nil
	}
	want.Profile[scim.SlackManager] = link.SlackID
	return nil, warnings, err
}

// personIndexes are the ways in which sources name another person, after our id.
var personIndexes = []store.Index{store.IndexExternalID, store.IndexUserName, store.IndexEmail}

// findPerson finds the user of the source that ref names: by our id, externalId, userName or e-mail.
func findPerson(tx store.Tx, source, ref string) (store.Key, error) {
	key := store.Key{Source: source, Type: store.User, ID: ref}
	if r, err := tx.Resource(key); err == nil && !r.Deleted {
		return key, nil
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return key, err
	}
	for _, index := range personIndexes {
		keys, err := tx.FindResources(source, store.User, index, ref)
		if err != nil {
			return key, err
		}
		if len(keys) == 1 {
			return keys[0], nil
		}
	}
	return key, store.ErrNotFound
}

// reportsOf returns the users who name the person as their manager, in any of the ways that findPerson knows.
func reportsOf(tx store.Tx, key store.Key) ([]store.Key, error) {
	person, err := tx.Resource(key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	refs := []string{key.ID}
	for _, e := range store.IndexEntries(person) {
		if e.Index != store.IndexManager {
			refs = append(refs, e.Value)
		}
	}
	seen := map[store.Key]bool{key: true}
	var reports []store.Key
	for _, ref := range refs {
		keys, err := tx.FindResources(key.Source, store.User, store.IndexManager, ref)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if !seen[k] {
				seen[k] = true
				reports = append(reports, k)
			}
		}
	}
	return reports, nil
}

// collect reads an iterator to its end.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
