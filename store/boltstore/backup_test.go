package boltstore

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"scim2slack/store"
)

// backup writes a snapshot of a store to a file and returns its name.
func backup(t testing.TB, s *Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Backup(t.Context(), func(size int64, snapshot io.WriterTo) error {
		n, err := snapshot.WriteTo(file)
		if n != size {
			t.Errorf("%d bytes were announced and %d written", size, n)
		}
		return err
	})
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// A backup that is taken while others write is one state of the store, and opens as the store does.
func TestABackupIsWhole(t *testing.T) {
	for name, keys := range map[string][]Key{"plain": nil, "encrypted": {testKey(t, 1)}, "while keys are replaced": {testKey(t, 2), testKey(t, 1)}} {
		t.Run(name, func(t *testing.T) {
			path := testPath(t)
			s := openTest(t, path, Options{NoSync: true})
			if len(keys) > 0 {
				s = reopened(t, s, Options{NoSync: true, Keys: keys[len(keys)-1:]})
			}
			fillCanaries(t, s)
			s = reopened(t, s, Options{NoSync: true, Keys: keys})
			fillUsers(t, s, 300)
			var writers sync.WaitGroup
			stop := make(chan struct{})
			for w := 1; w < 4; w++ {
				writers.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
							update(t, s, func(tx store.Tx) error { return crashWrite(tx, w, n) })
						}
					}
				})
			}
			var copies []string
			for range 3 {
				copies = append(copies, backup(t, s))
			}
			close(stop)
			writers.Wait()
			for _, c := range copies {
				if err := CheckFile(c); err != nil {
					t.Error(err)
				}
				if len(keys) > 0 && len(found(t, c)) > 0 {
					t.Errorf("the backup shows %q", found(t, c))
				}
				restored := openTest(t, c, Options{Keys: keys})
				view(t, restored, func(tx store.Tx) error {
					count, err := tx.CountResources("crash", store.User)
					members := 0
					for range tx.Members(store.Key{Source: "crash", Type: store.Group, ID: "all"}) {
						members++
					}
					if count < 300 || members != count {
						t.Errorf("%d users, %d members", count, members)
					}
					found, err2 := tx.FindResources("okta", store.User, store.IndexUserName, "canary.user")
					if len(found) != 1 {
						t.Errorf("found %v", found)
					}
					return errors.Join(err, err2)
				})
			}
		})
	}
}

func TestBackupFile(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{Keys: []Key{testKey(t, 1)}})
	fillCanaries(t, s)
	if err := BackupFile(path, io.Discard); err == nil || !strings.Contains(err.Error(), "another scim2slack process has "+path+" open") {
		t.Errorf("a file in use: got error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := BackupFile(path, &out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	checkCanaries(t, openTest(t, path, Options{Keys: []Key{testKey(t, 1)}}))
	if err := BackupFile(path+".none", io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got error %v", err)
	}
}

// A copy that is cut short or has a page that is not its own is no backup.
func TestADamagedBackupIsFound(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{NoSync: true})
	fillUsers(t, s, 300)
	whole := string(readFile(t, backup(t, s)))
	page := os.Getpagesize()
	check := func(content string) (path string, err error) {
		path = filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path, CheckFile(path)
	}
	for name, content := range map[string]string{
		"cut short": whole[:len(whole)-page], "empty": "", "text": strings.Repeat("no store\n", 10_000),
	} {
		if _, err := check(content); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// One page after the other is zeroed: that is found, or nothing was in it.
	want, found := records(t, s), 0
	for at := 2 * page; at < len(whole); at += page {
		path, err := check(whole[:at] + strings.Repeat("\x00", page) + whole[at+page:])
		if err != nil {
			found++
			continue
		}
		s := openTest(t, path, Options{NoSync: true})
		if !reflect.DeepEqual(records(t, s), want) {
			t.Errorf("page %d is lost and nothing was found", at/page)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if all := len(whole)/page - 2; found < all/4 {
		t.Errorf("%d of %d pages found: the test is blind", found, all)
	}
}

func TestAClosedStoreGivesNoBackup(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), func(int64, io.WriterTo) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got error %v", err)
	}
}
