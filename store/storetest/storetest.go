// Package storetest is the suite that each implementation of store.Store passes: every method and every error of the contract,
// and a comparison with a naive model over random transactions.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/store"
)

// Sealer is that of the stores that Run is given. It keeps values, so that records come back as they were.
var Sealer = store.NewSealer(true, "the key of the stores that the suite tests")

// Run runs the suite. open returns an empty store with Sealer, which the suite closes; it is called once for each test and
// many times by the comparison with the model.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"Resources", resourceTests},
		{"Unique", uniqueTests},
		{"Memberships", membershipTests},
		{"Links", linkTests},
		{"Formers", formerTests},
		{"Work", workTests},
		{"Journal", journalTests},
		{"Chain", chainTests},
		{"Transactions", transactionTests},
		{"Sources", sourceTests},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(newFixture(t, open)) })
			}
		})
	}
	t.Run("Model", func(t *testing.T) {
		CompareWithModel(t, open, func(_ *rapid.T, s store.Store) store.Store { return s })
	})
}

// test is one test of the suite, on a store of its own.
type test struct {
	name string
	run  func(f *fixture)
}

// fixture is a test and its store.
type fixture struct {
	testing.TB
	store store.Store
}

func newFixture(t *testing.T, open func(t *testing.T) store.Store) *fixture {
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("close: %v", err)
		}
	})
	return &fixture{t, s}
}

// update runs a transaction that must succeed.
func (f *fixture) update(fn func(store.Tx) error) {
	f.Helper()
	if err := f.store.Update(context.Background(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

// refused runs a transaction that must fail and returns its error.
func (f *fixture) refused(fn func(store.Tx) error) error {
	f.Helper()
	err := f.store.Update(context.Background(), fn)
	if err == nil {
		f.Fatal("update: want an error")
	}
	return err
}

// put writes resources.
func (f *fixture) put(resources ...store.Resource) {
	f.Helper()
	f.update(func(tx store.Tx) error {
		for _, r := range resources {
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// read returns what fn reads in a View, which must succeed.
func read[T any](f *fixture, fn func(store.Tx) (T, error)) T {
	f.Helper()
	var out T
	err := f.store.View(context.Background(), func(tx store.Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		f.Fatalf("view: %v", err)
	}
	return out
}

// absent checks that fn returns ErrNotFound in a View.
func absent[T any](f *fixture, fn func(store.Tx) (T, error)) {
	f.Helper()
	err := f.store.View(context.Background(), func(tx store.Tx) error {
		_, err := fn(tx)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		f.Fatalf("got error %v, want %v", err, store.ErrNotFound)
	}
}

// list returns all that a sequence yields in a View.
func list[T any](f *fixture, fn func(store.Tx) iter.Seq2[T, error]) []T {
	f.Helper()
	return read(f, func(tx store.Tx) ([]T, error) { return collect(fn(tx)) })
}

func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// equal fails the test if got is not want. nil and empty are the same; times are compared as instants.
func equal[T any](f *fixture, what string, got, want T) {
	f.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		f.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// The people of the tests.

// at returns the n-th second of the tests' day. Stores keep microseconds at least.
func at(n int) time.Time {
	return time.Date(2026, 11, 3, 8, 0, 0, 123456000, time.UTC).Add(time.Duration(n) * time.Second)
}

// id returns the n-th id. Ids rise with n.
func id(n int) string { return fmt.Sprintf("019a4d7e-%04x-7abc-8def-%012x", n>>8&0xFFFF, n) }

func userKey(n int) store.Key { return store.Key{Source: "okta", Type: store.User, ID: id(n)} }

func groupKey(n int) store.Key { return store.Key{Source: "okta", Type: store.Group, ID: id(n)} }

func user(n int, userName string) store.Resource {
	return store.Resource{
		Key: userKey(n), Generation: 1, Created: at(n), Modified: at(n + 1),
		Document: scim.Object{"userName": userName, "active": true},
	}
}

func group(n int, displayName string) store.Resource {
	return store.Resource{
		Key: groupKey(n), Generation: 1, Created: at(n), Modified: at(n + 1),
		Document: scim.Object{"displayName": displayName},
	}
}

// with returns the resource with an attribute set, as its next generation.
func with(r store.Resource, name string, value any) store.Resource {
	r.Document = r.Document.Clone()
	r.Document[name] = value
	r.Generation++
	return r
}

// tombstone returns the resource as a deleted one, as its next generation.
func tombstone(r store.Resource) store.Resource {
	r.Deleted = true
	r.Generation++
	return r
}
