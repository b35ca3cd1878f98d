package main

import (
	"crypto/sha256"
)

// reading is one reading of a file that the configuration names, or of its own.
type reading struct {
	read func(file string) (string, error)
	seen [sha256.Size]byte // of what was read, or of why nothing was
	// content is what counts: what was read or, if that was no good, what was read before.
	content secret
}

// place is a file as one key names it. The configuration's own file has no key.
type place struct {
	key, file string
}

// look reads a file and notes what was seen.
func look(file string, read func(string) (string, error)) (reading, error) {
	content, err := read(file)
	r := reading{read: read, seen: sha256.Sum256([]byte(content)), content: secret(content)}
	if err != nil {
		r.seen, r.content = sha256.Sum256([]byte("\x00"+err.Error())), ""
	}
	return r, err
}

// changed reports whether any file is not as it was read. Contents count, and not times: links that are moved, as orchestrators do, are noticed too.
func changed(files map[place]reading) bool {
	for at, before := range files {
		if now, _ := look(at.file, before.read); now.seen != before.seen {
			return true
		}
	}
	return false
}

// fetch reads the file that a key names. What cannot be read is a fault. If it could be read before, it is only a warning, and what was
// read before stays: whoever replaces a secret may be in the middle of it.
func (l *loader) fetch(key, file string, read func(string) (string, error)) (content string, ok bool) {
	r, err := look(file, read)
	at := place{key, file}
	if before := l.before[at]; err != nil && before.content != "" {
		r.content = before.content
		l.warn(l.origins[key], key, "%s %v; what it held before stays", shownFile(file), err)
	} else if err != nil {
		l.report(l.origins[key], key, "%s %v", shownFile(file), err)
	}
	l.files[at] = r
	return r.content.reveal(), r.content != ""
}
