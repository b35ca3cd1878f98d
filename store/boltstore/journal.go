package boltstore

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"

	"scim2slack/store"
)

func (t *tx) AppendAudit(a store.Audit) error {
	if err := t.writable(); err != nil {
		return err
	}
	a.Time = a.Time.UTC()
	data, err := encode("an audit record of "+a.Key.String(), auditRecord(a))
	if err != nil {
		return err
	}
	t.writes++ // the sequence
	seq, err := t.bucket(audit).NextSequence()
	if err != nil {
		return err
	}
	key := binary.BigEndian.AppendUint64(nil, seq)
	if err := t.put(audit, key, data); err != nil {
		return err
	}
	return t.put(auditOf, append(keyOf(a.Key), key...), []byte{})
}

func (t *tx) AuditOf(k store.Key) iter.Seq2[store.Audit, error] {
	return func(yield func(store.Audit, error) bool) {
		prefix := keyOf(k)
		for e, err := range t.scan(auditOf, prefix, prefix) {
			var a store.Audit
			if err == nil {
				a, err = t.audit(e.key[len(prefix):])
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) AuditAfter(seq uint64) iter.Seq2[store.Audit, error] {
	return func(yield func(store.Audit, error) bool) {
		if seq == math.MaxUint64 {
			return
		}
		from := binary.BigEndian.AppendUint64(nil, seq+1)
		for e, err := range t.scan(audit, nil, from) {
			var a store.Audit
			if err == nil {
				a, err = decodeAudit(e.key, e.value)
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// audit returns the record of a key of the audit.
func (t *tx) audit(key []byte) (store.Audit, error) {
	data, err := t.get(audit, key)
	if err != nil {
		return store.Audit{}, err
	}
	return decodeAudit(key, data)
}

func decodeAudit(key, data []byte) (store.Audit, error) {
	if len(key) != 8 {
		return store.Audit{}, errKey
	}
	var r auditRecord
	if err := decode("an audit record", data, &r); err != nil {
		return store.Audit{}, err
	}
	r.Seq = binary.BigEndian.Uint64(key)
	return store.Audit(r), nil
}

func (t *tx) Setting(name string) ([]byte, error) {
	value, err := t.get(settings, appendText(newKey(), name))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(value), nil
}

func (t *tx) PutSetting(name string, value []byte) error {
	if err := t.writable(); err != nil {
		return err
	}
	return t.put(settings, appendText(newKey(), name), append([]byte{}, value...))
}
