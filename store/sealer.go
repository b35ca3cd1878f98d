package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"

	"scim2slack/scim"
)

// The audit is a chain: the MAC of each record covers the one before it, so that a record can be changed, removed, added or moved only by who has
// the key. What a chain cannot tell by itself is where it should end: for that its head is exported, and kept elsewhere (Verifier).
//
//	MAC of a record = HMAC-SHA256(key, MAC of the record before (32 zero bytes for the first) || Seq (8 bytes, big endian) || JSON of the record)

// MAC is what seals a record.
type MAC [sha256.Size]byte

// String is the MAC in hexadecimal.
func (m MAC) String() string { return hex.EncodeToString(m[:]) }

// MarshalText and UnmarshalText are for JSON.
func (m MAC) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, m[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *MAC) UnmarshalText(text []byte) error { return unhex(m[:], text, "a MAC") }

// KeyID names a key without telling anything of it. The zero KeyID is of no key.
type KeyID [8]byte

// String is the id in hexadecimal.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText and UnmarshalText are for JSON.
func (id KeyID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *KeyID) UnmarshalText(text []byte) error { return unhex(id[:], text, "the id of a key") }

func unhex(dst, text []byte, what string) error {
	if hex.DecodedLen(len(text)) != len(dst) {
		return fmt.Errorf("%q is not %s: it has %d hexadecimal digits", text, what, 2*len(dst))
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("%q is not %s: %w", text, what, err)
	}
	return nil
}

// Head is where the chain ends at a moment. Kept elsewhere, it later proves that nothing up to it is gone or another.
type Head struct {
	Seq   uint64    `json:"seq"`
	MAC   MAC       `json:"mac"`
	Time  time.Time `json:"time,omitzero"` // of the record
	KeyID KeyID     `json:"keyId,omitzero"`
}

// String is SEQ:MAC.
func (h Head) String() string { return strconv.FormatUint(h.Seq, 10) + ":" + h.MAC.String() }

// ParseHead reads SEQ:MAC.
func ParseHead(text string) (h Head, err error) {
	seq, mac, ok := strings.Cut(strings.TrimSpace(text), ":")
	if h.Seq, err = strconv.ParseUint(seq, 10, 64); err != nil || !ok {
		return Head{}, errors.New("a head is written SEQ:MAC, as audit head prints it")
	}
	return h, h.MAC.UnmarshalText([]byte(mac))
}

// Checkpoint stands for the records that retention removed. Nobody can make one without the key.
type Checkpoint struct {
	Seq     uint64    `json:"seq"`     // of the last record that was removed
	MAC     MAC       `json:"mac"`     // of that record; zero if it was older than the chain
	Removed uint64    `json:"removed"` // how many there are no more, all in all
	Time    time.Time `json:"time"`
	KeyID   KeyID     `json:"keyId"`
	Seal    MAC       `json:"seal"`
}

// Sealer seals records, and checks seals. It is safe for concurrent use. A nil Sealer seals nothing.
type Sealer struct {
	keys   []*auditKey // the first seals
	values bool
}

// NewSealer makes a Sealer of the texts of keys: the first seals, the others are former ones that it can check too. With values, records keep the
// values of attributes rather than their hashes.
func NewSealer(values bool, key string, former ...string) *Sealer {
	s := &Sealer{values: values}
	for _, text := range append([]string{key}, former...) {
		s.keys = append(s.keys, newAuditKey(text))
	}
	return s
}

// KeyID is that of the key that seals.
func (s *Sealer) KeyID() KeyID { return s.keys[0].id }

// Seal returns the MAC of a record.
func (s *Sealer) Seal(before MAC, seq uint64, record []byte) MAC {
	return s.keys[0].seal(before, seq, record)
}

// SealCheckpoint completes a checkpoint.
func (s *Sealer) SealCheckpoint(c Checkpoint) Checkpoint {
	c.Time, c.KeyID = c.Time.UTC(), s.KeyID()
	c.Seal = s.keys[0].sealCheckpoint(c)
	return c
}

func (s *Sealer) key(id KeyID) *auditKey {
	for _, k := range s.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// auditKey is one key, as keys of its own for each purpose.
type auditKey struct {
	id                          KeyID
	chain, checkpoints, digests sync.Pool // of *hasher
}

func newAuditKey(text string) *auditKey {
	derive := func(purpose string) []byte {
		h := hmac.New(sha256.New, []byte(text))
		h.Write([]byte("scim2slack audit " + purpose))
		return h.Sum(nil)
	}
	pool := func(purpose string) sync.Pool {
		key := derive(purpose)
		return sync.Pool{New: func() any { return &hasher{hash: hmac.New(sha256.New, key)} }}
	}
	k := &auditKey{chain: pool("chain"), checkpoints: pool("checkpoint"), digests: pool("value")}
	copy(k.id[:], derive("key id"))
	return k
}

// hasher makes MACs with one key, with memory that is used again: a record in the making takes a handful of them.
type hasher struct {
	hash hash.Hash
	data []byte
	sum  MAC
}

// mac returns the MAC of what write appends, and of a part that follows.
func mac(pool *sync.Pool, write func(data []byte) []byte, rest []byte) MAC {
	h := pool.Get().(*hasher)
	defer pool.Put(h)
	h.data = write(h.data[:0])
	h.hash.Reset()
	h.hash.Write(h.data)
	h.hash.Write(rest)
	h.hash.Sum(h.sum[:0])
	return h.sum
}

func (k *auditKey) seal(before MAC, seq uint64, record []byte) MAC {
	return mac(&k.chain, func(data []byte) []byte { return binary.BigEndian.AppendUint64(append(data, before[:]...), seq) }, record)
}

func (k *auditKey) sealCheckpoint(c Checkpoint) MAC {
	return mac(&k.checkpoints, func(data []byte) []byte {
		data = append(binary.BigEndian.AppendUint64(data, c.Seq), c.MAC[:]...)
		data = binary.BigEndian.AppendUint64(data, c.Removed)
		return binary.BigEndian.AppendUint64(data, uint64(c.Time.UnixNano()))
	}, nil)
}

// digest hashes a value together with the name of its attribute, so that nobody sees from two records that a title is also a department. 96
// bits are enough to tell values apart.
func (k *auditKey) digest(attribute string, value any) any {
	switch value.(type) {
	case nil, bool:
		return value
	}
	m := mac(&k.digests, func(data []byte) []byte { return scim.AppendJSONValue(append(append(data, attribute...), 0), value) }, nil)
	text := append(make([]byte, 0, 24), "hmac:"...)
	return string(base64.RawURLEncoding.AppendEncode(text, m[:12]))
}
