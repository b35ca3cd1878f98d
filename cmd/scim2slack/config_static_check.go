package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"scim2slack/server"
)

// checkStatics completes the lists tokens and basic of a source, and says what is wrong with them.
func (l *loader) checkStatics(i int, s *sourceConfig) {
	names := map[string]bool{}
	for j, t := range s.Tokens {
		path := staticPath(i, "tokens", j)
		switch {
		case l.unread(path):
			continue
		case t.Name == "" && !l.faulty(path+".name"):
			l.report(l.origins[path], path+".name", "is missing: give the token a name, such as 2030-spring, by which logs and records call it")
		case names[t.Name] && t.Name != "":
			l.report(l.origins[path+".name"], path+".name", "is %s, as is that of another token of the source: use a name of its own", quote(t.Name))
		}
		names[t.Name] = true
		l.checkStatic(path, t, "file", readRandom(checkToken))
	}
	for j, b := range s.Basic {
		path := staticPath(i, "basic", j)
		if l.unread(path) {
			continue
		}
		if b.User == "" && !l.faulty(path+".user") {
			l.report(l.origins[path], path+".user", "is missing: give the user that the source presents")
		}
		l.checkStatic(path, b, "passwordFile", readRandom(func(text string) error { return unusable(server.CheckPassword(text)) }))
	}
}

// checkStatic takes the hash of a secret from the configuration or makes it of a file.
func (l *loader) checkStatic(path string, c *staticConfig, fileKey string, read func(file string) (string, error)) {
	at, atFile := l.origins[path], path+"."+fileKey
	if !c.Expires.IsZero() && !time.Now().Before(c.Expires) {
		l.warn(l.origins[path+".expires"], path+".expires", "was %s: this opens nothing any more, leave it out", c.Expires.UTC().Format(time.RFC3339))
	}
	switch {
	case l.faulty(path+".sha256", atFile):
		return
	case (c.SHA256 == "") == (c.File == ""):
		l.report(at, path, "needs either sha256, which \"scim2slack token hash\" makes of a secret, or %s", fileKey)
		return
	case c.SHA256 != "":
		_, _ = hex.Decode(c.hash[:], []byte(c.SHA256)) // checkHash has seen it
		return
	}
	if text, ok := l.fetch(atFile, c.File, read); ok {
		c.hash = sha256.Sum256([]byte(text))
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

func checkUser(text string) error { return unusable(server.CheckUser(text)) }

// unusable makes what the server says of a text a sentence about a key.
func unusable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot be used: %w", err)
}

// sourcesWithCredential are those that have one in the configuration.
func (c *config) sourcesWithCredential() map[string]bool {
	with := map[string]bool{}
	for _, credential := range c.credentials() {
		with[credential.Source] = true
	}
	return with
}

// withoutCredential warns of each source that nobody can push as unless the gateway made a token for it. The store alone knows that.
func (c *config) withoutCredential(file string) (warnings []fault) {
	with := c.sourcesWithCredential()
	for i, s := range c.Sources {
		if at := c.origins[sourcePath(i, "")]; !with[s.Name] {
			warnings = append(warnings, fault{File: file, Line: at.line, Column: at.column, Variable: at.variable, Key: sourcePath(i, "token"),
				Problem: fmt.Sprintf("the source %s has no credential here: set token or tokenFile, or make a token with "+
					"\"scim2slack token new --source %s\" when the gateway runs", quote(s.Name), s.Name)})
		}
	}
	return warnings
}
