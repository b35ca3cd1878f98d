package boltstore

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"scim2slack/store"
)

// An audit record is kept as
//
//	1 byte     auditPlain, or auditSealed followed by
//	8 bytes    the id of the key
//	32 bytes   the MAC
//	rest       the record, JSON (store.Audit)
//
// or, as versions before the chain wrote it, as JSON alone (oldAuditRecord).
const (
	auditPlain  = 0
	auditSealed = 1
	auditOld    = '{'

	sealSize = 1 + len(store.KeyID{}) + len(store.MAC{})
)

// eventBegun is the event of the record with which the chain begins in a file that has records before it.
const eventBegun = "audit.begun"

func (t *tx) AppendAudit(a store.Audit) error {
	if err := t.writable(); err != nil {
		return err
	}
	last, err := t.lastSealed()
	if err != nil {
		return err
	}
	if t.sealer == nil && last.KeyID != (store.KeyID{}) {
		return store.ErrNoSealer
	}
	if t.sealer != nil && last.Seq > 0 && last.KeyID == (store.KeyID{}) {
		begun := store.Audit{Time: a.Time, Actor: "gateway", Event: eventBegun, Detail: "the records before this one have no MAC"}
		if last, err = t.appendAudit(begun, store.MAC{}); err != nil {
			return err
		}
	}
	_, err = t.appendAudit(a, last.MAC)
	return err
}

// appendAudit writes a record after the one with the MAC.
func (t *tx) appendAudit(a store.Audit, before store.MAC) (r store.Sealed, err error) {
	if r.Record, err = t.sealer.Record(a); err != nil {
		return r, err
	}
	t.writes++ // the sequence
	if r.Seq, err = t.bucket(audit).NextSequence(); err != nil {
		return r, err
	}
	if t.sealer != nil {
		r.KeyID, r.MAC = t.sealer.KeyID(), t.sealer.Seal(before, r.Seq, r.Record)
	}
	key := auditKey(r.Seq)
	if err := t.put(audit, key, encodeSealed(r)); err != nil {
		return r, err
	}
	return r, t.put(auditOf, append(keyOf(a.Key), key...), []byte{})
}

// lastSealed returns the newest record, which a new one follows; the zero Sealed if there is none. One that is missing, in a file that somebody
// changed, does not keep anybody from writing: what follows does not fit then, and a verification tells.
func (t *tx) lastSealed() (store.Sealed, error) {
	seq := t.bucket(audit).Sequence()
	data, err := t.get(audit, auditKey(seq))
	if data == nil || err != nil {
		return store.Sealed{}, err
	}
	return decodeSealed(seq, data), nil
}

func auditKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func encodeSealed(r store.Sealed) []byte {
	dst := make([]byte, 0, sealSize+len(r.Record))
	if r.KeyID == (store.KeyID{}) {
		return append(append(dst, auditPlain), r.Record...)
	}
	dst = append(append(dst, auditSealed), r.KeyID[:]...)
	return append(append(dst, r.MAC[:]...), r.Record...)
}

// decodeSealed reads the seal of a record. The rest stays where it is. Bytes that are no record are one without a seal: a verification says what
// is wrong with that.
func decodeSealed(seq uint64, data []byte) store.Sealed {
	r := store.Sealed{Seq: seq, Record: data}
	switch {
	case len(data) > 0 && data[0] == auditPlain:
		r.Record = data[1:]
	case len(data) > 0 && data[0] == auditOld:
		var old oldAuditRecord
		if json.Unmarshal(data, &old) != nil {
			break
		}
		if record, err := (*store.Sealer)(nil).Record(old.audit()); err == nil {
			r.Record = record
		}
	case len(data) >= sealSize && data[0] == auditSealed:
		copy(r.KeyID[:], data[1:])
		copy(r.MAC[:], data[1+len(r.KeyID):])
		r.Record = data[sealSize:]
	}
	return r
}

