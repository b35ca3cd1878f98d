package boltstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"scim2slack/scim"
	"scim2slack/store"
)

func TestReopenKeepsEverything(t *testing.T) {
	path := testPath(t)
	k := store.Key{Source: "okta", Type: store.Group, ID: "019a4d7e-0000-7abc-8def-000000000001"}
	want := store.Resource{
		Key: k, Generation: 3, Created: time.Unix(1, 2).UTC(), Modified: time.Unix(3, 4).UTC(),
		Document: scim.Object{"displayName": "Crew", "externalId": nil},
	}
	s := openTest(t, path, Options{})
	update(t, s, func(tx store.Tx) error {
		_, err := tx.AddMembers(k, store.Member{ID: "m", Type: store.User})
		return errors.Join(err, tx.PutResource(want), tx.PutLink(store.Link{Key: k, SlackID: "S1"}),
			tx.PutSetting("brake", []byte("on")), tx.AppendAudit(store.Audit{Key: k, Event: "first"}))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = openTest(t, path, Options{})
	update(t, s, func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Key: k, Event: "second"}) })
	view(t, s, func(tx store.Tx) error {
		r, err := tx.Resource(k)
		link, err2 := tx.LinkOf(store.Group, "S1")
		member, err3 := tx.IsMember(k, "m")
		setting, err4 := tx.Setting("brake")
		n, err5 := tx.CountResources("okta", store.Group)
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("resource (-want +got):\n%s", diff)
		}
		if link.Key != k || !member || string(setting) != "on" || n != 1 {
			t.Errorf("got link %v, member %t, setting %q, count %d", link, member, setting, n)
		}
		seq := uint64(0)
		for a, err := range tx.AuditOf(k) {
			if seq++; err != nil || a.Seq != seq {
				t.Errorf("audit: got %+v, %v; want seq %d", a, err, seq)
			}
		}
		return errors.Join(err, err2, err3, err4, err5)
	})
}

func TestNewFileIsPrivateAndAlone(t *testing.T) {
	path := testPath(t)
	openTest(t, path, Options{})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v; want 0600", info.Mode(), err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the directory holds %v, error %v; want the file alone", names, err)
	}
}

func TestASecondOpenerIsToldWhy(t *testing.T) {
	path := testPath(t)
	openTest(t, path, Options{})
	_, err := Open(path, Options{})
	if err == nil || !strings.Contains(err.Error(), "another scim2slack process has "+path+" open") {
		t.Errorf("got error %v", err)
	}
}

func TestCreatingNeverReplacesAFile(t *testing.T) {
	path := testPath(t)
	s := openTest(t, path, Options{})
	update(t, s, func(tx store.Tx) error { return tx.PutSetting("brake", []byte("on")) })
	if err := errors.Join(createFile(path), s.Close()); err != nil { // as by a process that looked a moment earlier
		t.Fatal(err)
	}
	view(t, openTest(t, path, Options{}), func(tx store.Tx) error {
		_, err := tx.Setting("brake")
		return err
	})
}

func TestManyFirstOpenersMakeOneStore(t *testing.T) {
	path := testPath(t)
	errs := make(chan error)
	for range 8 {
		go func() { errs <- createFile(path) }()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	openTest(t, path, Options{})
}

func TestRefusedFilesStayAsTheyAre(t *testing.T) {
	// changed returns a store's file after fn changed it.
	changed := func(fn func(*bolt.Tx) error) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := openTest(t, path, Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(fn), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	content := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"newer", changed(func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put(keySchema, []byte("2")) }),
			"written by a newer scim2slack (schema 2, this version knows 1)"},
		{"odd version", changed(func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put(keySchema, []byte("one")) }),
			`no valid schema version ("one")`},
		{"other bbolt file", changed(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("meta")) }), "database of another program"},
		{"other format", changed(func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put(keyFormat, []byte("dex")) }),
			"database of another program"},
		{"text", content(strings.Repeat("listen: 127.0.0.1:8080\n", 1000)), "not a scim2slack store"},
		{"short text", content("x"), "not a scim2slack store"},
		{"empty", content(""), "is empty"},
		{"cut short", func(t *testing.T, path string) {
			s := openTest(t, path, Options{})
			update(t, s, func(tx store.Tx) error { return tx.PutSetting("large", make([]byte, 1<<20)) })
			if err := errors.Join(s.Close(), os.Truncate(path, 1<<19)); err != nil {
				t.Fatal(err)
			}
		}, "is cut short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := testPath(t)
			c.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(path, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
				t.Errorf("the file changed (error %v)", err)
			}
		})
	}
	t.Run("directory", func(t *testing.T) {
		if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("no directory", func(t *testing.T) {
		if _, err := Open(filepath.Join(t.TempDir(), "missing", "test.db"), Options{}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got error %v", err)
		}
	})
}
