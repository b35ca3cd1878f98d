package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"scim2slack/store"
	"scim2slack/store/storetest"
)

// Whatever is done while keys replace each other, in steps of any size, with restarts in between and a next key before the last one is through:
// every answer is that of the model, so no lookup misses and none finds twice.
func TestLookupsAreRightWhileKeysAreReplaced(t *testing.T) {
	current := byte(0) // of three keys, so that one comes back that was replaced before
	between := func(rt *rapid.T, given store.Store) store.Store {
		s, ok := given.(*Store)
		if !ok {
			rt.Fatalf("a %T", given)
		}
		restart := func() *Store {
			keys := []Key{testKey(t, 1+current), testKey(t, 1+(current+1)%3), testKey(t, 1+(current+2)%3)}
			if err := s.Close(); err != nil {
				rt.Fatal(err)
			}
			s, err := Open(s.path, Options{NoSync: true, Sealer: storetest.Sealer, Keys: keys, renewNever: true})
			if err != nil {
				rt.Fatal(err)
			}
			return s
		}
		switch rapid.IntRange(0, 7).Draw(rt, "between") {
		case 0:
			current = (current + 1) % 3
			return restart()
		case 1:
			return restart()
		case 2, 3, 4, 5:
			renewStep(rt, s, rapid.IntRange(1, 30).Draw(rt, "records"))
		case 6:
			renewWhole(rt, s)
			onlyCurrent(rt, s)
		}
		return s
	}
	storetest.CompareWithModel(t, func(t *testing.T) store.Store {
		current = 0
		return openTest(t, testPath(t), Options{NoSync: true, Sealer: storetest.Sealer, Keys: []Key{testKey(t, 1)}})
	}, between)
}

// fatal is what tests and rapid have in common.
type fatal interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

// renewStep does a step and reports whether it was the last one.
func renewStep(t fatal, s *Store, records int) (last bool) {
	t.Helper()
	state, err := s.renewSome(context.Background(), records)
	if err != nil {
		t.Fatal(err)
	}
	return len(state.Keys) == 1
}

func renewWhole(t fatal, s *Store) {
	t.Helper()
	for !renewStep(t, s, renewRecords) {
	}
}

// onlyCurrent checks that nothing in the file needs another key than the current one.
func onlyCurrent(t fatal, s *Store) {
	t.Helper()
	current := s.ring.Load().current()
	err := s.db.View(func(tx *bolt.Tx) error {
		for i := metaBucket + 1; i < bucketCount; i++ {
			err := tx.Bucket([]byte(bucketNames[i])).ForEach(func(k, v []byte) error {
				if !current.sealed(v) || (i == index || i == formerOf) && !bytes.HasPrefix(k, current.id[:]) {
					t.Errorf("%s: a record of another key than %s is left: %q", bucketNames[i], current.id, k)
				}
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
}

// fillUsers writes users who are found by their names, many of them in a transaction.
func fillUsers(t testing.TB, s *Store, n int) {
	t.Helper()
	const chunk = 1000
	for from := 0; from < n; from += chunk {
		update(t, s, func(tx store.Tx) (err error) {
			for i := from; i < min(n, from+chunk) && err == nil; i++ {
				err = crashWrite(tx, 0, i)
			}
			return err
		})
	}
}

// waitRenewed waits until no key is being replaced.
func waitRenewed(s *Store) {
	if s.renewed != nil {
		<-s.renewed
	}
}

func TestANewKeyReplacesTheOldOne(t *testing.T) {
	path := testPath(t)
	first, second := testKey(t, 1), testKey(t, 2)
	s := openTest(t, path, Options{Keys: []Key{first}})
	fillUsers(t, s, 700)
	s = reopened(t, s, Options{Keys: []Key{second, first}, renewNever: true})
	renewStep(t, s, 300)
	s = reopened(t, s, Options{Keys: []Key{second, first}}) // goes on by itself
	waitRenewed(s)
	onlyCurrent(t, s)
	if !holds(t, path, first) {
		t.Error("no page tells of the first key: the test is blind")
	}
	s = reopened(t, s, Options{Keys: []Key{second}})
	if holds(t, path, first) {
		t.Error("pages that are not in use hold what the first key encrypted")
	}
	var users [crashWriters]int
	users[0] = 700
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkAfterCrash(t, path, Options{Keys: []Key{second}}, users)
	if _, err := Open(path, Options{Keys: []Key{first}}); err == nil || !strings.Contains(err.Error(), second.ID()) {
		t.Errorf("the first key: got error %v", err)
	}
}

// Those who read and write while the keys change find everybody once, also in a snapshot that was begun before the last step.
func TestReadersWhileAKeyIsReplaced(t *testing.T) {
	const users = 200
	path := testPath(t)
	s := openTest(t, path, Options{NoSync: true, Keys: []Key{testKey(t, 1)}})
	fillUsers(t, s, users)
	s = reopened(t, s, Options{NoSync: true, Keys: []Key{testKey(t, 2), testKey(t, 1)}, renewNever: true})
	find := func(tx store.Tx, n int) {
		keys, err := tx.FindResources("crash", store.User, store.IndexUserName, crashName(0, n))
		if err != nil || len(keys) != 1 {
			t.Errorf("user %d is found as %v, %v", n, keys, err)
		}
	}
	ended := make(chan struct{})
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ended:
					return
				default:
					view(t, s, func(tx store.Tx) error { find(tx, n%users); find(tx, (n+users/2)%users); return nil })
				}
			}
		})
	}
	others.Go(func() {
		for n := range users {
			update(t, s, func(tx store.Tx) error {
				find(tx, n)
				return crashWrite(tx, 0, n)
			})
		}
	})
	early := make(chan struct{})
	others.Go(func() {
		view(t, s, func(tx store.Tx) error {
			close(early)
			<-ended
			for n := range users {
				find(tx, n)
			}
			return nil
		})
	})
	<-early
	for !renewStep(t, s, 5) {
	}
	close(ended)
	others.Wait()
	onlyCurrent(t, s)
}

