package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"scim2slack/scim"
	"scim2slack/store"
)

// The sealer of these tests keeps no values, as by default.
var tamperSealer = store.NewSealer(false, "a key that whoever tampers does not have")

// auditFile is a closed store file with an audit, as it was at several moments.
type auditFile struct {
	path  string
	older [][]byte // copies of earlier moments
	now   []byte
	head  store.Head // exported at the end
	first uint64     // seq of the oldest record
	fork  [][]byte   // the records with which the last day ended in another course of events, sealed with the key
}

// newAuditFile writes records as a gateway does, lets retention remove the first, and keeps copies of the file on the way.
func newAuditFile(t testing.TB) *auditFile {
	f := &auditFile{path: testPath(t)}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := range 6 {
		s, err := Open(f.path, Options{NoSync: true, Sealer: tamperSealer})
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx store.Tx) error {
			for n := range 30 {
				k := store.Key{Source: "okta", Type: store.User, ID: fmt.Sprintf("019a4d7e-0000-7abc-8def-%012x", n%7)}
				a := store.Audit{Time: began.AddDate(0, 0, day), Actor: "source:okta", Key: k, Event: "resource.patched", Generation: uint64(day),
					Changes: []store.Change{{Attribute: "title", Before: fmt.Sprint("title ", n-1), After: fmt.Sprint("title ", n)}}}
				if err := tx.AppendAudit(a); err != nil {
					return err
				}
			}
			return nil
		})
		if day == 2 {
			update(t, s, func(tx store.Tx) error {
				n, err := tx.TrimAudit(began.AddDate(0, 0, 1), began.AddDate(0, 0, 2), 1000)
				f.first = uint64(n) + 1
				return err
			})
		}
		view(t, s, func(tx store.Tx) (err error) {
			f.head, err = tx.AuditHead()
			return err
		})
		used := int64(0) // the rest of the file is room
		if err := errorsJoin(s.db.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil }), s.Close()); err != nil {
			t.Fatal(err)
		}
		if f.now, err = os.ReadFile(f.path); err != nil {
			t.Fatal(err)
		}
		f.now = f.now[:used:used]
		if day < 5 {
			f.older = append(f.older, f.now)
		}
	}
	f.branch(t)
	return f
}

