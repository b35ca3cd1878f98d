package boltstore

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"scim2slack/store"
)

func (t *tx) Link(k store.Key) (store.Link, error) {
	data, err := t.get(links, keyOf(k))
	if err != nil {
		return store.Link{}, err
	}
	if data == nil {
		return store.Link{}, store.ErrNotFound
	}
	return decodeLink(k, data)
}

func decodeLink(k store.Key, data []byte) (store.Link, error) {
	var r linkRecord
	if err := decode("the link of "+k.String(), data, &r); err != nil {
		return store.Link{}, err
	}
	r.Key = k
	return store.Link(r), nil
}

func (t *tx) LinkOf(typ store.Type, slackID string) (store.Link, error) {
	key, err := t.get(linkOf, appendText(appendType(newKey(), typ), slackID))
	if err != nil {
		return store.Link{}, err
	}
	if key == nil {
		return store.Link{}, store.ErrNotFound
	}
	k, _, err := cutKey(key)
	if err != nil {
		return store.Link{}, err
	}
	return t.Link(k)
}

// AllLinks yields the links in the order of source, type and id.
func (t *tx) AllLinks() iter.Seq2[store.Link, error] {
	return func(yield func(store.Link, error) bool) {
		for e, err := range t.scan(links, nil, nil) {
			var key store.Key
			var l store.Link
			if err == nil {
				key, _, err = cutKey(e.key)
			}
			if err == nil {
				l, err = decodeLink(key, e.value)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) PutLink(l store.Link) error {
	if err := t.writable(); err != nil {
		return err
	}
	switch other, err := t.LinkOf(l.Key.Type, l.SlackID); {
	case err == nil && other.Key != l.Key:
		return &store.LinkedError{SlackID: l.SlackID, Holder: other.Key}
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	}
	switch other, err := t.Link(l.Key); {
	case err == nil && other.SlackID != l.SlackID:
		return &store.LinkedError{SlackID: other.SlackID, Holder: l.Key}
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	}
	l.Linked = l.Linked.UTC()
	data, err := encode("the link of "+l.Key.String(), linkRecord(l))
	if err != nil {
		return err
	}
	key := keyOf(l.Key)
	if err := t.put(links, key, data); err != nil {
		return err
	}
	return t.put(linkOf, appendText(appendType(newKey(), l.Key.Type), l.SlackID), key)
}

func (t *tx) DeleteLink(k store.Key) error {
	if err := t.writable(); err != nil {
		return err
	}
	key := keyOf(k)
	switch l, err := t.Link(k); {
	case err == nil:
		if err := t.delete(linkOf, appendText(appendType(newKey(), k.Type), l.SlackID)); err != nil {
			return err
		}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if err := t.delete(links, key); err != nil {
		return err
	}
	return t.deletePrefix(slackMembers, key)
}

// FindFormer knows the indexes userName, externalId and email.
func (t *tx) FindFormer(source string, ix store.Index, value string) ([]store.Former, error) {
	found := []store.Former{}
	for suffix, err := range t.lookup(formerOf, formerPrefix(source, ix, ix.Fold(value))) {
		if err != nil {
			return nil, err
		}
		slackID, _, err := cutText(suffix)
		if err != nil {
			return nil, err
		}
		f, err := t.former(slackID)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b store.Former) int {
		return cmp.Or(b.Ended.Compare(a.Ended), cmp.Compare(a.SlackID, b.SlackID))
	})
	return found, nil
}

func (t *tx) former(slackID string) (store.Former, error) {
	data, err := t.get(formers, appendText(newKey(), slackID))
	if err != nil {
		return store.Former{}, err
	}
	if data == nil {
		return store.Former{}, store.ErrNotFound
	}
	return decodeFormer(slackID, data)
}

func decodeFormer(slackID string, data []byte) (store.Former, error) {
	var r formerRecord
	if err := decode("the former link of "+slackID, data, &r); err != nil {
		return store.Former{}, err
	}
	r.SlackID = slackID
	return store.Former(r), nil
}

func (t *tx) PutFormer(f store.Former) error {
	if err := t.writable(); err != nil {
		return err
	}
	f.Ended = f.Ended.UTC()
	data, err := encode("the former link of "+f.SlackID, formerRecord(f))
	if err != nil {
		return err
	}
	if err := t.DeleteFormer(f.SlackID); err != nil {
		return err
	}
	if err := t.setFormerOf(f, true); err != nil {
		return err
	}
	return t.put(formers, appendText(newKey(), f.SlackID), data)
}

func (t *tx) DeleteFormer(slackID string) error {
	if err := t.writable(); err != nil {
		return err
	}
	f, err := t.former(slackID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.setFormerOf(f, false); err != nil {
		return err
	}
	return t.delete(formers, appendText(newKey(), slackID))
}

// setFormerOf writes or removes the values by which a former link is found.
func (t *tx) setFormerOf(f store.Former, present bool) error {
	values := map[store.Index]string{store.IndexUserName: f.UserName, store.IndexExternalID: f.ExternalID, store.IndexEmail: f.Email}
	for ix, value := range values {
		if value == "" {
			continue
		}
		prefix := formerPrefix(f.Source, ix, ix.Fold(value))
		if err := t.setLookup(formerOf, prefix, appendText(newKey(), f.SlackID), present); err != nil {
			return err
		}
	}
	return nil
}

func formerPrefix(source string, ix store.Index, value string) []byte {
	return appendValue(appendIndex(appendText(newKey(), source), ix), value)
}

func (t *tx) SlackMembers(group store.Key) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prefix := keyOf(group)
		for e, err := range t.scan(slackMembers, prefix, prefix) {
			var id string
			if err == nil {
				id, _, err = cutText(e.key[len(prefix):])
			}
			if !yield(id, err) || err != nil {
				return
			}
		}
	}
}

// ChangeSlackMembers adds first, then removes.
func (t *tx) ChangeSlackMembers(group store.Key, add, remove []string) error {
	if err := t.writable(); err != nil {
		return err
	}
	prefix := keyOf(group)
	end := len(prefix)
	for _, id := range add {
		prefix = appendText(prefix[:end], id)
		if err := t.set(slackMembers, prefix, true); err != nil {
			return err
		}
	}
	for _, id := range remove {
		prefix = appendText(prefix[:end], id)
		if err := t.set(slackMembers, prefix, false); err != nil {
			return err
		}
	}
	return nil
}
