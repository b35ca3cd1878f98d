package storetest

import (
	"iter"
	"slices"
	"time"

	"scim2slack/store"
)

// modelAudit is the audit of a model: every record that ever was, and how many of the first are removed.
type modelAudit struct {
	audit      []store.Audit
	removed    int
	checkpoint store.Checkpoint
}

func (m modelAudit) clone() modelAudit {
	m.audit = slices.Clone(m.audit)
	return m
}

func (m *modelAudit) AppendAudit(a store.Audit) error {
	a.Seq = uint64(len(m.audit)) + 1
	m.audit = append(m.audit, a)
	return nil
}

func (m *modelAudit) AuditOf(k store.Key) iter.Seq2[store.Audit, error] {
	var of []store.Audit
	for _, a := range m.audit[m.removed:] {
		if a.Key == k {
			of = append(of, a)
		}
	}
	return yieldAll(of)
}

func (m *modelAudit) AuditAfter(seq uint64) iter.Seq2[store.Audit, error] {
	return yieldAll(m.audit[min(max(seq, uint64(m.removed)), uint64(len(m.audit))):])
}

// sealed is the whole chain, of the removed records too.
func (m *modelAudit) sealed() []store.Sealed {
	var chain []store.Sealed
	var before store.MAC
	for _, a := range m.audit {
		record, err := Sealer.Record(a)
		if err != nil {
			panic(err)
		}
		before = Sealer.Seal(before, a.Seq, record)
		chain = append(chain, store.Sealed{Seq: a.Seq, KeyID: Sealer.KeyID(), MAC: before, Record: record})
	}
	return chain
}

func (m *modelAudit) SealedAfter(seq uint64) iter.Seq2[store.Sealed, error] {
	return yieldAll(m.sealed()[min(max(seq, uint64(m.removed)), uint64(len(m.audit))):])
}

func (m *modelAudit) AuditHead() (store.Head, error) {
	if len(m.audit) == 0 {
		return store.Head{}, store.ErrNotFound
	}
	last := m.sealed()[len(m.audit)-1]
	return store.Head{Seq: last.Seq, MAC: last.MAC, Time: m.audit[len(m.audit)-1].Time, KeyID: last.KeyID}, nil
}

func (m *modelAudit) Checkpoint() (store.Checkpoint, error) {
	if m.removed == 0 {
		return store.Checkpoint{}, store.ErrNotFound
	}
	return m.checkpoint, nil
}

func (m *modelAudit) TrimAudit(before, now time.Time, most int) (int, error) {
	n := 0
	for n < most && m.removed < len(m.audit)-1 && m.audit[m.removed].Time.Before(before) {
		m.removed++
		n++
	}
	if n > 0 {
		last := m.sealed()[m.removed-1]
		m.checkpoint = Sealer.SealCheckpoint(store.Checkpoint{Seq: last.Seq, MAC: last.MAC, Removed: uint64(m.removed), Time: now})
	}
	return n, nil
}