// branch puts the file of the day before back, lets the gateway go on with other records, and keeps those.
func (f *auditFile) branch(t testing.TB) {
	path := testPath(t)
	if err := os.WriteFile(path, f.older[len(f.older)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Options{NoSync: true, Sealer: tamperSealer})
	update(t, s, func(tx store.Tx) error {
		for n := range 30 {
			if err := tx.AppendAudit(store.Audit{Event: "resource.deleted", Generation: uint64(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	err := s.db.View(func(tx *bolt.Tx) error {
		for seq := f.head.Seq - 29; seq <= f.head.Seq; seq++ {
			f.fork = append(f.fork, at(tx.Bucket([]byte("audit")), seq))
		}
		return nil
	})
	if err := errorsJoin(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// verify judges a file by the head that was exported.
func (f *auditFile) verify(t testing.TB, path string) store.Verdict {
	t.Helper()
	s, err := Open(path, Options{ReadOnly: true, Sealer: tamperSealer})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := store.VerifyAudit(context.Background(), s, tamperSealer, f.head)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// edit changes a copy of the file through bbolt, without this package.
func edit(t testing.TB, path string, do func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, NoGrowSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(do); err != nil {
		t.Fatal(err)
	}
}

// tamper changes the records of the file; which is drawn. It says what it did.
type tamper struct {
	name string
	do   func(t testing.TB, f *auditFile, path string, draw *rand.Rand) string
}

func at(b *bolt.Bucket, seq uint64) []byte { return bytes.Clone(b.Get(auditKey(seq))) }

// inRecords is a tamper with the records from first to last.
func inRecords(name string, do func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error)) tamper {
	return tamper{name, func(t testing.TB, f *auditFile, path string, draw *rand.Rand) (what string) {
		edit(t, path, func(tx *bolt.Tx) (err error) {
			what, err = do(tx.Bucket([]byte("audit")), f.first, f.head.Seq, draw)
			return err
		})
		return what
	}}
}

func pick(draw *rand.Rand, first, last uint64) uint64 { return first + draw.Uint64N(last-first+1) }

var tampers = []tamper{
	inRecords("flip a bit", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		seq := pick(draw, first, last)
		data := at(b, seq)
		bit := draw.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		return fmt.Sprintf("bit %d of record %d", bit, seq), b.Put(auditKey(seq), data)
	}),
	inRecords("delete", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		from := pick(draw, first, last)
		to := min(last, from+draw.Uint64N(5))
		for seq := from; seq <= to; seq++ {
			if err := b.Delete(auditKey(seq)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("records %d to %d", from, to), nil
	}),
	inRecords("delete and close the gap", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		from := pick(draw, first, last)
		for seq := from; seq < last; seq++ {
			if err := b.Put(auditKey(seq), at(b, seq+1)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("record %d", from), errorsJoin(b.Delete(auditKey(last)), b.SetSequence(last-1))
	}),
	inRecords("reorder", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		one, other := pick(draw, first, last), pick(draw, first, last)
		for one == other {
			other = pick(draw, first, last)
		}
		a, c := at(b, one), at(b, other)
		return fmt.Sprintf("records %d and %d", one, other), errorsJoin(b.Put(auditKey(one), c), b.Put(auditKey(other), a))
	}),
	inRecords("cut the tail", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		from := pick(draw, first, last)
		for seq := from; seq <= last; seq++ {
			if err := b.Delete(auditKey(seq)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("from record %d on", from), b.SetSequence(from - 1)
	}),
	inRecords("insert", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		before := pick(draw, first, last)
		put := at(b, pick(draw, first, last))
		if draw.IntN(2) == 0 {
			put = append(put[:sealSize:sealSize], fmt.Sprintf(`{"actor":"admin","event":"forged.%d"}`, draw.Uint32())...)
		}
		for seq := last; seq >= before; seq-- {
			if err := b.Put(auditKey(seq+1), at(b, seq)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("before record %d", before), errorsJoin(b.Put(auditKey(before), put), b.SetSequence(last+1))
	}),
	inRecords("append", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		return "a record of another place", errorsJoin(b.Put(auditKey(last+1), at(b, pick(draw, first, last))), b.SetSequence(last+1))
	}),
	inRecords("a key of another length", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		seq := pick(draw, first, last)
		return fmt.Sprintf("after record %d", seq), b.Put(append(auditKey(seq), 0), at(b, seq))
	}),
	inRecords("take the seals away", func(b *bolt.Bucket, first, last uint64, draw *rand.Rand) (string, error) {
		from := first
		if draw.IntN(2) == 0 {
			from = pick(draw, first, last)
		}
		to := pick(draw, from, last)
		for seq := from; seq <= to; seq++ {
			if err := b.Put(auditKey(seq), append([]byte{auditPlain}, at(b, seq)[sealSize:]...)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("of records %d to %d", from, to), nil
	}),
	{"roll back", func(t testing.TB, f *auditFile, path string, draw *rand.Rand) string {
		n := draw.IntN(len(f.older))
		if err := os.WriteFile(path, f.older[n], 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint("to day ", n)
	}},
	{"roll back and go on", func(t testing.TB, f *auditFile, path string, draw *rand.Rand) string {
		n := draw.IntN(len(f.older))
		if err := os.WriteFile(path, f.older[n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{NoSync: true, Sealer: tamperSealer}) // the gateway itself has the key
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx store.Tx) error {
			for range 200 {
				if err := tx.AppendAudit(store.Audit{Event: "resource.patched"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint("to day ", n)
	}},
	{"put a record of another branch in its place", func(t testing.TB, f *auditFile, path string, draw *rand.Rand) string {
		n := draw.Uint64N(29) // the last one is that of the head
		seq := f.head.Seq - 29 + n
		edit(t, path, func(tx *bolt.Tx) error { return tx.Bucket([]byte("audit")).Put(auditKey(seq), f.fork[n]) })
		return fmt.Sprint("record ", seq)
	}},
	{"move the checkpoint", func(t testing.TB, f *auditFile, path string, draw *rand.Rand) (what string) {
		edit(t, path, func(tx *bolt.Tx) error {
			b, key := tx.Bucket([]byte("audit")), appendText(newKey(), checkpointSetting)
			to := pick(draw, f.first, f.head.Seq-1)
			var c store.Checkpoint
			if err := json.Unmarshal(tx.Bucket([]byte("settings")).Get(key), &c); err != nil {
				return err
			}
			c.Seq, c.Removed, c.MAC = to, to, decodeSealed(to, at(b, to)).MAC
			if draw.IntN(2) == 0 { // by who has a key, but not ours
				c = store.NewSealer(false, "another key").SealCheckpoint(c)
			}
			data, err := json.Marshal(c)
			if err != nil {
				return err
			}
			for seq := f.first; seq <= to; seq++ {
				if err := b.Delete(auditKey(seq)); err != nil {
					return err
				}
			}
			what = fmt.Sprint("to record ", to)
			return tx.Bucket([]byte("settings")).Put(key, data)
		})
		return what
	}},
	{"remove the checkpoint", func(t testing.TB, f *auditFile, path string, draw *rand.Rand) string {
		edit(t, path, func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("settings")).Delete(appendText(newKey(), checkpointSetting))
		})
		return ""
	}},
}

func errorsJoin(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Whatever is done to the records of a closed file, a verification from a head that was exported before finds it.
func TestEveryTamperIsFound(t *testing.T) {
	count := 5000
	if testing.Short() {
		count = 300
	}
	f := newAuditFile(t)
	if v := f.verify(t, f.path); v.Broken || v.Verified != 150 || v.Removed != 30 {
		t.Fatalf("untouched: %+v", v)
	}
	seed := rand.Uint64()
	draw := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "tampered.db")
	found := map[string]int{}
	for n := range count {
		if err := os.WriteFile(path, f.now, 0o600); err != nil {
			t.Fatal(err)
		}
		kind := tampers[n%len(tampers)]
		what := kind.do(t, f, path, draw)
		v := f.verify(t, path)
		if !v.Broken || v.BrokenBy == "" {
			t.Errorf("seed %d, tamper %d was not found: %s %s: %+v", seed, n, kind.name, what, v)
		}
		found[kind.name]++
	}
	t.Logf("seed %d: %v", seed, found)
}

// A flipped bit and a missing record are told by their place.
func TestVerificationTellsThePlace(t *testing.T) {
	f := newAuditFile(t)
	for seq := f.first; seq <= f.head.Seq; seq += 13 {
		for name, change := range map[string]func(b *bolt.Bucket) error{
			"changed": func(b *bolt.Bucket) error {
				data := at(b, seq)
				data[len(data)-3] ^= 4
				return b.Put(auditKey(seq), data)
			},
			"missing": func(b *bolt.Bucket) error { return b.Delete(auditKey(seq)) },
		} {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, f.now, 0o600); err != nil {
				t.Fatal(err)
			}
			edit(t, path, func(tx *bolt.Tx) error { return change(tx.Bucket([]byte("audit"))) })
			if v := f.verify(t, path); v.BrokenAt != seq || v.Verified != seq-f.first {
				t.Errorf("record %d %s: %+v", seq, name, v)
			}
		}
	}
}

// A file of a version without the chain is read as ever, and the chain begins after its records.
func TestChainBeginsInAnOldFile(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{NoSync: true})
	update(t, s, func(tx store.Tx) error {
		return tx.PutResource(store.Resource{Key: oldKey, Generation: 1, Document: scim.Object{"userName": "x"}})
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(tx *bolt.Tx) error {
		for _, old := range []string{
			`{"at":"2025-03-01T08:00:00Z","by":"source:okta","k":{"source":"okta","type":"User","id":"x"},"ev":"resource.created","rq":"r-1","g":1,"an":["userName","title"]}`,
			`{"at":"2025-03-01T08:00:01Z","by":"gateway","k":{"source":"okta","type":"User","id":"x"},"ev":"link.created","id":"W1","d":"userName"}`,
		} {
			seq, err := tx.Bucket([]byte("audit")).NextSequence()
			if err != nil {
				return err
			}
			if err := errorsJoin(tx.Bucket([]byte("audit")).Put(auditKey(seq), []byte(old)),
				tx.Bucket([]byte("auditof")).Put(binary.BigEndian.AppendUint64(keyOf(oldKey), seq), []byte{})); err != nil {
				return err
			}
		}
		return nil
	})
	s = openTest(t, path, Options{NoSync: true, Sealer: tamperSealer})
	update(t, s, func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Key: oldKey, Event: "resource.deleted"}) })
	var events, attributes []string
	view(t, s, func(tx store.Tx) error {
		for a, err := range tx.AuditAfter(0) {
			if err != nil {
				return err
			}
			events = append(events, a.Event)
			attributes = append(attributes, a.Attributes()...)
		}
		return nil
	})
	if fmt.Sprint(events, attributes) != "[resource.created link.created audit.begun resource.deleted] [userName title]" {
		t.Errorf("%v %v", events, attributes)
	}
	v, err := store.VerifyAudit(context.Background(), s, tamperSealer, store.Head{})
	if err != nil || v.Broken || v.Unsealed != 2 || v.Verified != 2 || v.Last.Seq != 4 {
		t.Errorf("%+v %v", v, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Without the key nothing is added to a sealed chain.
	s = openTest(t, path, Options{NoSync: true})
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.AppendAudit(store.Audit{}) }); err != store.ErrNoSealer {
		t.Errorf("the error is %v", err)
	}
}

var oldKey = store.Key{Source: "okta", Type: store.User, ID: "x"}

func TestReadOnlyChangesNothing(t *testing.T) {
	path := testPath(t)
	if _, err := Open(path, Options{ReadOnly: true}); err == nil {
		t.Fatal("a file that is not there was opened")
	}
	if err := openTest(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Options{ReadOnly: true})
	if err := s.Update(context.Background(), func(store.Tx) error { return nil }); err != store.ErrReadOnly {
		t.Errorf("the error is %v", err)
	}
}
