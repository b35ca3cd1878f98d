package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// hashed is a secret of which the hash alone counts: it is given, or made of a file of which nothing else is kept.
type hashed struct {
	SHA256 string // in hexadecimal; or
	File   string

	hash [sha256.Size]byte // of either
}

// known reports whether the hash is there.
func (h *hashed) known() bool { return h.hash != [sha256.Size]byte{} }

// readHashed takes the hash of the secret at path from where it is given. check says what is wrong with the secret itself.
func (l *loader) readHashed(path string, h *hashed, hashKey, fileKey string, check func(string) error) {
	file := path + "." + fileKey
	switch {
	case l.faulty(path+"."+hashKey, file):
	case (h.SHA256 == "") == (h.File == ""):
		l.report(l.origins[path], path, "needs either %s, which \"scim2slack token hash\" makes of a secret, or %s", hashKey, fileKey)
	case h.SHA256 != "":
		_, _ = hex.Decode(h.hash[:], []byte(h.SHA256)) // checkHash has seen it
	default:
		if text, ok := l.fetch(file, h.File, readRandom(check)); ok {
			h.hash = sha256.Sum256([]byte(text))
		}
	}
}

// readRandom makes a reader of files that hold a secret of the form alone, and one that nobody guesses.
func readRandom(check func(string) error) func(file string) (string, error) {
	return func(file string) (string, error) {
		text, err := readSecretFile(file)
		if err == nil {
			err = check(text)
		}
		if err == nil {
			err = guessable(text)
		}
		return text, err
	}
}

// A secret is compared by a fast hash, which is enough for one that a machine made at random, and not for one that a person made up.
const (
	leastSecret  = 16
	leastLetters = 6 // that differ
)

// guessable returns an error if a secret is one that somebody can guess. It never shows the text.
func guessable(text string) error {
	different := map[rune]bool{}
	for _, r := range text {
		different[r] = true
	}
	switch {
	case len(text) < leastSecret:
		return fmt.Errorf("has only %d characters and can be guessed: use 32 random ones or more, as \"openssl rand -hex 32\" makes", len(text))
	case len(different) < leastLetters:
		return fmt.Errorf("has only %d different characters and can be guessed: use 32 random ones or more, as \"openssl rand -hex 32\" makes", len(different))
	}
	return nil
}

// checkHash wants the SHA-256 of something.
func checkHash(text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("is no SHA-256 of %d hexadecimal digits: make it of the secret with \"scim2slack token hash\"", hex.EncodedLen(sha256.Size))
	}
	if [sha256.Size]byte(raw) == sha256.Sum256(nil) || [sha256.Size]byte(raw) == ([sha256.Size]byte{}) {
		return errors.New("is the hash of nothing: the secret did not reach the program that made it")
	}
	return nil
}