func decodeAudit(seq uint64, data []byte) (store.Audit, error) {
	a, err := store.DecodeAudit(decodeSealed(seq, data).Record)
	if err != nil {
		return store.Audit{}, fmt.Errorf("record %d: %w", seq, err)
	}
	a.Seq = seq
	return a, nil
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

// audit returns the record of a key of the audit.
func (t *tx) audit(key []byte) (store.Audit, error) {
	if len(key) != 8 {
		return store.Audit{}, errKey
	}
	data, err := t.get(audit, key)
	if err != nil {
		return store.Audit{}, err
	}
	return decodeAudit(binary.BigEndian.Uint64(key), data)
}

func (t *tx) AuditAfter(seq uint64) iter.Seq2[store.Audit, error] {
	return auditAfter(t, seq, decodeAudit)
}

func (t *tx) SealedAfter(seq uint64) iter.Seq2[store.Sealed, error] {
	return auditAfter(t, seq, func(seq uint64, data []byte) (store.Sealed, error) { return decodeSealed(seq, data), nil })
}

func auditAfter[R any](t *tx, seq uint64, decode func(uint64, []byte) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		if seq == math.MaxUint64 {
			return
		}
		for e, err := range t.scan(audit, nil, auditKey(seq+1)) {
			var r R
			if err == nil {
				var seq uint64 // 0 is no record's
				if len(e.key) == 8 {
					seq = binary.BigEndian.Uint64(e.key)
				}
				r, err = decode(seq, e.value)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) AuditHead() (store.Head, error) {
	key, _ := t.bucket(audit).Cursor().Last()
	if len(key) != 8 {
		return store.Head{}, store.ErrNotFound
	}
	seq := binary.BigEndian.Uint64(key)
	data, err := t.get(audit, key)
	if err != nil {
		return store.Head{}, err
	}
	r := decodeSealed(seq, data)
	if r.KeyID == (store.KeyID{}) {
		return store.Head{}, store.ErrNotFound
	}
	a, err := decodeAudit(seq, data)
	return store.Head{Seq: seq, MAC: r.MAC, Time: a.Time, KeyID: r.KeyID}, err
}

// checkpointSetting is the setting that holds the checkpoint.
const checkpointSetting = "audit.checkpoint"

func (t *tx) Checkpoint() (c store.Checkpoint, err error) {
	data, err := t.Setting(checkpointSetting)
	if err != nil {
		return c, err
	}
	return c, decode("the checkpoint of the audit", data, &c)
}

func (t *tx) TrimAudit(before, now time.Time, most int) (removed int, err error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	if t.sealer == nil {
		return 0, store.ErrNoSealer
	}
	c, err := t.Checkpoint()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	newest := t.bucket(audit).Sequence()
	for e, err := range t.scan(audit, nil, nil) {
		if err != nil {
			return removed, err
		}
		if len(e.key) != 8 {
			return removed, errKey
		}
		seq := binary.BigEndian.Uint64(e.key)
		sealed := decodeSealed(seq, e.value)
		a, err := store.DecodeAudit(sealed.Record)
		if err != nil {
			return removed, fmt.Errorf("record %d: %w", seq, err)
		}
		if removed == most || seq == newest || !a.Time.Before(before) {
			break
		}
		c.Seq, c.MAC = seq, sealed.MAC
		if err := errors.Join(t.delete(audit, e.key), t.delete(auditOf, append(keyOf(a.Key), e.key...))); err != nil {
			return removed, err
		}
		removed++
	}
	if removed == 0 {
		return 0, nil
	}
	c.Time, c.Removed = now, c.Removed+uint64(removed)
	data, err := json.Marshal(t.sealer.SealCheckpoint(c))
	if err != nil {
		return removed, err
	}
	return removed, t.PutSetting(checkpointSetting, data)
}

// oldAuditRecord is a record as versions before the chain wrote it.
type oldAuditRecord struct {
	Time       time.Time `json:"at,omitzero"`
	Actor      string    `json:"by,omitempty"`
	Key        store.Key `json:"k,omitzero"`
	Event      string    `json:"ev,omitempty"`
	RequestID  string    `json:"rq,omitempty"`
	Generation uint64    `json:"g,omitempty"`
	SlackID    string    `json:"id,omitempty"`
	Attributes []string  `json:"an,omitempty"`
	Detail     string    `json:"d,omitempty"`
}

func (r oldAuditRecord) audit() store.Audit {
	return store.Audit{Time: r.Time, Actor: r.Actor, Key: r.Key, Event: r.Event, RequestID: r.RequestID, Generation: r.Generation,
		SlackID: r.SlackID, Changes: store.Changed(r.Attributes...), Detail: r.Detail}
}
