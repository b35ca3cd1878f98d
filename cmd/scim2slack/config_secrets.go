package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// maxTokenFile bounds a token file, so that a wrong name does not read a disk.
const maxTokenFile = 64 << 10

// readTokenFile fills the token from its file, if one is named and the token is not given with more weight. A variable weighs
// more than the file of the configuration; with the same weight, both are one too many.
func (l *loader) readTokenFile(tokenPath, filePath string, token *secret, file string) {
	if !l.fileCounts(tokenPath, filePath, file) {
		return
	}
	delete(l.origins, tokenPath)
	text, _ := l.fetch(filePath, file, readToken)
	*token = secret(text)
}

// readToken reads a file that holds a token alone.
func readToken(file string) (string, error) {
	text, err := readSecretFile(file)
	if err == nil {
		err = checkToken(text)
	}
	return text, err
}

// fileCounts reports whether the file of a secret, not the secret itself, was given with more weight.
func (l *loader) fileCounts(secretPath, filePath, file string) bool {
	atSecret, direct := l.origins[secretPath]
	atFile, named := l.origins[filePath]
	if !named || file == "" {
		return false
	}
	if direct && (atSecret.variable == "") == (atFile.variable == "") {
		word := secretPath[strings.LastIndex(secretPath, ".")+1:]
		l.report(atFile, filePath, "is given beside the %s itself: keep one of the two", word)
		return false
	}
	return !direct || atSecret.variable == ""
}

// others may not read a secret, nor write it, nor run it. The group may: orchestrators mount secrets with mode 0440 for the group that the
// program runs in (fsGroup of Kubernetes, credentials of systemd), and then nobody else is in it.
const others fs.FileMode = 0o007

// readSecretFile returns the content without white space around it. Links are followed: orchestrators mount secrets so.
func readSecretFile(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", withoutName(err))
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for who writes into it
		return "", errors.New("is not a file: give the name of a file that holds the secret alone")
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", withoutName(err))
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return "", fmt.Errorf("cannot be read: %w", withoutName(err))
	}
	if mode := info.Mode().Perm(); mode&others != 0 {
		return "", fmt.Errorf("is open to everybody on this machine (mode %04o): chmod 600 it", mode)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", withoutName(err))
	}
	if len(content) > maxTokenFile {
		return "", fmt.Errorf("has more than %d bytes: give the name of a file that holds the secret alone", maxTokenFile)
	}
	return strings.TrimSpace(string(content)), nil
}

// checkPermissions refuses a configuration with secrets in it that everybody may read.
func (l *loader) checkPermissions() {
	holdsSecrets := false
	for path, at := range l.origins {
		if at.variable == "" && secretKeys.MatchString(path) {
			holdsSecrets = true
		}
	}
	if info, err := os.Stat(l.file); holdsSecrets && err == nil && info.Mode().Perm()&others != 0 {
		l.report(origin{}, "", "holds secrets and is open to everybody on this machine (mode %04o): chmod 600 it, or use tokenFile", info.Mode().Perm())
	}
}

// secretKeys are the keys whose values are secrets.
var secretKeys = regexp.MustCompile(`((^|\.)token|^encryption\.key|^audit\.key)$`)

// shownFile shows the name of a file. What is not there may be a token in the place of a name.
func shownFile(file string) string {
	if _, err := os.Stat(file); err != nil && looksSecret(file) {
		return hiddenText
	}
	return quote(file)
}

// longWords are those of a text that somebody wrote, such as a rule, that may be secrets.
var longWords = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)

func shownWord(word string) string {
	if looksSecret(word) {
		return hiddenText
	}
	return word
}

const hiddenText = "(not shown, because it looks like a secret)"

// withoutSecrets hides in a text what it repeats of the arguments and may be a token in the wrong place.
func withoutSecrets(text string, args []string) string {
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		for _, word := range []string{arg, value} {
			if looksSecret(word) {
				text = strings.ReplaceAll(text, word, hiddenText)
			}
		}
	}
	return text
}

// looksSecret tells texts that may be tokens: long, of letters and digits alone, and no address or path.
func looksSecret(text string) bool {
	const shortest = 16
	return strings.HasPrefix(text, "xox") || len(text) >= shortest && !strings.ContainsAny(text, " /:") &&
		strings.ContainsAny(text, "0123456789") && strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' && r <= 'z' })
}
