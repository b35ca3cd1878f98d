package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	berrors "go.etcd.io/bbolt/errors"

	"scim2slack/store"
)

// occupied runs while the committer is busy with an Update of its own, so that all that calls Update in the meantime
// waits for the next commit.
func occupied(t *testing.T, s *Store, n int, callers func(n int) error) []error {
	t.Helper()
	started, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var busy sync.WaitGroup
	busy.Go(func() {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			once.Do(func() { close(started) })
			<-leave
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-started
	errs := make([]error, n)
	var ready, wg sync.WaitGroup
	for i := range n {
		ready.Add(1)
		wg.Go(func() {
			ready.Done()
			errs[i] = callers(i)
		})
	}
	ready.Wait()
	close(leave)
	busy.Wait()
	wg.Wait()
	return errs
}

func TestConcurrentUpdatesShareCommits(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	const callers, rounds = 64, 8
	before := commits(t, s)
	for range rounds {
		errs := occupied(t, s, callers, func(n int) error {
			return s.Update(context.Background(), func(tx store.Tx) error { return tx.PutSetting(fmt.Sprint(n), nil) })
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	if got := commits(t, s) - before; got > callers*rounds/4 {
		t.Errorf("%d updates of %d callers took %d commits", callers*rounds, callers, got)
	} else {
		t.Logf("%d updates, %d commits", callers*rounds, got)
	}
}

func TestAnUpdateThatWritesNothingCommitsNothing(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	before := commits(t, s)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.DeleteFormer("W1"), tx.ForgetResource(store.Key{ID: "x"}))
	})
	if err := s.Update(context.Background(), func(tx store.Tx) error { return berrors.ErrInvalid }); err != berrors.ErrInvalid {
		t.Errorf("got error %v", err)
	}
	if got := commits(t, s) - before; got != 0 {
		t.Errorf("%d commits, want none", got)
	}
}

// batch runs functions as one batch and returns how they ended.
func batch(s *Store, fns ...func(store.Tx) error) (outcomes []outcome) {
	var calls []*call
	for _, fn := range fns {
		calls = append(calls, newCall(context.Background(), fn))
	}
	return runBatch(s, calls)
}

func runBatch(s *Store, calls []*call) (outcomes []outcome) {
	for rest := calls; len(rest) > 0; {
		rest = rest[s.attempt(rest):]
	}
	for _, c := range calls {
		outcomes = append(outcomes, <-c.done)
	}
	return outcomes
}

func TestABatchGoesOnWithoutTheOnesThatSpoilIt(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	ours := errors.New("ours")
	appendOne := func(detail string) func(store.Tx) error {
		return func(tx store.Tx) error { return tx.AppendAudit(store.Audit{Detail: detail}) }
	}
	before := commits(t, s)
	got := batch(s,
		appendOne("a"),
		func(tx store.Tx) error { return ours }, // spoils nothing
		appendOne("b"),
		func(tx store.Tx) error { return errors.Join(tx.AppendAudit(store.Audit{Detail: "spoiled"}), ours) },
		appendOne("c"),
		func(tx store.Tx) error { panic(ours) },
		func(tx store.Tx) error { _ = tx.PutSetting("spoiled", nil); panic("again") },
		appendOne("d"),
	)
	for i, o := range got {
		wantErr, wantPanic := i == 1 || i == 3, i == 5 || i == 6
		if errors.Is(o.err, ours) != wantErr || (o.panicked != nil) != wantPanic || !wantErr && o.err != nil {
			t.Errorf("call %d: got %+v", i, o)
		}
	}
	if !errors.Is(got[5].panicked, ours) || !strings.Contains(got[5].panicked.Error(), "commit_test.go") {
		t.Errorf("the panic has lost its value or its stack: %v", got[5].panicked)
	}
	var details []string
	view(t, s, func(tx store.Tx) error {
		for a, err := range tx.AuditAfter(0) {
			if err != nil || a.Seq != uint64(len(details))+1 {
				t.Errorf("got %+v, %v", a, err)
			}
			details = append(details, a.Detail)
		}
		if _, err := tx.Setting("spoiled"); err != store.ErrNotFound {
			t.Errorf("got error %v", err)
		}
		return nil
	})
	if fmt.Sprint(details) != "[a b c d]" {
		t.Errorf("got %v, want the others in their order", details)
	}
	if n := commits(t, s) - before; n != 3 {
		t.Errorf("%d commits, want 3: one for each run of good calls", n)
	}
}

func TestAFailedCommitIsToldToAllWhoSharedIt(t *testing.T) {
	s := openTest(t, testPath(t), Options{maxSize: 17 << 20})
	update(t, s, func(tx store.Tx) error { return tx.PutSetting("kept", []byte("x")) })
	large := func(tx store.Tx) error { return tx.PutSetting("large", make([]byte, 32<<20)) }
	small := func(tx store.Tx) error { return tx.PutSetting("small", nil) }
	for i, o := range batch(s, small, large, small) {
		if !errors.Is(o.err, berrors.ErrMaxSizeReached) || !strings.Contains(o.err.Error(), s.path) {
			t.Errorf("call %d: got error %v", i, o.err)
		}
	}
	update(t, s, func(tx store.Tx) error { // the store goes on
		for _, name := range []string{"large", "small"} {
			if _, err := tx.Setting(name); err != store.ErrNotFound {
				t.Errorf("%s: got error %v", name, err)
			}
		}
		kept, err := tx.Setting("kept")
		if string(kept) != "x" {
			t.Errorf("got setting %q", kept)
		}
		return errors.Join(err, small(tx))
	})
}

func TestNothingIsBuiltOnACommitInDoubt(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	update(t, s, func(tx store.Tx) error { return tx.PutSetting("a", nil) })
	last := commits(t, s)
	put := func(tx store.Tx) error { return tx.PutSetting("b", nil) }

	s.checkDoubt(last+1, io.ErrShortWrite) // failed and left nothing
	update(t, s, put)
	s.checkDoubt(last+1, io.ErrShortWrite) // failed, and yet shows
	if err := s.Update(context.Background(), put); !errors.Is(err, io.ErrShortWrite) || !strings.Contains(err.Error(), "check the disk") {
		t.Errorf("got error %v", err)
	}
	view(t, s, func(tx store.Tx) error { // what is there can be read
		_, err := tx.Setting("b")
		return err
	})
}

func TestAnEndedContextFreesTheCaller(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	started, leave, busy := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		busy <- s.Update(context.Background(), func(store.Tx) error {
			close(started)
			<-leave
			return nil
		})
	}()
	<-started
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	if err := s.Update(ctx, func(store.Tx) error { return errors.New("ran") }); err != context.Canceled {
		t.Errorf("the committer is busy: got error %v", err)
	}
	close(leave)
	if err := <-busy; err != nil {
		t.Error(err)
	}

	// While its function runs the caller waits; whether the outcome of the commit is then known is chance.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	ended := false
	err := s.Update(ctx, func(tx store.Tx) error {
		cancel()
		err := tx.PutSetting("x", nil)
		ended = true
		return err
	})
	if !ended || err != nil && err != context.Canceled {
		t.Errorf("ended %t, error %v", ended, err)
	}
}

func TestAContextThatEndsInTheBatchRunsNothing(t *testing.T) {
	s := openTest(t, testPath(t), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	got := runBatch(s, []*call{
		newCall(context.Background(), func(tx store.Tx) error {
			cancel()
			return tx.PutSetting("x", nil)
		}),
		newCall(ctx, func(tx store.Tx) error { return errors.New("ran") }),
		newCall(context.Background(), func(tx store.Tx) error { return tx.PutSetting("y", nil) }),
	})
	if got[0].err != nil || got[1].err != context.Canceled || got[2].err != nil {
		t.Errorf("got %+v", got)
	}
}
