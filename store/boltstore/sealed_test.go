package boltstore

import (
	"bytes"
	"errors"
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"

	"scim2slack/store"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sealedRecord is a record as it is in an encrypted file.
type sealedRecord struct {
	bucket     int
	key, value []byte
}

func records(t testing.TB, s *Store) (all []sealedRecord) {
	t.Helper()
	err := s.db.View(func(tx *bolt.Tx) error {
		for i := metaBucket + 1; i < bucketCount; i++ {
			err := tx.Bucket([]byte(bucketNames[i])).ForEach(func(k, v []byte) error {
				all = append(all, sealedRecord{i, bytes.Clone(k), bytes.Clone(v)})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every bit of every value, of every key, and every value in the place of every other one.
func TestATamperedRecordIsAnError(t *testing.T) {
	s := openTest(t, testPath(t), Options{Keys: []Key{testKey(t, 1)}})
	fillCanaries(t, s)
	all := records(t, s)
	buckets := map[int]bool{}
	for _, r := range all {
		buckets[r.bucket] = true
	}
	if len(buckets) != bucketCount-1 {
		t.Fatalf("records in %d buckets of %d", len(buckets), bucketCount-1)
	}
	tampers := 0
	view(t, s, func(stx store.Tx) error {
		tx, ok := stx.(*tx)
		if !ok {
			t.Fatal("no transaction of ours")
		}
		refused := func(what string, bucket int, key, value []byte) {
			tampers++
			if plain, err := tx.open(bucket, key, value); !errors.Is(err, errSealed) || plain != nil {
				t.Fatalf("%s in %s: got %q, %v", what, bucketNames[bucket], plain, err)
			}
		}
		for i, r := range all {
			if _, err := tx.open(r.bucket, r.key, r.value); err != nil {
				t.Fatal(err)
			}
			for bit := range 8 * len(r.value) {
				refused("a bit of the value", r.bucket, r.key, flipped(r.value, bit))
			}
			for bit := range 8 * len(r.key) {
				refused("a bit of the key", r.bucket, flipped(r.key, bit), r.value)
			}
			for n := range r.value {
				refused("cut short", r.bucket, r.key, r.value[:n])
			}
			refused("longer", r.bucket, r.key, append(bytes.Clone(r.value), 0))
			for j, other := range all {
				if i != j {
					refused("the value of another", r.bucket, r.key, other.value)
				}
			}
		}
		return nil
	})
	t.Logf("%d tampers, all found", tampers)
}

func flipped(b []byte, bit int) []byte {
	out := bytes.Clone(b)
	out[bit/8] ^= 1 << (bit % 8)
	return out
}

// What is found so reaches who reads, by every method, and is never taken for a record that is not there.
func TestATamperedRecordReachesItsReader(t *testing.T) {
	user := store.Key{Source: "okta", Type: store.User, ID: "019a4d7e-0000-7abc-8def-000000000001"}
	group := store.Key{Source: "okta", Type: store.Group, ID: "019a4d7e-0000-7abc-8def-000000000002"}
	last := func(seq func(func(store.Audit, error) bool)) (err error) {
		for _, err = range seq {
		}
		return err
	}
	reads := map[int]func(tx store.Tx) error{
		resources: func(tx store.Tx) error {
			for _, err := range tx.ResourcesAfter("okta", store.User, "") {
				_, err2 := tx.Live(user)
				if _, err3 := tx.Resource(user); err2 == nil || err3 == nil {
					return nil
				}
				return err
			}
			return nil
		},
		counts:  func(tx store.Tx) error { _, err := tx.CountResources("okta", store.Group); return err },
		unacked: func(tx store.Tx) error { _, err := tx.Unacknowledged(user); return err },
		members: func(tx store.Tx) error { _, err := tx.IsMember(group, user.ID); return err },
		memberOf: func(tx store.Tx) (err error) {
			for _, err = range tx.GroupsOf(user) {
			}
			return err
		},
		links:  func(tx store.Tx) error { _, err := tx.Link(user); return err },
		linkOf: func(tx store.Tx) error { _, err := tx.LinkOf(store.User, "W1"); return err },
		formers: func(tx store.Tx) error {
			_, err := tx.FindFormer("okta", store.IndexEmail, "canary@example.com")
			return err
		},
		slackMembers: func(tx store.Tx) (err error) {
			for _, err = range tx.SlackMembers(group) {
			}
			return err
		},
		status:   func(tx store.Tx) error { _, err := tx.Status(user); return err },
		intents:  func(tx store.Tx) error { _, err := tx.Intent(user); return err },
		audit:    func(tx store.Tx) error { return last(tx.AuditAfter(0)) },
		auditOf:  func(tx store.Tx) error { return last(tx.AuditOf(user)) },
		settings: func(tx store.Tx) error { _, err := tx.Setting("x"); return err },
		pending: func(tx store.Tx) (err error) {
			for _, err = range tx.PendingKeys() {
			}
			return err
		},
		index: func(tx store.Tx) (err error) {
			_, err = tx.FindResources("okta", store.User, store.IndexUserName, "canary.user")
			return err
		},
		formerOf: func(tx store.Tx) (err error) {
			_, err = tx.FindFormer("okta", store.IndexUserName, "canary.user")
			return err
		},
	}
	for bucket := metaBucket + 1; bucket < bucketCount; bucket++ {
		s := openTest(t, testPath(t), Options{NoSync: true, Keys: []Key{testKey(t, 1)}})
		fillCanaries(t, s)
		changeAll(t, s, bucket)
		err := s.View(t.Context(), reads[bucket])
		if !errors.Is(err, errSealed) {
			t.Errorf("%s: got error %v", bucketNames[bucket], err)
		}
	}
}

// changeAll flips a bit of each value of a bucket.
func changeAll(t testing.TB, s *Store, bucket int) {
	t.Helper()
	err := s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketNames[bucket]))
		for _, r := range records(t, s) {
			if r.bucket == bucket {
				if err := b.Put(r.key, flipped(r.value, 8*len(r.value)-1)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzOpen holds the decoder of values to what was sealed: it takes that in its place and nothing else, and never panics.
func FuzzOpen(f *testing.F) {
	key, err := testKey(f, 1).forFile([]byte("salt"))
	if err != nil {
		f.Fatal(err)
	}
	place := []byte("status\x00okta")
	sealed := key.seal([]byte("what was written"), place)
	f.Add(sealed, place)
	f.Add([]byte{}, place)
	f.Add(sealed[:overhead], place)
	f.Add(flipped(sealed, 0), place)
	f.Add(sealed, []byte("status\x00okto"))
	f.Fuzz(func(t *testing.T, value, associated []byte) {
		plain, err := ring{key}.open(value, associated)
		if err != nil && plain != nil || err == nil && (string(plain) != "what was written" || !bytes.Equal(associated, place)) {
			t.Fatalf("%x with %q: got %q, %v", value, associated, plain, err)
		}
	})
}
