package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"scim2slack/store"
)

// maxBatch is how many Updates share one commit at most. It bounds how long the first of them waits for the others' functions.
const maxBatch = 256

// call is one Update on its way through the committer.
type call struct {
	ctx  context.Context
	fn   func(store.Tx) error
	ran  chan struct{} // closed when fn will not be run again
	done chan outcome  // has room for one
}

func newCall(ctx context.Context, fn func(store.Tx) error) *call {
	return &call{ctx: ctx, fn: fn, ran: make(chan struct{}), done: make(chan outcome, 1)}
}

// outcome is how a call ended.
type outcome struct {
	err      error
	panicked *PanicError
	exited   bool // fn called runtime.Goexit, as t.FailNow does
}

// PanicError is what Update panics with, in the goroutine of its caller, when its function panicked.
type PanicError struct {
	Value any    // what the function panicked with
	Stack []byte // where
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in a store transaction: %v\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Update hands fn to the committer, which runs what is waiting in one transaction, one function after the other, and answers all
// after one commit. fn runs in a goroutine of its own. It runs again when a function that ran after it spoiled the
// transaction; a function that finds an error before it writes anything spoils nothing. A panic of fn reaches the caller as
// *PanicError. If the commit fails, for instance because the disk is full, all that shared it get its error, and whether
// the transactions are kept is not known. fn must not call Update or View.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.isClosing() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.db.IsReadOnly() {
		return store.ErrReadOnly
	}
	c := newCall(ctx, fn)
	select {
	case s.calls <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	select {
	case o := <-c.done:
		return o.deliver()
	case <-ctx.Done():
	}
	// fn may use what the caller's frame holds, so it is not left running. It does no I/O and ends soon; the commit may not.
	select {
	case o := <-c.done:
		return o.deliver()
	case <-c.ran:
		return ctx.Err()
	}
}

// deliver ends Update as fn ended.
func (o outcome) deliver() error {
	if o.panicked != nil {
		panic(o.panicked)
	}
	if o.exited {
		runtime.Goexit()
	}
	return o.err
}

// commitLoop is the committer. It ends when the store is closing and the batch under way is answered.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case first := <-s.calls:
			for batch := s.gather(first); len(batch) > 0; {
				batch = batch[s.attempt(batch):]
			}
		case <-s.closing:
			return
		}
	}
}

// gather returns the calls that are waiting, at most maxBatch. Taking one from the channel binds the committer to answer it.
func (s *Store) gather(first *call) []*call {
	batch := []*call{first}
	for len(batch) < maxBatch {
		select {
		case c := <-s.calls:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// attempt runs the calls of a batch in one transaction and commits it. It returns how many calls, from the first on, it
// answered. When one spoils the transaction, those before it are run again and committed without it; it is then the first of
// what remains, so that its outcome rests on what is on disk and on nothing that was rolled back.
func (s *Store) attempt(batch []*call) (answered int) {
	if s.inDoubt != nil {
		return answer(batch, nil, s.inDoubt)
	}
	keys := *s.ring.Load()
	btx, err := s.db.Begin(true)
	if err != nil {
		return answer(batch, nil, s.failed(err))
	}
	defer btx.Rollback() // no effect after a commit
	outcomes := make([]outcome, len(batch))
	wrote := false
	for i, c := range batch {
		t := &tx{bolt: btx, ring: keys, sealer: s.sealer}
		outcomes[i] = c.run(t)
		spoiled := outcomes[i].panicked != nil || outcomes[i].exited || outcomes[i].err != nil && t.writes > 0
		wrote = wrote || t.writes > 0
		t.end()
		if !spoiled {
			continue
		}
		btx.Rollback()
		if i == 0 {
			return answer(batch[:1], outcomes, nil)
		}
		return s.attempt(batch[:i])
	}
	if !wrote {
		return answer(batch, outcomes, nil)
	}
	for _, c := range batch {
		close(c.ran)
	}
	id := btx.ID()
	if err := btx.Commit(); err != nil {
		s.checkDoubt(id, err)
		return answer(batch, nil, s.failed(err))
	}
	return answer(batch, outcomes, nil)
}

// checkDoubt ends all writing if the transaction whose commit failed shows nevertheless: its last page was written, and the disk
// could not say that it keeps it. A next transaction would be built on it and write over the pages of the one before, and a power
// cut would then leave neither. A commit that fails earlier, as on a full disk, leaves the file as it was.
func (s *Store) checkDoubt(id int, failure error) {
	btx, err := s.db.Begin(false)
	if err != nil {
		s.inDoubt = s.failed(err)
		return
	}
	defer btx.Rollback()
	if btx.ID() >= id {
		s.inDoubt = fmt.Errorf("the disk failed while the store file %s was written; check the disk, then start scim2slack again: %w", s.path, failure)
	}
}

// failed tells that the file could not be written.
func (s *Store) failed(err error) error {
	return fmt.Errorf("write the store file %s: %w", s.path, err)
}

// answer gives each call its outcome or, if that is not nil, the error that they share.
func answer(batch []*call, outcomes []outcome, shared error) int {
	for i, c := range batch {
		if shared != nil {
			c.done <- outcome{err: shared}
		} else {
			c.done <- outcomes[i]
		}
	}
	return len(batch)
}

// run runs the function of a call, unless its context ended, in a goroutine of its own, so that not even runtime.Goexit
// ends the committer.
func (c *call) run(t *tx) outcome {
	if err := c.ctx.Err(); err != nil {
		return outcome{err: err}
	}
	done := make(chan outcome, 1)
	go func() {
		o := outcome{exited: true}
		defer func() {
			if p := recover(); p != nil {
				o = outcome{panicked: newPanicError(p)}
			}
			done <- o
		}()
		err := c.fn(t)
		o = outcome{err: err}
	}()
	return <-done
}

// newPanicError keeps the first stack when a panic passes through more than one store.
func newPanicError(p any) *PanicError {
	if err, ok := p.(error); ok {
		if e, ok := errors.AsType[*PanicError](err); ok {
			return e
		}
	}
	return &PanicError{Value: p, Stack: debug.Stack()}
}
