package boltstore

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"scim2slack/store"
)

// rekeyings is how often TestRekeyUnderLoad replaces the key.
const rekeyings = 500

// Keys replace each other hundreds of times while others read, write and look up: nobody gets an error or misses anybody, and a key that was
// replaced opens nothing any more.
func TestRekeyUnderLoad(t *testing.T) {
	const users = 20
	path := testPath(t)
	keyOf := func(n int) Key { return testKey(t, byte(1+n%250)) }
	s := openTest(t, path, Options{NoSync: true, Keys: []Key{keyOf(0)}})
	fillUsers(t, s, users)
	ended := make(chan struct{})
	var served atomic.Int64
	var others sync.WaitGroup
	for worker := range 3 {
		others.Go(func() {
			for n := worker; ; n++ {
				select {
				case <-ended:
					return
				default:
				}
				err := s.View(t.Context(), func(tx store.Tx) error {
					keys, err := tx.FindResources("crash", store.User, store.IndexUserName, crashName(0, n%users))
					if err == nil && len(keys) != 1 {
						err = fmt.Errorf("user %d is found as %v", n%users, keys)
					}
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				served.Add(1)
			}
		})
	}
	for n := range rekeyings {
		before := []Key{keyOf(n + 1), keyOf(n)}
		if n%5 == 4 { // the next one comes before the last one is through
			before = append(before, keyOf(n-1))
		}
		if err := s.Rekey(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx store.Tx) error { return crashWrite(tx, 0, n%users) })
		if n%5 != 3 {
			<-s.renewed
		}
	}
	close(ended)
	others.Wait()
	t.Logf("%d requests", served.Load())
	onlyCurrent(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Keys: []Key{keyOf(rekeyings - 1)}}); err == nil {
		t.Error("the key before opens the file")
	}
	openTest(t, path, Options{Keys: []Key{keyOf(rekeyings)}})
}

// What is no key for the file changes nothing.
func TestRekeyRefused(t *testing.T) {
	path := testPath(t)
	plain := openTest(t, path+".plain", Options{})
	if err := plain.Rekey(t.Context(), []Key{testKey(t, 1)}); err == nil {
		t.Error("a plain file took a key")
	}
	if err := plain.Rekey(t.Context(), nil); err != nil {
		t.Error(err)
	}
	s := openTest(t, path, Options{Keys: []Key{testKey(t, 1)}})
	fillUsers(t, s, 10)
	for name, keys := range map[string][]Key{"none": nil, "without the old one": {testKey(t, 2)}, "twice": {testKey(t, 2), testKey(t, 1), testKey(t, 2)}} {
		if err := s.Rekey(t.Context(), keys); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	update(t, s, func(tx store.Tx) error { return crashWrite(tx, 0, 1) })
	reopened(t, s, Options{Keys: []Key{testKey(t, 1)}})
}
