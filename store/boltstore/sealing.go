package boltstore

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// sealing is what an encrypted file says in clear about its encryption, as JSON in the meta bucket.
type sealing struct {
	Salt []byte `json:"salt"`
	// Keys are those that something in the file may need, the current one first. There is more than one while one replaces the others.
	Keys []keyID `json:"keys"`
	// Bucket and After tell how far that has come: all up to this key of this bucket is done.
	Bucket int    `json:"bucket,omitempty"`
	After  []byte `json:"after,omitempty"`
	// Renewed counts the values that it has encrypted anew.
	Renewed int `json:"renewed,omitempty"`
	// Stale: pages that are not in use may still hold what an earlier key encrypted.
	Stale bool `json:"stale,omitempty"`
}

var keySealing = []byte("encryption")

// formatSealed is the format of an encrypted file. It is another than that of a plain one, so that a version that knows no encryption refuses it.
const formatSealed = "scim2slack encrypted"

// newSealing begins the encryption of a file.
func newSealing(key Key) *sealing {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // it never fails
	return &sealing{Salt: salt, Keys: []keyID{key.id}}
}

// readSealing returns nil for a file that is not encrypted.
func readSealing(tx *bolt.Tx) (*sealing, error) {
	meta := tx.Bucket([]byte(bucketNames[metaBucket]))
	if string(meta.Get(keyFormat)) != formatSealed {
		return nil, nil
	}
	s := &sealing{}
	if err := json.Unmarshal(meta.Get(keySealing), s); err != nil || len(s.Keys) == 0 || s.Bucket < 0 || s.Bucket >= bucketCount {
		return nil, errors.New("what the store file says of its encryption is damaged; restore a backup")
	}
	return s, nil
}

func (s *sealing) write(tx *bolt.Tx) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	meta := tx.Bucket([]byte(bucketNames[metaBucket]))
	return errors.Join(meta.Put(keyFormat, []byte(formatSealed)), meta.Put(keySealing, data))
}

// check tells whether the keys given open the file, which may be a plain one (s is nil). The first is to be the current one.
func (s *sealing) check(path string, keys []Key) error {
	given := map[keyID]bool{}
	for _, k := range keys {
		if given[k.id] {
			return fmt.Errorf("the encryption %s is given twice: leave one out", k)
		}
		given[k.id] = true
	}
	if s == nil {
		return nil
	}
	var missing []string
	for _, id := range s.Keys {
		if !given[id] {
			missing = append(missing, id.String())
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(keys) == 0:
		return fmt.Errorf("%s is encrypted and no key is given: give the encryption key %s; encryption cannot be turned off for a file",
			path, strings.Join(missing, " and "))
	}
	have := make([]string, len(keys))
	for i, k := range keys {
		have[i] = k.ID()
	}
	return fmt.Errorf("%s is encrypted with the key %s, which is not among those given (%s): give it too, behind the new one",
		path, strings.Join(missing, " and "), strings.Join(have, ", "))
}

// ring makes the keys of the file ready.
func (s *sealing) ring(keys []Key) (ring, error) {
	var r ring
	for _, id := range s.Keys {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.id == id })
		f, err := keys[i].forFile(s.Salt)
		if err != nil {
			return nil, err
		}
		r = append(r, f)
	}
	return r, nil
}

// replaced returns what the file says once a key is the current one: from then on it replaces the others, from the beginning.
func (s *sealing) replaced(key Key) *sealing {
	if s.Keys[0] == key.id {
		return s
	}
	others := slices.DeleteFunc(slices.Clone(s.Keys), func(id keyID) bool { return id == key.id })
	return &sealing{Salt: s.Salt, Keys: append([]keyID{key.id}, others...), Stale: true}
}
