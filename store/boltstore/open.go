package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	formatName    = "scim2slack"
	schemaVersion = 1

	// lockTimeout is how long Open waits for another process to let go of the file, for instance while one is
	// restarted. bbolt would wait for ever.
	lockTimeout = time.Second

	// mapSize is the address space that is mapped at first. It costs no memory; a file that outgrows its mapping is mapped anew,
	// for which the committer must wait until no View is under way.
	mapSize = 64 << 20
)

var (
	keyFormat = []byte("format")
	keySchema = []byte("schema")
)

// openFile opens the file of a store for reading and writing, and makes it first if there is none. It returns the keys that something in
// it may need; none if it is not encrypted.
func openFile(path string, opts Options) (*bolt.DB, ring, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !opts.ReadOnly {
		if err := createFile(path); err != nil {
			return nil, nil, fmt.Errorf("create %s: %w", path, err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, nil, err
	}
	sealed, err := inspectFile(path, info)
	if err != nil {
		return nil, nil, err
	}
	if err := sealed.check(path, opts.Keys); err != nil {
		return nil, nil, err
	}
	db, err := openBolt(path, writeOptions(opts))
	if err != nil {
		return nil, nil, err
	}
	keys, db, err := prepare(path, db, opts)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if info, err = os.Stat(path); err == nil {
		release(db, info.Size())
	}
	return db, keys, nil
}

func writeOptions(opts Options) *bolt.Options {
	return &bolt.Options{
		Timeout:         lockTimeout,
		ReadOnly:        opts.ReadOnly,
		FreelistType:    bolt.FreelistMapType,
		NoFreelistSync:  true,
		InitialMmapSize: mapSize,
		NoSync:          opts.NoSync,
		MaxSize:         opts.maxSize,
	}
}

// prepare makes a file that is locked ready to be served: private, and encrypted with the current key if there is one. It returns the
// file that is open then, also with an error.
func prepare(path string, db *bolt.DB, opts Options) (ring, *bolt.DB, error) {
	if err := keepPrivate(path, opts.log()); err != nil {
		return nil, db, err
	}
	var sealed *sealing
	err := db.View(func(tx *bolt.Tx) (err error) {
		sealed, err = readSealing(tx)
		return err
	})
	if err == nil {
		err = sealed.check(path, opts.Keys) // it may have been another file a moment ago
	}
	if err == nil && len(opts.Keys) > 0 && !opts.asIs() {
		sealed, db, err = encrypt(path, db, opts, sealed)
	}
	if err != nil || sealed == nil {
		return nil, db, err
	}
	keys, err := sealed.ring(opts.Keys)
	return keys, db, err
}

// keepPrivate takes away what others than the owner may do with the file. Tools that restore it or mount volumes give them more, and who
// reads it knows everybody.
func keepPrivate(path string, log *slog.Logger) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("%s may be read or written by others than its owner (mode %04o), and that cannot be changed: run chmod 600 on it: %w",
			path, info.Mode().Perm(), err)
	}
	log.Warn("others than its owner could read or write the data file; its mode is 0600 now", "file", path, "mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	return nil
}

// createFile makes an empty store. It is written under another name and gets its own only when it is whole and on disk, because
// a power cut during bbolt's first commit leaves a file that cannot be opened.
func createFile(path string) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := temp.Close(); err != nil {
		return err
	}
	if err := initialize(temp.Name()); err != nil {
		return err
	}
	// Unlike a rename, a hard link never replaces the file of a process that was faster.
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil { // a file system without hard links
		if err := os.Rename(temp.Name(), path); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// initialize makes the buckets in an empty file and syncs it.
func initialize(path string) (err error) {
	db, err := openBolt(path, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := initializeBuckets(db); err != nil {
		return err
	}
	return db.Sync()
}

func initializeBuckets(db *bolt.DB) error {
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range bucketNames {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bucketNames[metaBucket]))
		if err := meta.Put(keyFormat, []byte(formatName)); err != nil {
			return err
		}
		return meta.Put(keySchema, strconv.AppendUint(nil, schemaVersion, 10))
	})
}

// syncDir makes a new name in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// inspectFile opens a file for reading only and tells whether it is a store that this version can read, and what it says of its encryption.
func inspectFile(path string, info fs.FileInfo) (sealed *sealing, err error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if info.Size() == 0 {
		return nil, fmt.Errorf("%s is empty and so no store; remove it to begin a new one, or restore a backup", path)
	}
	db, err := openBolt(path, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		// bbolt would read beyond the end of the file, which kills the process.
		if tx.Size() > info.Size() {
			return fmt.Errorf("%s is cut short (%d of %d bytes); restore a backup", path, info.Size(), tx.Size())
		}
		if err := checkFormat(path, tx); err != nil {
			return err
		}
		sealed, err = readSealing(tx)
		return err
	})
	return sealed, err
}

// checkFormat tells whether this version reads the file.
func checkFormat(path string, tx *bolt.Tx) error {
	meta := tx.Bucket([]byte(bucketNames[metaBucket]))
	if meta == nil || string(meta.Get(keyFormat)) != formatName && string(meta.Get(keyFormat)) != formatSealed {
		return fmt.Errorf("%s is a database of another program, not a scim2slack store", path)
	}
	version, err := strconv.ParseUint(string(meta.Get(keySchema)), 10, 64)
	if err != nil || version == 0 {
		return fmt.Errorf("%s has no valid schema version (%q); restore a backup", path, meta.Get(keySchema))
	}
	if version > schemaVersion {
		return fmt.Errorf("%s was written by a newer scim2slack (schema %d, this version knows %d): install that version again, or restore a backup",
			path, version, schemaVersion)
	}
	return nil
}

// openBolt opens a bbolt file that exists and says in the administrator's words what is wrong with it.
func openBolt(path string, opts *bolt.Options) (db *bolt.DB, err error) {
	var opened *os.File
	opts.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
		opened = file
		return file, err
	}
	defer func() {
		// Opening reads the whole tree, and bbolt panics on a damaged one.
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("%s is damaged (%v); restore a backup", path, p)
		}
	}()
	db, err = bolt.Open(path, 0o600, opts)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("another scim2slack process has %s open; stop it first, or give this one a file of its own", path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, fmt.Errorf("%s is not a scim2slack store, or is damaged: %w", path, err)
	case err != nil:
		return nil, err
	}
	if err := stillNamed(path, opened); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// stillNamed tells whether the name is still that of the file, which another process may have replaced while this one waited for it.
func stillNamed(path string, opened *os.File) error {
	is, err := opened.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(is, named) {
		return fmt.Errorf("another process has put a new file in the place of %s; try again", path)
	}
	return nil
}
