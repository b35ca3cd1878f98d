package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"scim2slack/auditsink"
	"scim2slack/store"
	"scim2slack/store/boltstore"
)

// auditConfig says how the records of what happened are kept, and where they are copied to.
type auditConfig struct {
	Key     secret // seals the records; "": that of the file beside the data file
	KeyFile string
	// FormerKeyFiles hold earlier keys, which verify the records that they sealed.
	FormerKeyFiles []string
	Values         bool          // records hold values rather than their hashes
	Keep           time.Duration // 0: for ever
	File, Syslog   string        // "": no copy
}

const (
	day              = 24 * time.Hour
	shortestAuditKey = 32 // characters
)

// keepKey is for a time of days.
func keepKey(path, variable string, p *time.Duration) key {
	return newKey(path, variable, kindDuration, func(texts []string) error {
		days, whole := strings.CutSuffix(texts[0], "d")
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil || !whole && n != 0 {
			return fmt.Errorf("is %s: use a number of days, such as 400d, or 0 to keep all", quoteValue(texts[0]))
		}
		*p = time.Duration(n) * day
		return nil
	}, func() string { return strconv.Itoa(int(*p/day)) + "d" })
}

func checkSyslog(text string) error {
	if _, _, err := auditsink.ParseSyslog(text); err != nil {
		return fmt.Errorf("is %s: use udp://HOST:PORT, tcp://HOST:PORT or unix:///dev/log", quoteValue(text))
	}
	return nil
}

func (l *loader) checkAuditKey() {
	if n := len(l.config.Audit.Key); n > 0 && n < shortestAuditKey {
		given := l.given("audit.key")
		l.report(l.origins[given], given, "has only %d characters: use 32 random ones or more, such as openssl rand -hex 32 prints", n)
	}
}

// sealer returns what seals and verifies the audit of the data file.
func (c *config) sealer(ownKey func() (string, error)) (*store.Sealer, error) {
	key := c.Audit.Key.reveal()
	if key == "" {
		var err error
		if key, err = ownKey(); err != nil {
			return nil, fmt.Errorf("the key of the audit: %w", err)
		}
	}
	var former []string
	for _, file := range c.Audit.FormerKeyFiles {
		text, err := readAuditKey(file)
		if err != nil {
			return nil, fmt.Errorf("a former key of the audit: %w", err)
		}
		former = append(former, text)
	}
	return store.NewSealer(c.Audit.Values, key, former...), nil
}

// auditKeyPath is the file of the key of who gives none. It lies beside the data file and never in it: who can write the one alone can
// change no record unseen.
func (c *config) auditKeyPath() string { return c.Data + ".auditkey" }

func readAuditKey(file string) (string, error) {
	text, err := readSecretFile(file)
	if err == nil && len(text) < shortestAuditKey {
		err = fmt.Errorf("holds only %d characters, fewer than %d", len(text), shortestAuditKey)
	}
	if err != nil {
		return "", fmt.Errorf("%s %w", shownFile(file), err)
	}
	return text, nil
}

// auditKey reads the key beside the data file.
func (c *config) auditKey() (string, error) { return readAuditKey(c.auditKeyPath()) }

// firstAuditKey is auditKey, and makes the file at the first start. Where records are sealed already a new key would hide that they cannot be
// verified any more, so a file that got lost is an error.
func (c *config) firstAuditKey() (string, error) {
	path := c.auditKeyPath()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return c.auditKey()
	}
	sealed, err := c.hasSealedRecords()
	if err != nil {
		return "", err
	}
	if sealed {
		return "", fmt.Errorf("%s is gone, and the records in %s are sealed with it: put it back from a backup. If it is lost, set audit.key to a new one: "+
			"from there on records can be verified again, and those before cannot", quote(path), quote(c.Data))
	}
	if err := writeAuditKey(path); err != nil {
		if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
			err = pathError.Err // without the name of the temporary file
		}
		return "", fmt.Errorf("%s cannot be made: %w", quote(path), err)
	}
	return c.auditKey()
}

// hasSealedRecords reports whether the data file is there and has sealed records.
func (c *config) hasSealedRecords() (sealed bool, err error) {
	if _, err := os.Stat(c.Data); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	st, err := boltstore.Open(c.Data, boltstore.Options{ReadOnly: true, Keys: c.Encryption.keys})
	if err != nil {
		return false, err
	}
	err = st.View(context.Background(), func(tx store.Tx) error {
		_, err := tx.AuditHead()
		sealed = err == nil
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return sealed, errors.Join(err, st.Close())
}

// writeAuditKey makes a key. The file gets its name when it is whole, and takes the place of no other.
func writeAuditKey(path string) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	_, err = temp.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Rename(temp.Name(), path) // a file system without hard links
	}
	return nil
}
