package admin

import (
	"errors"
	"slices"
	"strings"

	"scim2slack/store"
)

// lookups are the indexes by which people name a resource, beside its id and its Slack id.
var lookups = map[store.Type][]store.Index{
	store.User:  {store.IndexUserName, store.IndexEmail, store.IndexExternalID},
	store.Group: {store.IndexDisplayName, store.IndexExternalID},
}

// found is what a name leads to.
type found struct {
	keys   []store.Key
	former []store.Former
}

// find looks who up in every source: an id of ours, alone or as logs and messages show it (source/User/ID), userName, e-mail, externalId, display name of a group, or Slack id.
func (h *Handler) find(tx store.Tx, who string) (f found, err error) {
	for _, source := range *h.sources.Load() {
		for _, t := range types {
			if err := f.inSource(tx, source, t, who); err != nil {
				return f, err
			}
		}
		for _, index := range lookups[store.User] {
			former, err := tx.FindFormer(source, index, who)
			if err != nil {
				return f, err
			}
			for _, e := range former {
				if !slices.ContainsFunc(f.former, func(o store.Former) bool { return o.SlackID == e.SlackID }) {
					f.former = append(f.former, e)
				}
			}
		}
	}
	for _, t := range types {
		link, err := tx.LinkOf(t, who)
		if err == nil {
			f.add(link.Key)
		} else if !errors.Is(err, store.ErrNotFound) {
			return f, err
		}
	}
	return f, nil
}

func (f *found) inSource(tx store.Tx, source string, t store.Type, who string) error {
	key := store.Key{Source: source, Type: t}
	key.ID = strings.TrimPrefix(who, key.String())
	known, err := knows(tx, key)
	if err != nil {
		return err
	}
	if known {
		f.add(key)
	}
	for _, index := range lookups[t] {
		keys, err := tx.FindResources(source, t, index, who)
		if err != nil {
			return err
		}
		f.add(keys...)
	}
	return nil
}

// knows reports whether the store holds the resource, or at least remembers it in its journal.
func knows(tx store.Tx, key store.Key) (bool, error) {
	_, err := tx.Resource(key)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	for _, err := range tx.AuditOf(key) {
		return err == nil, err
	}
	return false, nil
}

func (f *found) add(keys ...store.Key) {
	for _, key := range keys {
		if !slices.Contains(f.keys, key) {
			f.keys = append(f.keys, key)
		}
	}
}
