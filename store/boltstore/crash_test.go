package boltstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"scim2slack/scim"
	"scim2slack/store"
)

// crashVariable holds the path of the store in the environment of a process that is there to be killed.
const crashVariable = "BOLTSTORE_CRASH_CHILD"

// crashKeysVariable holds the keys of the store as numbers for testKey, the current one first, with commas between.
const crashKeysVariable = "BOLTSTORE_CRASH_KEYS"

const crashWriters = 8

// crashChild writes numbered users, members and audit records for ever and prints each number when it is acknowledged.
func crashChild(path string) {
	s, err := Open(path, Options{Keys: numberedKeys(os.Getenv(crashKeysVariable))})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	var out sync.Mutex
	for w := range crashWriters {
		go func() {
			for n := crashNext(s, w); ; n++ {
				if err := s.Update(context.Background(), func(tx store.Tx) error { return crashWrite(tx, w, n) }); err != nil {
					fmt.Println("update:", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println("ok", w, n) // one write call, not buffered
				out.Unlock()
			}
		}()
	}
	select {}
}

func crashName(w, n int) string { return fmt.Sprintf("user-%d-%d", w, n) }

// crashNext returns the first number of a writer that is not there.
func crashNext(s *Store, w int) (n int) {
	err := s.View(context.Background(), func(tx store.Tx) error {
		for ; ; n++ {
			keys, err := tx.FindResources("crash", store.User, store.IndexUserName, crashName(w, n))
			if err != nil || len(keys) == 0 {
				return err
			}
		}
	})
	if err != nil {
		fmt.Println("view:", err)
		os.Exit(1)
	}
	return n
}

func crashKey(w, n int) store.Key {
	return store.Key{Source: "crash", Type: store.User, ID: fmt.Sprintf("019a4d7e-%04x-7abc-8def-%012x", w, n)}
}

func crashWrite(tx store.Tx, w, n int) error {
	k := crashKey(w, n)
	_, err := tx.AddMembers(store.Key{Source: "crash", Type: store.Group, ID: "all"}, store.Member{ID: k.ID, Type: store.User})
	return errors.Join(err,
		tx.PutResource(store.Resource{Key: k, Generation: 1, Document: scim.Object{"userName": crashName(w, n)}}),
		tx.PutStatus(store.Status{Key: k, Phase: store.Synced, Observed: uint64(n % 2)}),
		tx.AppendAudit(store.Audit{Key: k, Event: "resource.created"}))
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	path := testPath(t)
	var acknowledged [crashWriters]int // how many of each writer
	total := 0
	for range 20 {
		total += crash(t, path, "", rand.IntN(150), &acknowledged)
		checkAfterCrash(t, path, Options{}, acknowledged)
	}
	t.Logf("%d acknowledged transactions, none lost", total)
}

// crash kills a child after so many acknowledgements, adds what it acknowledged, and returns how much that was.
func crash(t *testing.T, path, keys string, killedAfter int, acknowledged *[crashWriters]int) (total int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashVariable+"="+path, crashKeysVariable+"="+keys)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for ; lines.Scan(); total++ {
		var writer, number int
		if _, err := fmt.Sscanf(lines.Text(), "ok %d %d", &writer, &number); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		acknowledged[writer] = number + 1
		if total == killedAfter {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return total
}

// checkAfterCrash checks that what was acknowledged is there and that all that is there fits together.
func checkAfterCrash(t *testing.T, path string, opts Options, acknowledged [crashWriters]int) {
	t.Helper()
	s, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	view(t, s, func(tx store.Tx) error {
		for w, n := range acknowledged {
			for i := range n {
				if _, err := tx.Resource(crashKey(w, i)); err != nil {
					t.Fatalf("%s is lost: %v", crashName(w, i), err)
				}
			}
		}
		users, odd := 0, 0
		for r, err := range tx.ResourcesAfter("crash", store.User, "") {
			if err != nil {
				return err
			}
			users++
			keys, err := tx.FindResources("crash", store.User, store.IndexUserName, r.Document.String("userName"))
			if err != nil || len(keys) != 1 || keys[0] != r.Key {
				t.Errorf("%s is found as %v, error %v", r.Key, keys, err)
			}
			if s, err := tx.Status(r.Key); err != nil || s.Observed == 0 {
				odd++
			}
		}
		count, err := tx.CountResources("crash", store.User)
		members, pendings, audits := 0, 0, uint64(0)
		for range tx.Members(store.Key{Source: "crash", Type: store.Group, ID: "all"}) {
			members++
		}
		for range tx.PendingKeys() {
			pendings++
		}
		for a, err := range tx.AuditAfter(0) {
			if audits++; err != nil || a.Seq != audits {
				t.Errorf("audit record %d has seq %d, error %v", audits, a.Seq, err)
			}
		}
		if count != users || members != users || audits != uint64(users) || pendings != odd {
			t.Errorf("%d users, but count %d, %d members, %d audit records, %d of %d pending", users, count, members, audits, pendings, odd)
		}
		return err
	})
	err = s.db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