// holds reports whether a file has bytes that look like a value or an index entry of the key.
func holds(t testing.TB, path string, key Key) bool {
	t.Helper()
	raw := readFile(t, path)
	return bytes.Contains(raw, append([]byte{sealedFormat}, key.id[:]...))
}

func TestNothingIsLostWhenTheProcessIsKilledWhileKeysAreReplaced(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	path := testPath(t)
	s := openTest(t, path, Options{Keys: []Key{testKey(t, 1)}})
	fillUsers(t, s, 1500)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := [crashWriters]int{1500}
	keys := "1"
	halfway, through := 0, 0
	for n := range 16 {
		if n%4 == 0 { // a next key, whether the last one is through or not
			keys = fmt.Sprint(n/4+2, ",", keys)
		}
		killedAfter := rand.IntN(400)
		if n%8 == 7 {
			killedAfter += 4000 // it is through by then
		}
		crash(t, path, keys, killedAfter, &acknowledged)
		opts := Options{Keys: numberedKeys(keys), renewNever: true}
		checkAfterCrash(t, path, opts, acknowledged)
		s = openTest(t, path, opts)
		if len(*s.ring.Load()) > 1 {
			halfway++
		} else {
			through++
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if halfway == 0 {
		t.Error("no process was killed halfway: the test is blind")
	}
	s = openTest(t, path, Options{Keys: numberedKeys(keys)})
	waitRenewed(s)
	onlyCurrent(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkAfterCrash(t, path, Options{Keys: numberedKeys(keys)[:1]}, acknowledged)
	t.Logf("killed %d times halfway, %d times when it was through", halfway, through)
}

// Who opens a store only to look leaves its encryption as it is.
func TestAsIs(t *testing.T) {
	path := testPath(t)
	first, second := testKey(t, 1), testKey(t, 2)
	s := openTest(t, path, Options{})
	fillCanaries(t, s)
	s = reopened(t, s, Options{Keys: []Key{first}, AsIs: true})
	checkCanaries(t, s)
	if len(found(t, path)) == 0 {
		t.Error("it was encrypted")
	}
	s = reopened(t, s, Options{Keys: []Key{first}})
	before := commits(t, s)
	s = reopened(t, s, Options{Keys: []Key{second, first}, AsIs: true})
	if n := len(*s.ring.Load()); n != 1 || commits(t, s) != before {
		t.Errorf("%d keys, %d commits; want 1 and none", n, commits(t, s)-before)
	}
	checkCanaries(t, s)
}

// A damaged value ends the replacement, and the old key stays needed.
func TestADamagedValueIsNotLost(t *testing.T) {
	path := testPath(t)
	first, second := testKey(t, 1), testKey(t, 2)
	s := openTest(t, path, Options{Keys: []Key{first}})
	fillCanaries(t, s)
	changeAll(t, s, status)
	s = reopened(t, s, Options{Keys: []Key{second, first}})
	waitRenewed(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Keys: []Key{second}}); err == nil || !strings.Contains(err.Error(), first.ID()) {
		t.Errorf("got error %v", err)
	}
}
