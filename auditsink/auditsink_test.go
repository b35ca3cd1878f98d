package auditsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"scim2slack/store"
	"scim2slack/store/boltstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var sealer = store.NewSealer(false, "the key of these tests")

func openStore(t testing.TB) store.Store {
	t.Helper()
	st, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), boltstore.Options{NoSync: true, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// happen writes n records.
func happen(t testing.TB, st store.Store, n int) {
	t.Helper()
	err := st.Update(context.Background(), func(tx store.Tx) error {
		for range n {
			if err := tx.AppendAudit(store.Audit{Time: time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC), Actor: "gateway", Event: "resource.patched"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func head(t testing.TB, st store.Store) (h store.Head) {
	t.Helper()
	err := st.View(context.Background(), func(tx store.Tx) (err error) {
		h, err = tx.AuditHead()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// copyAll steps until nothing is left.
func copyAll(t testing.TB, s *Sink) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// memory is a target that fails when it is told to.
type memory struct {
	seqs   []uint64
	down   atomic.Bool
	closed bool
}

func (m *memory) deliver(_ []byte, records []store.Sealed) error {
	if m.down.Load() {
		return errors.New("down")
	}
	for _, r := range records {
		m.seqs = append(m.seqs, r.Seq)
	}
	return nil
}

func (m *memory) close() error { m.closed = true; return nil }

// A target that is away for an hour gets everything afterwards, in order and once; commits go on meanwhile, and the lag is told.
func TestSinkCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		m := &memory{}
		m.down.Store(true)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		s := &Sink{name: "memory", store: st, log: slog.New(slog.DiscardHandler), target: m}
		go func() { ended <- s.Run(ctx) }()
		for range 60 {
			happen(t, st, 20)
			time.Sleep(time.Minute)
		}
		if s.Lag() != 1200 {
			t.Errorf("the lag is %d", s.Lag())
		}
		synctest.Wait()
		m.down.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s.Lag() != 0 || len(m.seqs) != 1200 || !slices.IsSorted(m.seqs) {
			t.Errorf("lag %d, %d records", s.Lag(), len(m.seqs))
		}
		happen(t, st, 700) // just before the end, too
		cancel()
		if err := <-ended; err != nil || len(m.seqs) != 1900 || !m.closed {
			t.Errorf("%v, %d records, closed %v", err, len(m.seqs), m.closed)
		}
	})
}

func TestFileVerifies(t *testing.T) {
	st := openStore(t)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	happen(t, st, 1203)
	s := File(st, path, slog.New(slog.DiscardHandler))
	copyAll(t, s)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	verdict := func(path string) store.Verdict {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		v, err := store.VerifyExport(f, sealer, head(t, st))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := verdict(path); v.Broken || v.Verified != 1203 {
		t.Errorf("%+v", v)
	}
	// Rotated by a rename: the new one goes on where the old one ends, and says so.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	happen(t, st, 5)
	copyAll(t, s)
	if v := verdict(path); v.Broken || v.Verified != 5 || v.Last.Seq != 1208 {
		t.Errorf("%+v", v)
	}
	if err := s.target.close(); err != nil {
		t.Fatal(err)
	}
	// A crash: a half line, and the last batch is not remembered. It is repeated, and the file verifies still.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, `{"seq":1209,"keyId":"`, strings.Repeat("a", 100_000))
	f.Close()
	if err := st.Update(context.Background(), func(tx store.Tx) error { return tx.PutSetting(s.setting(), []byte{0, 0, 0, 0, 0, 0, 4, 0xb5}) }); err != nil {
		t.Fatal(err)
	}
	happen(t, st, 2)
	s = File(st, path, slog.New(slog.DiscardHandler))
	copyAll(t, s)
	if v := verdict(path); v.Broken || v.Last.Seq != 1210 {
		t.Errorf("%+v", v)
	}
	if err := s.target.close(); err != nil {
		t.Fatal(err)
	}
}

// What cannot be opened is an error that is told, and no record is lost by it.
func TestFileThatCannotBeOpened(t *testing.T) {
	st := openStore(t)
	happen(t, st, 3)
	dir := filepath.Join(t.TempDir(), "later")
	s := File(st, filepath.Join(dir, "audit.jsonl"), slog.New(slog.DiscardHandler))
	if _, err := s.step(context.Background()); err == nil || s.Lag() != 3 {
		t.Fatalf("%v, lag %d", err, s.Lag())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	copyAll(t, s)
	raw, _ := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
	if strings.Count(string(raw), "\n") != 3 {
		t.Errorf("the file is %s", raw)
	}
	if err := s.target.close(); err != nil {
		t.Fatal(err)
	}
}
