package boltstore

import (
	"fmt"
	"iter"

	"scim2slack/store"
)

func (t *tx) Status(k store.Key) (store.Status, error) {
	s, _, err := t.status(k, keyOf(k))
	return s, err
}

// status also tells whether there is one.
func (t *tx) status(k store.Key, key []byte) (s store.Status, written bool, err error) {
	data, err := t.get(status, key)
	if err != nil {
		return store.Status{}, false, err
	}
	if data == nil {
		return store.Status{Key: k}, false, nil
	}
	s, err = decodeStatus(k, data)
	return s, err == nil, err
}

func decodeStatus(k store.Key, data []byte) (store.Status, error) {
	var r statusRecord
	if err := decode("the status of "+k.String(), data, &r); err != nil {
		return store.Status{}, err
	}
	r.Key = k
	return store.Status(r), nil
}

func (t *tx) PutStatus(s store.Status) error {
	if err := t.writable(); err != nil {
		return err
	}
	s.NextAttempt, s.Updated = s.NextAttempt.UTC(), s.Updated.UTC()
	data, err := encode("the status of "+s.Key.String(), statusRecord(s))
	if err != nil {
		return err
	}
	if err := t.put(status, keyOf(s.Key), data); err != nil {
		return err
	}
	return t.keepPending(s.Key)
}

// keepPending puts a key into the pending set or takes it out, by its status and its resource.
func (t *tx) keepPending(k store.Key) error {
	key := keyOf(k)
	s, written, err := t.status(k, key)
	if err != nil {
		return err
	}
	work := written && s.Phase == store.Pending
	data, err := t.get(resources, key)
	if err != nil {
		return err
	}
	if data != nil {
		r, _, err := decodeHeader(data)
		if err != nil {
			return fmt.Errorf("read %s: %w", k, err)
		}
		work = work || r.Generation > s.Observed
	}
	return t.set(pending, key, work)
}

// Statuses yields them in the order of source, type and id.
func (t *tx) Statuses() iter.Seq2[store.Status, error] {
	return func(yield func(store.Status, error) bool) {
		for e, err := range t.scan(status, nil, nil) {
			var key store.Key
			var s store.Status
			if err == nil {
				key, _, err = cutKey(e.key)
			}
			if err == nil {
				s, err = decodeStatus(key, e.value)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) PendingKeys() iter.Seq2[store.Status, error] {
	return func(yield func(store.Status, error) bool) {
		for e, err := range t.scan(pending, nil, nil) {
			var key store.Key
			var s store.Status
			if err == nil {
				key, _, err = cutKey(e.key)
			}
			if err == nil {
				s, _, err = t.status(key, e.key)
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) Intent(k store.Key) (store.Intent, error) {
	data, err := t.get(intents, keyOf(k))
	if err != nil {
		return store.Intent{}, err
	}
	if data == nil {
		return store.Intent{}, store.ErrNotFound
	}
	var r intentRecord
	if err := decode("the intent of "+k.String(), data, &r); err != nil {
		return store.Intent{}, err
	}
	r.Key = k
	return store.Intent(r), nil
}

func (t *tx) PutIntent(i store.Intent) error {
	if err := t.writable(); err != nil {
		return err
	}
	i.Sent, i.GivenUp = i.Sent.UTC(), i.GivenUp.UTC()
	data, err := encode("the intent of "+i.Key.String(), intentRecord(i))
	if err != nil {
		return err
	}
	return t.put(intents, keyOf(i.Key), data)
}

func (t *tx) DeleteIntent(k store.Key) error {
	if err := t.writable(); err != nil {
		return err
	}
	return t.delete(intents, keyOf(k))
}
