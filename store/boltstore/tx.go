package boltstore

import (
	"bytes"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"scim2slack/store"
)

// The buckets; see the package comment.
const (
	metaBucket = iota
	resources
	index
	counts
	unacked
	members
	memberOf
	links
	linkOf
	formers
	formerOf
	slackMembers
	status
	pending
	intents
	audit
	auditOf
	settings
	bucketCount
)

var bucketNames = [bucketCount]string{
	"meta", "resources", "index", "counts", "unacked", "members", "memberof", "links", "linkof", "formers", "formerof",
	"slackmembers", "status", "pending", "intents", "audit", "auditof", "settings",
}

// tx is the store.Tx of one function. Functions that share a commit share the bbolt transaction, but not the tx.
//
// Its iterators read as they go and stop when the caller does. Writing while iterating is safe: the iterator goes on
// behind the last record it yielded, and sees what was written there.
//
// In an encrypted file every value goes through seal and open, also the empty one of a key that is there for its own sake, so that a
// forged or changed key is an error as well. What is in metaBucket stays in clear.
type tx struct {
	bolt    *bolt.Tx
	ring    ring          // empty: the file is not encrypted
	sealer  *store.Sealer // nil: audit records are not sealed
	writes  int           // done through this tx
	scratch []byte        // for associated data
	buckets [bucketCount]*bolt.Bucket
}

var _ store.Tx = (*tx)(nil)

// end makes any later use panic, rather than read memory that is no longer mapped or write into another's transaction.
func (t *tx) end() { *t = tx{writes: t.writes} }

func (t *tx) bucket(i int) *bolt.Bucket {
	if t.bolt == nil {
		panic("store transaction used after its function returned")
	}
	if t.buckets[i] == nil {
		t.buckets[i] = t.bolt.Bucket([]byte(bucketNames[i]))
		if i == audit { // always appended to: leave no room in its pages
			t.buckets[i].FillPercent = 0.95
		}
	}
	return t.buckets[i]
}

// writable returns store.ErrReadOnly in a View.
func (t *tx) writable() error {
	if t.bolt == nil {
		panic("store transaction used after its function returned")
	}
	if !t.bolt.Writable() {
		return store.ErrReadOnly
	}
	return nil
}

// get returns the value of a key, nil if there is none. It is valid until the transaction ends and must not be changed.
func (t *tx) get(bucket int, key []byte) ([]byte, error) {
	value := t.bucket(bucket).Get(key)
	if value == nil {
		return nil, nil
	}
	return t.open(bucket, key, value)
}

func (t *tx) has(bucket int, key []byte) (bool, error) {
	value, err := t.get(bucket, key)
	return value != nil, err
}

// open returns what a value of the file says.
func (t *tx) open(bucket int, key, value []byte) ([]byte, error) {
	if len(t.ring) == 0 {
		return value, nil
	}
	plain, err := t.ring.open(value, t.associated(bucket, key))
	if err != nil {
		return nil, fmt.Errorf("read %s in the store file: %w", bucketNames[bucket], err)
	}
	return plain, nil
}

// associated returns what binds a value to its place, valid until it is called again. No bucket's name holds a zero.
func (t *tx) associated(bucket int, key []byte) []byte {
	t.scratch = append(append(append(t.scratch[:0], bucketNames[bucket]...), 0), key...)
	return t.scratch
}

// put writes a value, which must not be changed afterwards. The key may be.
func (t *tx) put(bucket int, key, value []byte) error {
	t.writes++
	if len(t.ring) > 0 {
		value = t.ring.current().seal(value, t.associated(bucket, key))
	}
	if err := t.bucket(bucket).Put(key, value); err != nil {
		return fmt.Errorf("write to %s: %w", bucketNames[bucket], err)
	}
	return nil
}

// delete removes a key if it is there.
func (t *tx) delete(bucket int, key []byte) error {
	if t.bucket(bucket).Get(key) == nil {
		return nil
	}
	t.writes++
	if err := t.bucket(bucket).Delete(key); err != nil {
		return fmt.Errorf("delete from %s: %w", bucketNames[bucket], err)
	}
	return nil
}

// set puts or deletes a key without value.
func (t *tx) set(bucket int, key []byte, present bool) error {
	switch {
	case !present:
		return t.delete(bucket, key)
	case t.bucket(bucket).Get(key) != nil:
		return nil
	}
	return t.put(bucket, key, []byte{})
}

// entry is a key and its value. The key is valid until the next one is asked for, the value until the transaction ends.
type entry struct{ key, value []byte }

// scan yields the keys that begin with prefix, in order, from the first that is not below from (prefix itself for all). It ends with
// the first error.
func (t *tx) scan(bucket int, prefix, from []byte) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for k, v := range t.raw(bucket, prefix, from) {
			value, err := t.open(bucket, k, v)
			if !yield(entry{k, value}, err) || err != nil {
				return
			}
		}
	}
}

// raw is scan with the values as they are in the file. They are valid until something is written.
func (t *tx) raw(bucket int, prefix, from []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.bucket(bucket).Cursor()
		k, v := c.Seek(from)
		var last []byte
		for k != nil && bytes.HasPrefix(k, prefix) {
			writes := t.writes
			if t.bolt.Writable() { // a write may move the memory that k lies in
				last = append(last[:0], k...)
				k = last
			}
			if !yield(k, v) {
				return
			}
			if t.writes == writes {
				k, v = c.Next()
				continue
			}
			if k, v = c.Seek(last); bytes.Equal(k, last) {
				k, v = c.Next()
			}
		}
	}
}

// deletePrefix removes the keys that begin with prefix.
func (t *tx) deletePrefix(bucket int, prefix []byte) error {
	for e, err := range t.scan(bucket, prefix, prefix) {
		if err != nil {
			return err
		}
		if err := t.delete(bucket, e.key); err != nil {
			return err
		}
	}
	return nil
}
