package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	text, err := readSecretFile(file)
	if err == nil {
		err = checkToken(text)
	}
	if err != nil {
		*token = ""
		l.report(l.origins[filePath], filePath, "%s %v", quote(file), err)
		return
	}
	*token = secret(text)
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

// readSecretFile returns the content without white space around it. Links are followed: orchestrators mount secrets so.
func readSecretFile(file string) (string, error) { return readPrivateFile(file, 0o004) }

// readPrivateFile is readSecretFile for a file whose mode must have none of the bits.
func readPrivateFile(file string, forbidden fs.FileMode) (string, error) {
	info, err := os.Stat(file)
	if err == nil {
		switch {
		case !info.Mode().IsRegular():
			return "", errors.New("is not a file: give the name of a file that holds the token alone")
		case info.Mode().Perm()&forbidden&^0o004 != 0:
			return "", fmt.Errorf("may be read or changed by others than its owner (mode %04o): chmod 600 it", info.Mode().Perm())
		case info.Mode().Perm()&forbidden != 0:
			return "", fmt.Errorf("is readable by everybody on this machine (mode %04o): chmod 600 it", info.Mode().Perm())
		case info.Size() > maxTokenFile:
			return "", fmt.Errorf("has %d bytes: give the name of a file that holds the token alone", info.Size())
		}
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(file)
	}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = fmt.Errorf("cannot be read: %w", pathError.Err)
	}
	return strings.TrimSpace(string(content)), err
}

// checkPermissions warns of a file with tokens in it that everybody may read.
func (l *loader) checkPermissions() {
	holdsTokens := false
	for path, at := range l.origins {
		if at.variable == "" && (path == "slack.token" || path == "admin.token" || path == "encryption.key" || path == "audit.key" || strings.HasPrefix(path, "sources[") && strings.HasSuffix(path, "].token")) {
			holdsTokens = true
		}
	}
	if info, err := os.Stat(l.file); holdsTokens && err == nil && info.Mode().Perm()&0o004 != 0 {
		l.warn(origin{}, "", "holds tokens and is readable by everybody on this machine (mode %04o): chmod 600 it, or use tokenFile", info.Mode().Perm())
	}
}
