package boltstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"scim2slack/store"
	"scim2slack/store/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashVariable); path != "" {
		crashChild(path)
	}
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	// Crashes have a test of their own.
	storetest.Run(t, func(t *testing.T) store.Store {
		return openTest(t, testPath(t), Options{NoSync: true, Sealer: storetest.Sealer})
	})
}

func testPath(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

// openTest opens a store that is closed when the test ends.
func openTest(t testing.TB, path string, opts Options) *Store {
	t.Helper()
	s, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func update(t testing.TB, s *Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// commits returns how many transactions were committed to the file.
func commits(t testing.TB, s *Store) int {
	t.Helper()
	n := 0
	err := s.db.View(func(tx *bolt.Tx) error {
		n = tx.ID()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUseAfterTheFunctionReturnedPanics(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	var leaked store.Tx
	keep := func(tx store.Tx) error { leaked = tx; return nil }
	for name, run := range map[string]func(context.Context, func(store.Tx) error) error{"view": s.View, "update": s.Update} {
		if err := run(context.Background(), keep); err != nil {
			t.Fatal(err)
		}
		for what, use := range map[string]func(){
			"read":  func() { _, _ = leaked.Setting("x") },
			"write": func() { _ = leaked.PutSetting("x", nil) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: %s: no panic", name, what)
					}
				}()
				use()
			}()
		}
	}
}

// Ids are UUIDs, but nothing breaks where one is not.
func TestOddTextKeepsKeysApart(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	odd := []string{
		"", "x", "x\x00", "\x00", "\x00\x01", "\x00\xff", "\xff", "x\x00\x01", "019A4D7E-0000-7ABC-8DEF-000000000001",
		"019a4d7e-0000-7abc-8def-000000000001", "019a4d7e-0000-7abc-8def-00000000000x", "019a4d7e00007abc8def000000000001",
	}
	types := []store.Type{store.User, store.Group, "", "U", "Role"}
	each := func(fn func(store.Key) error) error {
		for _, source := range odd {
			for _, typ := range types {
				for _, id := range odd {
					if err := fn(store.Key{Source: source, Type: typ, ID: id}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	update(t, s, func(tx store.Tx) error {
		return each(func(k store.Key) error {
			if _, err := tx.AddMembers(k, store.Member{ID: "x", Type: k.Type, Display: fmt.Sprintf("%q", k)}); err != nil {
				return err
			}
			return tx.PutStatus(store.Status{Key: k, Message: fmt.Sprintf("%q", k)})
		})
	})
	view(t, s, func(tx store.Tx) error {
		n := 0
		for st, err := range tx.Statuses() {
			if err != nil || st.Message != fmt.Sprintf("%q", st.Key) {
				t.Fatalf("status of %q says %q, error %v", st.Key, st.Message, err)
			}
			n++
		}
		if want := len(odd) * len(types) * len(odd); n != want {
			t.Errorf("%d statuses, want %d", n, want)
		}
		return each(func(k store.Key) error {
			members := 0
			for m, err := range tx.Members(k) {
				if members++; err != nil || m.Display != fmt.Sprintf("%q", k) || m.Type != k.Type {
					t.Fatalf("member of %q: %+v, error %v", k, m, err)
				}
			}
			if members != 1 {
				t.Fatalf("%q has %d members, want 1", k, members)
			}
			return nil
		})
	})
}
