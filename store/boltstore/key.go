package boltstore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Key is a configured key that encrypts a store. It is secret; whatever prints it, prints its id alone.
type Key struct {
	secret *[keySize]byte // a pointer, because fmt prints what is inside a field that is not exported and asks no method
	id     keyID
}

const keySize = 32

// keyID names a key in the file, in messages and in logs. It tells nothing of the key.
type keyID [4]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText and UnmarshalText make it hexadecimal in JSON.
func (id keyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

func (id *keyID) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(id) {
		return fmt.Errorf("%q is no id of a key", text)
	}
	copy(id[:], raw)
	return nil
}

// ParseKey reads 32 bytes in hexadecimal (64 digits) or base64 (either alphabet, with or without padding). Errors do not show the text.
func ParseKey(text string) (Key, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err = base64.RawStdEncoding.Strict().DecodeString(plain)
	}
	if err != nil || len(raw) != keySize {
		return Key{}, errors.New("is not a key of 32 bytes in base64 or hexadecimal: make one with openssl rand -base64 32")
	}
	k := Key{secret: (*[keySize]byte)(raw)}
	sum := sha256.Sum256(append([]byte("scim2slack key id\x00"), raw...))
	copy(k.id[:], sum[:])
	return k, nil
}

// ID returns the name of the key, which is not secret: 8 hexadecimal digits.
func (k Key) ID() string { return k.id.String() }

// Format keeps every verb from reaching the secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key "+k.ID()) }

// MarshalText keeps encoders from reaching it.
func (k Key) MarshalText() ([]byte, error) { return []byte("key " + k.ID()), nil }
