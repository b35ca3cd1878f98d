package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"scim2slack/store"
)

func (t *tx) Resource(k store.Key) (store.Resource, error) {
	stored, err := t.Stored(k)
	if err != nil {
		return store.Resource{}, err
	}
	return withDocument(stored)
}

func (t *tx) Stored(k store.Key) (store.Stored, error) {
	data, err := t.get(resources, keyOf(k))
	if err != nil {
		return store.Stored{}, err
	}
	if data == nil {
		return store.Stored{}, store.ErrNotFound
	}
	return decodeStored(k, data)
}

func (t *tx) Live(k store.Key) (bool, error) {
	stored, err := t.Stored(k)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !stored.Deleted, err
}

// FindResources returns the keys in the order of their ids.
func (t *tx) FindResources(source string, typ store.Type, ix store.Index, value string) ([]store.Key, error) {
	keys := []store.Key{}
	for suffix, err := range t.lookup(index, indexPrefix(source, typ, ix, ix.Fold(value))) {
		if err != nil {
			return nil, err
		}
		id, _, err := cutID(suffix)
		if err != nil {
			return nil, err
		}
		keys = append(keys, store.Key{Source: source, Type: typ, ID: id})
	}
	return keys, nil
}

func (t *tx) ResourcesAfter(source string, typ store.Type, after string) iter.Seq2[store.Resource, error] {
	return func(yield func(store.Resource, error) bool) {
		for stored, err := range t.StoredAfter(source, typ, after) {
			var r store.Resource
			if err == nil {
				r, err = withDocument(stored)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) StoredAfter(source string, typ store.Type, after string) iter.Seq2[store.Stored, error] {
	return func(yield func(store.Stored, error) bool) {
		prefix := appendSourceType(newKey(), source, typ)
		from := prefix
		if after != "" {
			from = appendID(slices.Clone(prefix), after)
		}
		for e, err := range t.scan(resources, prefix, from) {
			var r store.Stored
			var id string
			if err == nil {
				id, _, err = cutID(e.key[len(prefix):])
			}
			if err == nil {
				r, err = decodeStored(store.Key{Source: source, Type: typ, ID: id}, e.value)
			}
			if err == nil && (r.Deleted || id == after) {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) CountResources(source string, typ store.Type) (int, error) {
	return t.count(appendSourceType(newKey(), source, typ))
}

func (t *tx) count(key []byte) (int, error) {
	data, err := t.get(counts, key)
	if err != nil {
		return 0, err
	}
	if data == nil {
		return 0, nil
	}
	n, size := binary.Uvarint(data)
	if size <= 0 || n > math.MaxInt {
		return 0, fmt.Errorf("damaged count in the store file")
	}
	return int(n), nil
}

// changeCount adds delta to the live resources of a source and type.
func (t *tx) changeCount(source string, typ store.Type, delta int) error {
	if delta == 0 {
		return nil
	}
	key := appendSourceType(newKey(), source, typ)
	n, err := t.count(key)
	if err != nil {
		return err
	}
	if n += delta; n < 0 {
		return fmt.Errorf("the count of %s resources of %s in the store file is wrong", typ, source)
	}
	return t.put(counts, key, binary.AppendUvarint(nil, uint64(n)))
}

func (t *tx) PutResource(r store.Resource) error {
	if err := t.writable(); err != nil {
		return err
	}
	data, err := encodeResource(r)
	if err != nil {
		return err
	}
	entries := store.IndexEntries(r)
	for _, e := range entries {
		if err := t.checkUnique(r.Key, e); err != nil {
			return err
		}
	}
	key := keyOf(r.Key)
	delta := 0
	if !r.Deleted {
		delta = 1
	}
	var oldEntries []store.IndexEntry
	oldData, err := t.get(resources, key)
	if err != nil {
		return err
	}
	if oldData != nil {
		old, err := decodeResource(r.Key, oldData)
		if err != nil {
			return err
		}
		oldEntries = store.IndexEntries(old)
		if !old.Deleted {
			delta--
		}
	}
	if err := t.changeIndex(r.Key, oldEntries, entries); err != nil {
		return err
	}
	if err := t.changeCount(r.Key.Source, r.Key.Type, delta); err != nil {
		return err
	}
	if err := t.put(resources, key, data); err != nil {
		return err
	}
	return t.keepPending(r.Key)
}

// checkUnique returns a ConflictError if a resource other than the one of key holds the value of a unique entry.
func (t *tx) checkUnique(key store.Key, e store.IndexEntry) error {
	if !e.Unique {
		return nil
	}
	for suffix, err := range t.lookup(index, indexPrefix(key.Source, key.Type, e.Index, e.Value)) {
		if err != nil {
			return err
		}
		id, _, err := cutID(suffix)
		if err != nil {
			return err
		}
		if id != key.ID {
			holder := store.Key{Source: key.Source, Type: key.Type, ID: id}
			return &store.ConflictError{Index: e.Index, Value: e.Value, Holder: holder}
		}
	}
	return nil
}

// changeIndex replaces the index entries of a resource. The old ones are worked out anew from the old document, so a change of
// store.IndexEntries needs a new schemaVersion and a rebuilt index.
func (t *tx) changeIndex(k store.Key, old, entries []store.IndexEntry) error {
	for _, e := range old {
		if !slices.Contains(entries, e) {
			if err := t.setIndex(k, e, false); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		if !slices.Contains(old, e) {
			if err := t.setIndex(k, e, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// indexPrefix is what the index keys of one value have in common. The value is folded.
func indexPrefix(source string, typ store.Type, ix store.Index, value string) []byte {
	return appendValue(appendIndex(appendSourceType(newKey(), source, typ), ix), value)
}

func (t *tx) setIndex(k store.Key, e store.IndexEntry, present bool) error {
	return t.setLookup(index, indexPrefix(k.Source, k.Type, e.Index, e.Value), appendID(newKey(), k.ID), present)
}

func (t *tx) ForgetResource(k store.Key) error {
	if err := t.writable(); err != nil {
		return err
	}
	key := keyOf(k)
	data, err := t.get(resources, key)
	if err != nil {
		return err
	}
	if data != nil {
		old, err := decodeResource(k, data)
		if err != nil {
			return err
		}
		if err := t.changeIndex(k, store.IndexEntries(old), nil); err != nil {
			return err
		}
		if !old.Deleted {
			if err := t.changeCount(k.Source, k.Type, -1); err != nil {
				return err
			}
		}
	}
	for _, bucket := range []int{resources, status, pending, intents, unacked} {
		if err := t.delete(bucket, key); err != nil {
			return err
		}
	}
	if err := t.deletePrefix(slackMembers, key); err != nil {
		return err
	}
	return t.forgetMembers(k)
}

func (t *tx) Unacknowledged(k store.Key) (bool, error) {
	return t.has(unacked, keyOf(k))
}

func (t *tx) SetUnacknowledged(k store.Key, mark bool) error {
	if err := t.writable(); err != nil {
		return err
	}
	return t.set(unacked, keyOf(k), mark)
}
