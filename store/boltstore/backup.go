package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"scim2slack/store"
)

// Backup hands fn a consistent snapshot of the file and its size in bytes. An encrypted file's is encrypted with the same keys. No page that the
// snapshot holds is used again while fn runs, so the file grows with what is written in the meantime.
func (s *Store) Backup(ctx context.Context, fn func(size int64, snapshot io.WriterTo) error) error {
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
	return fn(btx.Size(), btx)
}

// BackupFile writes a snapshot of a file that no process has open for writing.
func BackupFile(path string, to io.Writer) error {
	return viewFile(path, func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(to)
		return err
	})
}

// CheckFile tells whether a file is a whole store: it opens, this version reads it, and its pages fit together. Values are not decrypted.
func CheckFile(path string) error {
	return viewFile(path, func(tx *bolt.Tx) error {
		// bbolt's check panics in a goroutine of its own where a page is not what it should be, so each is looked at first.
		err := tx.ForEach(func(_ []byte, b *bolt.Bucket) error {
			return b.ForEach(func(_, _ []byte) error { return nil })
		})
		if err != nil {
			return err
		}
		var all []error
		for err := range tx.Check() {
			if len(all) < 10 {
				all = append(all, err)
			}
		}
		return errors.Join(all...)
	})
}

// viewFile runs fn on a store's file that it opens for reading alone.
func viewFile(path string, fn func(*bolt.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil { // bbolt panics on a damaged page
			err = fmt.Errorf("%s is damaged (%v)", path, p)
		}
	}()
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if _, err := inspectFile(path, info); err != nil {
		return err
	}
	db, err := openBolt(path, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(fn)
}
