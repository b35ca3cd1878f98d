package boltstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// An encrypted value is
//
//	1 byte    sealedFormat
//	4 bytes   id of the key
//	1 byte    which of the key's subkeys (below 128), random
//	12 bytes  nonce, random
//	rest      what AES-256-GCM makes of the value (16 bytes more), with the bucket's name and the whole key as associated data
//
// A key may encrypt 2^32 messages with random nonces (NIST SP 800-38D section 8.3). As each message takes one of 128 subkeys at random,
// that is 2^39 values before a key wears out: 1,000 a second for 17 years. Nonces are drawn from the kernel for each value, not counted, so
// that neither a transaction that is rolled back, nor a restored file, nor a machine that is resumed twice from one snapshot repeats one.
const (
	sealedFormat = 1
	subkeys      = 128
	keyLength    = 32

	idAt, subkeyAt, nonceAt, sealedAt = 1, 5, 6, 18
	tagSize                           = 16
	overhead                          = sealedAt + tagSize

	// blindSize is the length of what stands for a value in an index: the id of the key and half of an HMAC-SHA256.
	blindSize = len(keyID{}) + sha256.Size/2
)

// errSealed tells that a value is not the one that was written under its key.
var errSealed = errors.New("a value was damaged or put there by somebody else; restore a backup")

// fileKey is a configured key made ready for one file. It is safe for concurrent use.
type fileKey struct {
	id     keyID
	values [subkeys]cipher.AEAD
	macs   sync.Pool // of hash.Hash: HMAC-SHA256 with the key of the indexes
}

// forFile derives the keys of a file. The salt, which each file has of its own, keeps two files with one configured key apart.
func (k Key) forFile(salt []byte) (*fileKey, error) {
	root, err := hkdf.Extract(sha256.New, k.secret[:], salt)
	if err != nil {
		return nil, err
	}
	indexKey, err := hkdf.Expand(sha256.New, root, "scim2slack index", keyLength)
	if err != nil {
		return nil, err
	}
	valueKeys, err := hkdf.Expand(sha256.New, root, "scim2slack values", subkeys*keyLength)
	if err != nil {
		return nil, err
	}
	f := &fileKey{id: k.id}
	for i := range f.values {
		block, err := aes.NewCipher(valueKeys[i*keyLength:][:keyLength])
		if err != nil {
			return nil, err
		}
		if f.values[i], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	f.macs.New = func() any { return hmac.New(sha256.New, indexKey) }
	return f, nil
}

// seal encrypts a value.
func (f *fileKey) seal(plain, associated []byte) []byte {
	out := make([]byte, sealedAt, overhead+len(plain))
	out[0] = sealedFormat
	copy(out[idAt:], f.id[:])
	_, _ = rand.Read(out[subkeyAt:]) // it never fails
	out[subkeyAt] %= subkeys
	return f.values[out[subkeyAt]].Seal(out, out[nonceAt:sealedAt], plain, associated)
}

// sealed reports whether it was this key that encrypted a value.
func (f *fileKey) sealed(value []byte) bool {
	return len(value) > subkeyAt && keyID(value[idAt:subkeyAt]) == f.id
}

// appendBlind appends what stands for a value in an index: equal for equal values alone, and telling nothing without the key.
func (f *fileKey) appendBlind(dst, value []byte) []byte {
	mac, _ := f.macs.Get().(hash.Hash)
	defer f.macs.Put(mac)
	mac.Reset()
	_, _ = mac.Write(value) // it never fails
	n := len(dst) + blindSize
	return mac.Sum(append(dst, f.id[:]...))[:n]
}

// ring holds the keys that something in the file may need, the current one first. It does not change.
type ring []*fileKey

func (r ring) current() *fileKey { return r[0] }

// open decrypts a value. The result is never nil and belongs to the caller.
func (r ring) open(value, associated []byte) ([]byte, error) {
	if len(value) < overhead || value[0] != sealedFormat || value[subkeyAt] >= subkeys {
		return nil, errSealed
	}
	id := keyID(value[idAt:subkeyAt])
	for _, f := range r {
		if f.id == id {
			plain, err := f.values[value[subkeyAt]].Open(make([]byte, 0, len(value)-overhead), value[nonceAt:sealedAt], value[sealedAt:], associated)
			if err != nil {
				return nil, errSealed
			}
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%w (it names the key %s, with which nothing here is encrypted)", errSealed, id)
}
