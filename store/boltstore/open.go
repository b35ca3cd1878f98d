package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
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

// openFile opens the file of a store for reading and writing, and makes it first if there is none.
func openFile(path string, opts Options) (*bolt.DB, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if err := inspectFile(path, info.Size()); err != nil {
		return nil, err
	}
	db, err := openBolt(path, &bolt.Options{
		Timeout:         lockTimeout,
		FreelistType:    bolt.FreelistMapType,
		NoFreelistSync:  true,
		InitialMmapSize: mapSize,
		NoSync:          opts.NoSync,
		MaxSize:         opts.maxSize,
	})
	if err != nil {
		return nil, err
	}
	release(db, info.Size())
	return db, nil
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
	err = db.Update(func(tx *bolt.Tx) error {
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
	if err != nil {
		return err
	}
	return db.Sync()
}

// syncDir makes a new name in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// inspectFile opens a file for reading only and tells whether it is a store that this version can read.
func inspectFile(path string, size int64) error {
	if size == 0 {
		return fmt.Errorf("%s is empty and so no store; remove it to begin a new one, or restore a backup", path)
	}
	db, err := openBolt(path, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		// bbolt would read beyond the end of the file, which kills the process.
		if tx.Size() > size {
			return fmt.Errorf("%s is cut short (%d of %d bytes); restore a backup", path, size, tx.Size())
		}
		meta := tx.Bucket([]byte(bucketNames[metaBucket]))
		if meta == nil || string(meta.Get(keyFormat)) != formatName {
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
	})
}

// openBolt opens a bbolt file that exists and says in the administrator's words what is wrong with it.
func openBolt(path string, opts *bolt.Options) (db *bolt.DB, err error) {
	opts.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		return os.OpenFile(name, flag&^os.O_CREATE, mode)
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
	}
	return db, err
}
