package boltstore

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"scim2slack/scim"
	"scim2slack/store"
)

// The small records are JSON with short names. Each type has the fields of its record, so that the two convert and a field
// that one of them lacks does not compile. What the key of the file says is not repeated in the value.

type linkRecord struct {
	Key           store.Key             `json:"-"`
	SlackID       string                `json:"id,omitempty"`
	Origin        store.Origin          `json:"or,omitempty"`
	MatchedBy     string                `json:"by,omitempty"`
	Linked        time.Time             `json:"at,omitzero"`
	Active        bool                  `json:"ac,omitempty"`
	Applied       scim.SlackUserProfile `json:"ap,omitzero"`
	Altered       scim.SlackUserProfile `json:"al,omitzero"`
	WithheldEmail string                `json:"we,omitempty"`
	Unsure        time.Time             `json:"us,omitzero"`
	Name          string                `json:"n,omitempty"`
}

type formerRecord struct {
	Source     string    `json:"s"`
	SlackID    string    `json:"-"`
	ID         string    `json:"id,omitempty"`
	UserName   string    `json:"un,omitempty"`
	ExternalID string    `json:"ex,omitempty"`
	Email      string    `json:"em,omitempty"`
	Ended      time.Time `json:"at,omitzero"`
	Imported   bool      `json:"im,omitempty"`
}

type statusRecord struct {
	Key         store.Key   `json:"-"`
	Observed    uint64      `json:"o,omitempty"`
	Phase       store.Phase `json:"p,omitempty"`
	Attempts    int         `json:"a,omitempty"`
	NextAttempt time.Time   `json:"nx,omitzero"`
	Reason      string      `json:"r,omitempty"`
	Message     string      `json:"m,omitempty"`
	Warnings    []string    `json:"w,omitempty"`
	Updated     time.Time   `json:"at,omitzero"`
	Woken       uint64      `json:"k,omitempty"`
	Plan        string      `json:"pl,omitempty"`
}

type intentRecord struct {
	Key        store.Key `json:"-"`
	Op         string    `json:"op,omitempty"`
	Generation uint64    `json:"g,omitempty"`
	SlackID    string    `json:"id,omitempty"`
	UserName   string    `json:"un,omitempty"`
	Email      string    `json:"em,omitempty"`
	Name       string    `json:"n,omitempty"`
	Sent       time.Time `json:"at,omitzero"`
	GivenUp    time.Time `json:"gu,omitzero"`
}

// encode returns the JSON of a small record.
func encode(kind string, record any) ([]byte, error) {
	data, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", kind, err)
	}
	return data, nil
}

// decode reads the JSON of a small record.
func decode(kind string, data []byte, record any) error {
	if err := json.Unmarshal(data, record); err != nil {
		return fmt.Errorf("read %s: damaged record in the store file: %w", kind, err)
	}
	return nil
}

// A resource is kept as
//
//	1 byte    resourceFormat
//	1 byte    1 if deleted, else 0
//	uvarint   generation
//	time      created: seconds since 1970 (varint), nanoseconds (uvarint)
//	time      modified
//	rest      the document, a JSON object
const resourceFormat = 1

var errResource = errors.New("damaged resource in the store file")

func encodeResource(r store.Resource) ([]byte, error) {
	dst := make([]byte, 0, 1024)
	deleted := byte(0)
	if r.Deleted {
		deleted = 1
	}
	dst = append(dst, resourceFormat, deleted)
	dst = binary.AppendUvarint(dst, r.Generation)
	dst = appendTime(dst, r.Created)
	dst = appendTime(dst, r.Modified)
	dst, err := appendDocument(dst, r.Document)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", r.Key, err)
	}
	return dst, nil
}

// decodeStored reads all but the document.
func decodeStored(key store.Key, data []byte) (store.Stored, error) {
	r, document, err := decodeHeader(data)
	if err != nil {
		return store.Stored{}, fmt.Errorf("read %s: %w", key, err)
	}
	r.Key = key
	return store.Stored{Resource: r, JSON: document}, nil
}

// withDocument reads the document too.
func withDocument(stored store.Stored) (r store.Resource, err error) {
	r = stored.Resource
	if r.Document, err = decodeDocument(stored.JSON); err != nil {
		return store.Resource{}, fmt.Errorf("read %s: %w", r.Key, err)
	}
	return r, nil
}

func decodeResource(key store.Key, data []byte) (store.Resource, error) {
	stored, err := decodeStored(key, data)
	if err != nil {
		return store.Resource{}, err
	}
	return withDocument(stored)
}

func decodeHeader(data []byte) (r store.Resource, document []byte, err error) {
	if len(data) < 2 || data[0] != resourceFormat {
		return store.Resource{}, nil, errResource
	}
	r.Deleted = data[1] == 1
	generation, n := binary.Uvarint(data[2:])
	if n <= 0 {
		return store.Resource{}, nil, errResource
	}
	r.Generation = generation
	data = data[2+n:]
	if r.Created, data, err = cutTime(data); err != nil {
		return store.Resource{}, nil, err
	}
	if r.Modified, data, err = cutTime(data); err != nil {
		return store.Resource{}, nil, err
	}
	return r, data, nil
}

func appendTime(dst []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(dst, t.Unix()), uint64(t.Nanosecond()))
}

func cutTime(b []byte) (time.Time, []byte, error) {
	seconds, n := binary.Varint(b)
	if n <= 0 {
		return time.Time{}, nil, errResource
	}
	nanoseconds, m := binary.Uvarint(b[n:])
	if m <= 0 || nanoseconds >= 1e9 {
		return time.Time{}, nil, errResource
	}
	return time.Unix(seconds, int64(nanoseconds)).UTC(), b[n+m:], nil
}
