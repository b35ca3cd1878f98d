package store

import (
	"strings"

	"scim2slack/scim"
)

// Index names a way to find resources (and former links) by a value.
type Index string

const (
	IndexUserName    Index = "userName"    // unique for users, letter case ignored
	IndexExternalID  Index = "externalId"  // as written
	IndexEmail       Index = "email"       // every e-mail of a user, letter case ignored
	IndexDisplayName Index = "displayName" // of groups: unique, letter case ignored
	IndexManager     Index = "manager"     // what a user names as the manager, letter case ignored
)

// IndexEntry is one value by which a resource is found.
type IndexEntry struct {
	Index  Index
	Value  string // folded
	Unique bool
}

// Fold returns value as the index keeps it.
func (i Index) Fold(value string) string {
	if i == IndexExternalID {
		return value
	}
	return strings.ToLower(value)
}

// IndexEntries returns the entries of a resource, each once. A tombstone has none.
func IndexEntries(r Resource) []IndexEntry {
	if r.Deleted {
		return nil
	}
	var entries []IndexEntry
	seen := map[IndexEntry]bool{}
	add := func(index Index, value string, unique bool) {
		e := IndexEntry{index, index.Fold(value), unique}
		if value != "" && !seen[e] {
			seen[e] = true
			entries = append(entries, e)
		}
	}
	add(IndexExternalID, r.Document.String("externalId"), false)
	if r.Key.Type == Group {
		add(IndexDisplayName, r.Document.String("displayName"), true)
		return entries
	}
	add(IndexUserName, r.Document.String("userName"), true)
	for _, v := range r.Document.List("emails") {
		if e, ok := v.(scim.Object); ok {
			add(IndexEmail, e.String("value"), false)
		}
	}
	add(IndexManager, r.Document.Object(scim.EnterpriseSchema).Object("manager").String("value"), false)
	return entries
}
