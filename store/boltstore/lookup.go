package boltstore

import (
	"bytes"
	"iter"
	"slices"
)

// The buckets index and formerof find records by what people are called: a key is a prefix, which tells the value and where it is
// looked for, and a suffix, which tells whose it is. In an encrypted file a MAC stands for the whole prefix (a blind index), so that the
// file tells neither the value nor that two have the same in different places. Equality is all that is asked of them; the order of
// the prefixes serves nothing. While a key is being replaced, an entry is under the one or the other, never under both.

// appendPrefix appends what keys begin with in the file for a prefix, with the i-th key of the ring.
func (t *tx) appendPrefix(dst []byte, i int, prefix []byte) []byte {
	if len(t.ring) == 0 {
		return append(dst, prefix...)
	}
	return t.ring[i].appendBlind(dst, prefix)
}

// prefixes is how many prefixes of the file stand for one.
func (t *tx) prefixes() int { return max(1, len(t.ring)) }

// lookup yields the suffixes of a prefix, in their order. They are valid until the transaction ends.
func (t *tx) lookup(bucket int, prefix []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if len(t.ring) == 0 && !t.bolt.Writable() { // the keys are as they are asked for, and stay where they are
			for k := range t.raw(bucket, prefix, prefix) {
				if !yield(k[len(prefix):], nil) {
					return
				}
			}
			return
		}
		var found [][]byte
		for i := range t.prefixes() {
			p := t.appendPrefix(newKey(), i, prefix)
			for e, err := range t.scan(bucket, p, p) {
				if err != nil {
					yield(nil, err)
					return
				}
				found = append(found, bytes.Clone(e.key[len(p):]))
			}
		}
		if t.prefixes() > 1 {
			slices.SortFunc(found, bytes.Compare)
		}
		for _, suffix := range found {
			if !yield(suffix, nil) {
				return
			}
		}
	}
}

// setLookup writes or removes an entry. It is written with the current key, and removed from under every other.
func (t *tx) setLookup(bucket int, prefix, suffix []byte, present bool) error {
	for i := range t.prefixes() {
		key := append(t.appendPrefix(newKey(), i, prefix), suffix...)
		if err := t.set(bucket, key, present && i == 0); err != nil {
			return err
		}
	}
	return nil
}
