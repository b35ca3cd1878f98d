package boltstore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"

	"scim2slack/store"
)

// Keys are sequences of parts that each tell where they end, so that no two sequences make the same key, whatever text they
// hold, and a sequence is a prefix of exactly the keys that begin with it:
//
//	text    the bytes, 0x00 written as 00 FF, then 00 01; sorts as the text does
//	type    'U', 'G', or 'X' and the text of any other
//	id      01 and the 16 bytes of a UUID in canonical text form, or 02 and the text of any other; UUIDs sort first
//	index   one letter, or 'X' and the text of any other
//	value   01 and the text or, if it is longer than maxValue, 02 and its SHA-256: keys of bbolt are limited to 32 KB

const (
	tagUUID, tagText  = 1, 2 // of ids
	tagPlain, tagHash = 1, 2 // of values
	tagOther          = 'X'

	maxValue = 256
)

// errKey tells that a key of the file cannot be read.
var errKey = errors.New("damaged key in the store file")

func appendText(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(append(dst, s...), 0, 1)
		}
		dst = append(append(dst, s[:i]...), 0, 0xFF)
		s = s[i+1:]
	}
}

func cutText(b []byte) (s string, rest []byte, err error) {
	var escaped []byte
	for {
		i := bytes.IndexByte(b, 0)
		switch {
		case i < 0 || i+1 == len(b):
			return "", nil, errKey
		case b[i+1] == 1 && escaped == nil:
			return string(b[:i]), b[i+2:], nil
		case b[i+1] == 1:
			return string(append(escaped, b[:i]...)), b[i+2:], nil
		case b[i+1] != 0xFF:
			return "", nil, errKey
		}
		escaped = append(append(escaped, b[:i]...), 0)
		b = b[i+2:]
	}
}

func appendType(dst []byte, t store.Type) []byte {
	switch t {
	case store.User:
		return append(dst, 'U')
	case store.Group:
		return append(dst, 'G')
	}
	return appendText(append(dst, tagOther), string(t))
}

func cutType(b []byte) (t store.Type, rest []byte, err error) {
	if len(b) == 0 {
		return "", nil, errKey
	}
	switch b[0] {
	case 'U':
		return store.User, b[1:], nil
	case 'G':
		return store.Group, b[1:], nil
	case tagOther:
		s, rest, err := cutText(b[1:])
		return store.Type(s), rest, err
	}
	return "", nil, errKey
}

func appendID(dst []byte, id string) []byte {
	if out, ok := appendUUID(append(dst, tagUUID), id); ok {
		return out
	}
	return appendText(append(dst, tagText), id)
}

func cutID(b []byte) (id string, rest []byte, err error) {
	switch {
	case len(b) > 16 && b[0] == tagUUID:
		return uuidText(b[1:17]), b[17:], nil
	case len(b) > 0 && b[0] == tagText:
		return cutText(b[1:])
	}
	return "", nil, errKey
}

const hexDigits = "0123456789abcdef"

// appendUUID appends the 16 bytes of a UUID in canonical form: lower case, hyphens after 8, 12, 16 and 20 digits.
func appendUUID(dst []byte, s string) ([]byte, bool) {
	if len(s) != 36 {
		return dst, false
	}
	for i := 0; i < len(s); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return dst, false
			}
			i++
			continue
		}
		high, low := strings.IndexByte(hexDigits, s[i]), strings.IndexByte(hexDigits, s[i+1])
		if high < 0 || low < 0 {
			return dst, false
		}
		dst = append(dst, byte(high<<4|low))
		i += 2
	}
	return dst, true
}

func uuidText(b []byte) string {
	out := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return string(out)
}

// newKey returns room for a key of common length.
func newKey() []byte { return make([]byte, 0, 96) }

// keyOf returns the key of a resource.
func keyOf(k store.Key) []byte { return appendKey(newKey(), k) }

func appendKey(dst []byte, k store.Key) []byte {
	return appendID(appendSourceType(dst, k.Source, k.Type), k.ID)
}

func appendSourceType(dst []byte, source string, t store.Type) []byte {
	return appendType(appendText(dst, source), t)
}

func cutKey(b []byte) (k store.Key, rest []byte, err error) {
	if k.Source, rest, err = cutText(b); err != nil {
		return store.Key{}, nil, err
	}
	if k.Type, rest, err = cutType(rest); err != nil {
		return store.Key{}, nil, err
	}
	if k.ID, rest, err = cutID(rest); err != nil {
		return store.Key{}, nil, err
	}
	return k, rest, nil
}

func appendIndex(dst []byte, index store.Index) []byte {
	switch index {
	case store.IndexUserName:
		return append(dst, 'u')
	case store.IndexExternalID:
		return append(dst, 'x')
	case store.IndexEmail:
		return append(dst, 'e')
	case store.IndexDisplayName:
		return append(dst, 'd')
	case store.IndexManager:
		return append(dst, 'm')
	}
	return appendText(append(dst, tagOther), string(index))
}

// appendValue appends a value of an index. It is folded already.
func appendValue(dst []byte, value string) []byte {
	if len(value) > maxValue {
		sum := sha256.Sum256([]byte(value))
		return append(append(dst, tagHash), sum[:]...)
	}
	return appendText(append(dst, tagPlain), value)
}
