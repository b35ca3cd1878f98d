// Package boltstore keeps the gateway's records in one bbolt file, inside the process: nothing to install, nothing to run.
//
// The buckets of the file. KEY is source, type and id of a resource; its encoding (keys.go) sorts by source, then type, then id:
//
//	meta          "format" -> "scim2slack", "schema" -> "1"
//	resources     KEY                          -> generation, times, deleted; the document as JSON      (records.go)
//	index         source type index value id   -> nothing           values are folded (store.IndexEntries)
//	counts        source type                  -> how many live resources
//	unacked       KEY                          -> nothing           created, and the source perhaps never learned of it
//	members       KEY of the group, member id  -> type and display   one key a member: adding one never rewrites the others
//	memberof      source, member id, type and id of the group -> nothing                                 the way back
//	links         KEY                          -> store.Link as JSON
//	linkof        type, Slack id               -> KEY
//	formers       Slack id                     -> store.Former as JSON
//	formerof      source index value, Slack id -> nothing
//	slackmembers  KEY of the group, Slack id   -> nothing           what Slack is known to hold
//	status        KEY                          -> store.Status as JSON
//	pending       KEY                          -> nothing           derived from status and generation, kept in the same transaction
//	intents       KEY                          -> store.Intent as JSON
//	audit         seq (8 bytes, big endian)    -> store.Audit as JSON
//	auditof       KEY, seq                     -> nothing
//	settings      name                         -> bytes
//
// Times are kept to the nanosecond and come back in UTC.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"scim2slack/store"
)

// Options tune a store. The zero value is right for production.
type Options struct {
	// NoSync leaves it to the operating system when a commit reaches the disk. A power cut may then lose acknowledged
	// transactions or damage the file: for tests and imports that can be repeated only.
	NoSync bool

	// maxSize limits the file in bytes, so that tests can fill the disk.
	maxSize int
}

// Store is a store.Store over one bbolt file. Its methods may be called by many goroutines at once.
type Store struct {
	db   *bolt.DB
	path string

	calls   chan *call    // to the committer
	closing chan struct{} // closed by Close
	stopped chan struct{} // closed when the committer has ended

	inDoubt error // the committer's own: why nothing can be written any more

	closeOnce sync.Once
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the file at path, and makes the file (mode 0600) if there is none. It starts the committer, which
// Close ends. A file that is in use by another process, is no store, or was written by a newer version is refused, unchanged.
func Open(path string, opts Options) (*Store, error) {
	db, err := openFile(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		db:      db,
		path:    path,
		calls:   make(chan *call),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go s.commitLoop()
	return s, nil
}

// View runs fn on a consistent snapshot, in the caller's goroutine. It sees every Update that returned before.
// fn must be short and must not call Update: no page that it can see is used again while it runs, and a commit that needs a
// larger mapping waits until no View is under way.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if s.isClosing() {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	btx, err := s.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("read the store file %s: %w", s.path, err)
	}
	defer btx.Rollback()
	t := &tx{bolt: btx}
	defer t.end()
	return fn(t)
}

// Close waits for the transactions under way, ends the committer and closes the file. From then on every method,
// Close too, returns store.ErrClosed.
func (s *Store) Close() error {
	err := store.ErrClosed
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.stopped
		err = s.db.Close()
	})
	return err
}

func (s *Store) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
