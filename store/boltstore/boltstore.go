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
//	audit         seq (8 bytes, big endian)    -> seal and store.Audit as JSON                          (audit.go)
//	auditof       KEY, seq                     -> nothing
//	settings      name                         -> bytes
//
// Times are kept to the nanosecond and come back in UTC.
//
// Audit records that a version without seals wrote are JSON alone, with other names. They stay as they are and stay readable; the
// chain begins after them with a record that says so, audit.begun, and proves nothing of them. The checkpoint that stands for records
// that were removed is the setting "audit.checkpoint".
//
// # Encryption
//
// With Options.Keys every value but those of meta is encrypted (cipher.go), bound to its bucket and key, and the part of the keys of index
// and formerof that tells what somebody is called is a MAC of it (lookup.go). What stays readable in keys are the names of sources, our ids,
// Slack's ids and the numbers of the audit: they name nobody without the values, and their order is needed. Who reads the file learns
// how many records there are, of what size, and which belong together, as the members of a group. A value that was changed or moved
// is an error for its reader; that one was removed, or an older state of the file put back, is not seen here.
//
// A file's keys are derived from the configured key and a salt of the file. There are no data keys that the configured one wraps: they would
// make a rotation fast, but who knows the old key and has an old copy knows them for ever. So a rotation writes everything anew
// (rotate.go), indexes too, and then the old key is worth nothing for the file. Plain files are encrypted by writing a new one (rewrite.go).
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"scim2slack/store"
)

// Options tune a store. The zero value is right for production.
type Options struct {
	// NoSync leaves it to the operating system when a commit reaches the disk. A power cut may then lose acknowledged
	// transactions or damage the file: for tests and imports that can be repeated only.
	NoSync bool
	// Sealer seals the audit records. nil: they have no MAC, keep no values, and a file whose records are sealed takes no more of them.
	Sealer *store.Sealer
	// ReadOnly opens a file that is there, for reading alone. No other process may have it open for writing meanwhile.
	ReadOnly bool

	// Keys encrypt the file: the first what is written, the others what was written before. None: the file is not encrypted. A plain file is
	// encrypted before Open returns; if the first key is another than the file has, it replaces that in the background. The keys that
	// the file needs must be among them.
	Keys []Key

	// AsIs leaves the encryption of the file as it is: the keys open it and no more.
	AsIs bool

	// Log is told what becomes of the encryption and of the mode of the file. nil: nobody.
	Log *slog.Logger

	// maxSize limits the file in bytes, so that tests can fill the disk.
	maxSize int
	// renewNever leaves two keys side by side, so that tests can see that.
	renewNever bool
}

// asIs reports whether the encryption of the file stays as it is.
func (o Options) asIs() bool { return o.AsIs || o.ReadOnly }

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// Store is a store.Store over one bbolt file. Its methods may be called by many goroutines at once.
type Store struct {
	db     *bolt.DB
	path   string
	log    *slog.Logger
	ring   atomic.Pointer[ring] // all that a transaction that begins now may need
	sealer *store.Sealer

	calls   chan *call    // to the committer
	closing chan struct{} // closed by Close
	stopped chan struct{} // closed when the committer has ended

	inDoubt error // the committer's own: why nothing can be written any more

	renewal    sync.Mutex
	endRenewal context.CancelFunc // of what replaces a key; nil: nothing does
	renewed    chan struct{}      // closed when that has ended

	closeOnce sync.Once
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the file at path, and makes the file (mode 0600) if there is none. It starts the committer, and what
// replaces a key, which Close ends. A file that is in use by another process, is no store, was written by a newer version, or needs a key
// that is not given is refused, unchanged.
func Open(path string, opts Options) (*Store, error) {
	db, keys, err := openFile(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		db:      db,
		path:    path,
		log:     opts.log(),
		sealer:  opts.Sealer,
		calls:   make(chan *call),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	s.ring.Store(&keys)
	go s.commitLoop()
	if !opts.asIs() && !opts.renewNever {
		s.startRenewing()
	}
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
	btx, keys, err := s.snapshot()
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("read the store file %s: %w", s.path, err)
	}
	defer btx.Rollback()
	t := &tx{bolt: btx, ring: *keys, sealer: s.sealer}
	defer t.end()
	return fn(t)
}

// snapshot begins to read, with the keys that counted at that moment: those before may lack the newest one, those afterwards one that the snapshot
// still needs.
func (s *Store) snapshot() (btx *bolt.Tx, keys *ring, err error) {
	for {
		keys = s.ring.Load()
		if btx, err = s.db.Begin(false); err != nil || s.ring.Load() == keys {
			return btx, keys, err
		}
		if err := btx.Rollback(); err != nil {
			return nil, nil, err
		}
	}
}

// Close waits for the transactions under way, ends the committer and closes the file. From then on every method,
// Close too, returns store.ErrClosed.
func (s *Store) Close() error {
	err := store.ErrClosed
	s.closeOnce.Do(func() {
		s.stopRenewing()
		close(s.closing)
		s.stopRenewing() // one that began meanwhile
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
