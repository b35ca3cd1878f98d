package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"scim2slack/store/boltstore"
)

// encryptionConfig says whether and with what the data file is encrypted.
type encryptionConfig struct {
	Key     secret
	KeyFile string

	keys []boltstore.Key // from either, the current one first; none: it is not encrypted
}

// readEncryption reads the keys from where they are given.
func (l *loader) readEncryption() {
	e := &l.config.Encryption
	lines := []string{e.Key.reveal()}
	if l.fileCounts("encryption.key", "encryption.keyFile", e.KeyFile) {
		delete(l.origins, "encryption.key")
		text, ok := l.fetch("encryption.keyFile", e.KeyFile, readSecretFile)
		e.Key = secret(text)
		if !ok {
			return
		}
		lines = strings.Split(text, "\n")
	} else if e.Key == "" {
		return
	}
	path := l.given("encryption.key")
	if l.faulty(path) {
		return
	}
	keys, err := parseKeys(lines)
	if err != nil {
		if path == "encryption.keyFile" {
			err = fmt.Errorf("%s %w", shownFile(e.KeyFile), err)
		}
		l.report(l.origins[path], path, "%v", err)
		return
	}
	e.keys = keys
}

// encryptionKeys reads them for a command that opens the data file without all that serve needs.
func encryptionKeys(file string, environ []string) ([]boltstore.Key, error) {
	l, err := readLoosely(file, environ)
	if err != nil {
		return nil, err
	}
	if l.readEncryption(); l.unparsed || l.faulty("encryption") {
		sortFaults(l.faults)
		return nil, &configError{l.faults}
	}
	return l.config.Encryption.keys, nil
}

// sameKeys reports whether the keys are the same, in the same order.
func sameKeys(a, b []boltstore.Key) bool {
	return slices.EqualFunc(a, b, func(a, b boltstore.Key) bool { return a.ID() == b.ID() })
}

// parseKeys reads one key a line. Empty lines and those that begin with # are for people. Errors tell the line, not what is in it.
func parseKeys(lines []string) ([]boltstore.Key, error) {
	var keys []boltstore.Key
	seen := map[string]bool{}
	for i, line := range lines {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := boltstore.ParseKey(line)
		if err == nil && seen[k.ID()] {
			err = errors.New("is the key of a line above: leave one out")
		}
		if err != nil && len(lines) > 1 {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if err != nil {
			return nil, err
		}
		seen[k.ID()] = true
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("holds no key: make one with openssl rand -base64 32")
	}
	return keys, nil
}
