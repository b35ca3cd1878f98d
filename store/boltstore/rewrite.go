package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"scim2slack/store"
)

// bbolt leaves what was deleted or replaced in the file until its pages are needed again. So a plain file is encrypted by writing a new one,
// before anybody is served: a gateway that served in between would write its answers to a file in clear that is to go. The same
// rids a file of what an earlier key encrypted, the next time that it is opened.

// rewriteBatch is how many bytes a transaction writes at most while a file is rewritten. It bounds the memory this takes, and the pages of an
// index, which bbolt splits only when it commits: a new entry is moved into its place among all the others of its page.
const rewriteBatch = 2 << 20

// rewriteFile puts a new file, made by fill, in the place of the one that old has open and locked, returns it open and locked, and
// logs done. If it fails it returns the old one; then, and if the process is killed, that is as it was.
func rewriteFile(path string, old *bolt.DB, opts Options, done string, fill func(fresh *bolt.DB) error) (*bolt.DB, error) {
	began := time.Now()
	path, err := filepath.EvalSymlinks(path) // a link stays one
	if err != nil {
		return old, err
	}
	temp := path + ".rewriting" // one that was left behind holds nothing of worth
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return old, err
	}
	if err := os.WriteFile(temp, nil, 0o600); err != nil {
		return old, err
	}
	defer os.Remove(temp)
	fresh, err := openBolt(temp, writeOptions(opts))
	if err != nil {
		return old, err
	}
	fresh.NoSync = true // Sync follows
	err = fill(fresh)
	if err == nil {
		err = fresh.Sync()
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return old, errors.Join(err, fresh.Close())
	}
	fresh.NoSync = opts.NoSync
	// The old one is let go only now, so that who waits for it finds that the name means another file.
	if err := old.Close(); err != nil {
		return old, errors.Join(err, fresh.Close())
	}
	opts.log().Info(done, "key", opts.Keys[0].ID(), "took", time.Since(began).Round(time.Millisecond))
	return fresh, nil
}

// encrypt makes the first of the keys given the current one of a file: a plain one (sealed is nil) is encrypted, one that is encrypted
// begins to replace its key. A file that has done so is rid of what was encrypted before. It returns what the file then says,
// and the file that is open then; with an error it is the old one.
func encrypt(path string, db *bolt.DB, opts Options, sealed *sealing) (*sealing, *bolt.DB, error) {
	switch {
	case sealed == nil:
		sealed = newSealing(opts.Keys[0])
		keys, err := sealed.ring(opts.Keys)
		if err != nil {
			return nil, db, err
		}
		fresh, err := rewriteFile(path, db, opts, "the store is encrypted now", func(fresh *bolt.DB) error {
			return errors.Join(copyEncrypted(fresh, db, keys), fresh.Update(sealed.write))
		})
		return sealed, fresh, err
	case sealed.Keys[0] != opts.Keys[0].id:
		sealed = sealed.replaced(opts.Keys[0])
		return sealed, db, db.Update(sealed.write)
	case sealed.Stale && len(sealed.Keys) == 1:
		sealed.Stale = false
		fresh, err := rewriteFile(path, db, opts, "the store holds nothing any more that an earlier key encrypted", func(fresh *bolt.DB) error {
			return errors.Join(bolt.Compact(fresh, db, rewriteBatch), fresh.Update(sealed.write))
		})
		return sealed, fresh, err
	}
	return sealed, db, nil
}

// copyEncrypted writes the records of a plain store to a new file.
func copyEncrypted(fresh, plain *bolt.DB, keys ring) error {
	if err := initializeBuckets(fresh); err != nil {
		return err
	}
	return plain.View(func(from *bolt.Tx) error {
		c := &copying{db: fresh, ring: keys}
		for i := metaBucket + 1; i < bucketCount; i++ {
			if err := c.bucket(from, i); err != nil {
				return errors.Join(err, c.rollback())
			}
		}
		return c.commit()
	})
}

// copying writes the records of a plain store to an encrypted one.
type copying struct {
	db      *bolt.DB
	ring    ring
	tx      *tx // nil between transactions
	written int // bytes, in tx
}

// bucket copies the records of a bucket. What finds records by values is made from the records.
func (c *copying) bucket(from *bolt.Tx, bucket int) error {
	source := from.Bucket([]byte(bucketNames[bucket]))
	if source == nil {
		return fmt.Errorf("the store file has no bucket %s; restore a backup", bucketNames[bucket])
	}
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.tx.bucket(bucket).SetSequence(source.Sequence()); err != nil {
		return err
	}
	if bucket == index || bucket == formerOf {
		return nil
	}
	return source.ForEach(func(k, v []byte) error {
		if err := c.begin(); err != nil {
			return err
		}
		if err := c.tx.keep(bucket, k, v); err != nil {
			return err
		}
		c.written += len(k) + len(v)
		if c.written < rewriteBatch {
			return nil
		}
		return c.commit()
	})
}

func (c *copying) begin() error {
	if c.tx != nil {
		return nil
	}
	btx, err := c.db.Begin(true)
	if err == nil {
		c.tx, c.written = &tx{bolt: btx, ring: c.ring}, 0
	}
	return err
}

func (c *copying) commit() error {
	if c.tx == nil {
		return nil
	}
	btx := c.tx.bolt
	c.tx = nil
	return btx.Commit()
}

func (c *copying) rollback() error {
	if c.tx == nil {
		return nil
	}
	return c.tx.bolt.Rollback()
}

// keep writes a record as it is, with what it is found by.
func (t *tx) keep(bucket int, key, value []byte) error {
	switch bucket {
	case resources:
		k, _, err := cutKey(key)
		if err != nil {
			return err
		}
		r, err := decodeResource(k, value)
		if err != nil {
			return err
		}
		if err := t.changeIndex(k, nil, store.IndexEntries(r)); err != nil {
			return err
		}
	case formers:
		slackID, _, err := cutText(key)
		if err != nil {
			return err
		}
		f, err := decodeFormer(slackID, value)
		if err != nil {
			return err
		}
		if err := t.setFormerOf(f, true); err != nil {
			return err
		}
	}
	return t.put(bucket, key, value)
}
