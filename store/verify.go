package store

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
)

// Sealed is a record as it lies in a store, for verifying and exporting it.
type Sealed struct {
	Seq    uint64
	KeyID  KeyID // zero: it is older than the chain and has no MAC
	MAC    MAC
	Record []byte // JSON
}

// ChainError says that the audit is not what was written.
type ChainError struct {
	Seq     uint64 // of the first record that is wrong; 0: it is about no record
	Problem string
}

func (e *ChainError) Error() string {
	if e.Seq == 0 {
		return e.Problem
	}
	return fmt.Sprintf("record %d: %s", e.Seq, e.Problem)
}

func broken(seq uint64, format string, args ...any) error {
	return &ChainError{seq, fmt.Sprintf(format, args...)}
}

// Verifier checks a chain, record by record and oldest first, against the key and a head that was exported earlier. Its errors are
// *ChainError. It looks at bytes alone.
type Verifier struct {
	sealer *Sealer
	head   Head // zero: none is known

	last     uint64 // Seq of the record before
	mac      MAC    // of that; zero before the chain
	begun    bool   // the chain has
	unsealed uint64
	verified uint64
	removed  uint64
	met      bool // the head was
}

// Verifier returns a Verifier. A zero head is none: then a cut tail and an older copy cannot be found.
func (s *Sealer) Verifier(head Head) *Verifier { return &Verifier{sealer: s, head: head} }

// Checkpoint takes the place of the records that retention removed.
func (v *Verifier) Checkpoint(c Checkpoint) error {
	if c.Seq <= v.last {
		return nil
	}
	key := v.sealer.key(c.KeyID)
	if key == nil {
		return broken(0, "the checkpoint is sealed with the key %s, which is not at hand", c.KeyID)
	}
	if seal := key.sealCheckpoint(c); !hmac.Equal(seal[:], c.Seal[:]) {
		return broken(0, "the checkpoint, which stands for the records up to %d that retention removed, is forged or damaged", c.Seq)
	}
	v.last, v.mac, v.begun, v.removed = c.Seq, c.MAC, c.MAC != MAC{}, c.Removed
	return v.meet(c.Seq, c.MAC)
}

// After begins behind a record whose head is known, for a part of the chain.
func (v *Verifier) After(h Head) {
	v.last, v.mac, v.begun = h.Seq, h.MAC, h.MAC != MAC{}
}

// Record checks the next record.
func (v *Verifier) Record(r Sealed) error {
	switch {
	case r.Seq > v.last+1 && v.last == 0:
		return broken(v.last+1, "it is missing, and so is all before record %d", r.Seq)
	case r.Seq > v.last+1:
		return broken(v.last+1, "it is missing: after record %d comes record %d", v.last, r.Seq)
	case r.Seq <= v.last:
		return broken(r.Seq, "it stands after record %d, where it does not belong", v.last)
	}
	if r.KeyID == (KeyID{}) {
		if v.begun {
			return broken(r.Seq, "it has no MAC, although the chain began before it")
		}
		v.last = r.Seq
		v.unsealed++
		return v.meet(r.Seq, MAC{})
	}
	key := v.sealer.key(r.KeyID)
	if key == nil {
		return broken(r.Seq, "it is sealed with the key %s, which is not at hand", r.KeyID)
	}
	if want := key.seal(v.mac, r.Seq, r.Record); !hmac.Equal(want[:], r.MAC[:]) {
		return broken(r.Seq, "its MAC does not fit: it was changed, put in, or moved, or the one before it was replaced")
	}
	v.last, v.mac, v.begun = r.Seq, r.MAC, true
	v.verified++
	return v.meet(r.Seq, r.MAC)
}

// meet compares the head when its record is reached.
func (v *Verifier) meet(seq uint64, mac MAC) error {
	if seq < v.head.Seq || v.met || v.head == (Head{}) {
		return nil
	}
	v.met = true
	if seq == v.head.Seq && !hmac.Equal(mac[:], v.head.MAC[:]) {
		return broken(seq, "it is another than when the head %d was exported: an older copy of the file was put back and written on, or the chain was made anew", seq)
	}
	return nil
}

// Verdict is what a verification came to.
type Verdict struct {
	Verified   uint64 `json:"verified"`             // records with a good MAC
	Unsealed   uint64 `json:"unsealed"`             // that are older than the chain, of which nothing is proven
	Removed    uint64 `json:"removed"`              // by retention, as a sealed checkpoint says
	Last       Head   `json:"last,omitzero"`        // where the chain ends
	Head       *Head  `json:"head,omitempty"`       // against which it was verified
	Broken     bool   `json:"broken"`               // then the rest says where
	BrokenAt   uint64 `json:"brokenAt,omitempty"`   // the first record that is wrong; 0: it is about no record
	BrokenBy   string `json:"brokenBy,omitempty"`   // what is wrong
	HeadBehind bool   `json:"headBehind,omitempty"` // the record of the head is one that retention removed
}

// End tells whether the chain reaches the head, and what all came to. err is what Record or Checkpoint said, or nil. Errors other than
// *ChainError are returned.
func (v *Verifier) End(err error) (Verdict, error) {
	out := Verdict{Verified: v.verified, Unsealed: v.unsealed, Removed: v.removed, Last: Head{Seq: v.last, MAC: v.mac}}
	if v.head != (Head{}) {
		out.Head = &v.head
		out.HeadBehind = v.head.Seq < v.removed
		if err == nil && v.last < v.head.Seq {
			err = broken(v.last+1, "it is missing, and so is all after it up to the head %d: the tail was cut off, or an older copy of the file was put back", v.head.Seq)
		}
	}
	if e := (*ChainError)(nil); errors.As(err, &e) {
		out.Broken, out.BrokenAt, out.BrokenBy = true, e.Seq, e.Error()
		return out, nil
	}
	return out, err
}

// verifyChunk is how many records are verified in one View, so that a long chain keeps nobody from writing.
const verifyChunk = 20_000

// VerifyAudit verifies the whole chain of a store against the key and a head (zero: none). What is wrong is in the verdict; the error is that of the
// store or of ctx.
func VerifyAudit(ctx context.Context, s Store, sealer *Sealer, head Head) (Verdict, error) {
	v := sealer.Verifier(head)
	for {
		n := 0
		err := s.View(ctx, func(tx Tx) error {
			c, err := tx.Checkpoint()
			if err == nil {
				err = v.Checkpoint(c)
			}
			if err = ignoreNotFound(err); err != nil {
				return err
			}
			for r, err := range tx.SealedAfter(v.last) {
				if err == nil {
					err = v.Record(r)
				}
				if n++; err != nil || n == verifyChunk {
					return err
				}
			}
			return nil
		})
		if err != nil || n < verifyChunk {
			return v.End(err)
		}
	}
}
