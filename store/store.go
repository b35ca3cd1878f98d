// Package store defines what the gateway remembers and the contract of the stores that keep it: the records
// (this file and its neighbours), Store and Tx. Implementations are boltstore and pgstore; storetest is the suite
// that each of them passes.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// ErrNotFound is returned when a record does not exist.
var ErrNotFound = errors.New("not found")

// ErrReadOnly is returned by the writing methods of a Tx that View opened.
var ErrReadOnly = errors.New("transaction is read-only")

// ErrNoSealer is returned when audit records would have to be sealed, as those before them are, and the store was opened without a key for that.
var ErrNoSealer = errors.New("the audit cannot be sealed without its key")

// ErrClosed is returned by every method of a closed Store.
var ErrClosed = errors.New("store is closed")

// ConflictError is returned by PutResource when another resource of the same source and type holds a unique value.
type ConflictError struct {
	Index  Index
	Value  string
	Holder Key
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s %q is already used by %s", e.Index, e.Value, e.Holder)
}

// LinkedError is returned by PutLink when the Slack account or group is linked to another resource already, or the
// resource to another Slack id. Links never move by themselves.
type LinkedError struct {
	SlackID string
	Holder  Key
}

func (e *LinkedError) Error() string {
	return fmt.Sprintf("Slack id %s is linked to %s", e.SlackID, e.Holder)
}

// Store keeps the records durably.
type Store interface {
	// View runs fn on a consistent snapshot. It returns fn's error, ErrClosed or the error of ctx.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a transaction and returns when it is on disk. Transactions are serialisable. fn may be called more than once
	// and must not do any I/O of its own. If fn returns an error nothing of it is kept and that error is returned.
	// If ctx ends before the commit is known, the error of ctx is returned and the transaction may or may not have been committed.
	Update(ctx context.Context, fn func(Tx) error) error
	// Close waits for the transactions under way and closes the store.
	Close() error
}

// Tx reads and writes inside one transaction, grouped by what is kept. It must not be used after the function
// that received it returned, nor by two goroutines at once.
// Records that are returned are the caller's to keep and change. Sequences read as they go: a caller may stop early, and may
// change or remove what was yielded. A sequence that yields an error ends with it.
type Tx interface {
	Resources
	Memberships
	Links
	Work
	Journal
}

// Resources are what the sources desire.
type Resources interface {
	// Resource returns the resource, also a deleted one that is not yet forgotten. ErrNotFound.
	Resource(Key) (Resource, error)
	// Stored is Resource without the cost of reading the document. ErrNotFound.
	Stored(Key) (Stored, error)
	// Live reports whether the resource is there and not deleted. It is cheaper than reading it.
	Live(Key) (bool, error)
	// FindResources returns the keys of the source's live resources whose index holds value (folded by the store as
	// IndexEntries folds it), oldest first. No hit is an empty slice.
	FindResources(source string, t Type, index Index, value string) ([]Key, error)
	// ResourcesAfter yields the live resources of a source and type in the order of their ids (oldest first), beginning after the id
	// given ("" for all).
	ResourcesAfter(source string, t Type, after string) iter.Seq2[Resource, error]
	// StoredAfter is ResourcesAfter without the cost of reading the documents.
	StoredAfter(source string, t Type, after string) iter.Seq2[Stored, error]
	// CountResources returns how many live resources of the type the source has. It is fast.
	CountResources(source string, t Type) (int, error)
	// PutResource writes the resource and its index entries (IndexEntries), and marks its key as pending
	// if its generation is above the status' observed one. *ConflictError.
	PutResource(Resource) error
	// ForgetResource removes every record of the key but links and audit: resource, index entries, members and
	// memberships, status, intent, known Slack members, unacknowledged mark. Nothing to forget is no error.
	ForgetResource(Key) error

	// Unacknowledged reports whether the resource was created and its source perhaps never learned of it.
	Unacknowledged(Key) (bool, error)
	// SetUnacknowledged marks or unmarks the key.
	SetUnacknowledged(Key, bool) error
}

// Memberships are the desired members of groups. Members are resources of the group's source.
type Memberships interface {
	// Members yields the members of a group in the order of their ids.
	Members(group Key) iter.Seq2[Member, error]
	// IsMember reports whether the group has the member.
	IsMember(group Key, memberID string) (bool, error)
	// GroupsOf yields the keys of the groups that name the resource as a member.
	GroupsOf(member Key) iter.Seq2[Key, error]
	// MembershipsFrom yields the memberships in the groups of a source in the order of the members' ids, beginning with the id given
	// ("" for all).
	MembershipsFrom(source, memberID string) iter.Seq2[Membership, error]
	// AddMembers adds the members that are missing and returns how many that were. The display and type of one that is there are replaced.
	AddMembers(group Key, members ...Member) (added int, err error)
	// RemoveMembers removes the members that are there and returns how many that were.
	RemoveMembers(group Key, memberIDs ...string) (removed int, err error)
}

// Links tie resources to Slack's users and groups.
type Links interface {
	// Link returns the link of a resource. ErrNotFound.
	Link(Key) (Link, error)
	// LinkOf returns the link of a Slack user or group. ErrNotFound.
	LinkOf(t Type, slackID string) (Link, error)
	// AllLinks yields every link.
	AllLinks() iter.Seq2[Link, error]
	// PutLink writes the link. *LinkedError if the Slack id is linked to another key or the key to another Slack id.
	PutLink(Link) error
	// DeleteLink ends the link of a key, and forgets the known Slack members. No link is no error.
	DeleteLink(Key) error

	// FindFormer returns the former links of a source whose identity value is the one given (folded), newest first.
	FindFormer(source string, index Index, value string) ([]Former, error)
	// PutFormer remembers an ended link. There is at most one for each Slack id: a newer one replaces it.
	PutFormer(Former) error
	// DeleteFormer forgets it. Nothing to forget is no error.
	DeleteFormer(slackID string) error

	// SlackMembers yields the Slack user ids that the linked Slack group was last known to hold, sorted.
	SlackMembers(group Key) iter.Seq2[string, error]
	// ChangeSlackMembers records Slack user ids that were added to and removed from the Slack group.
	ChangeSlackMembers(group Key, add, remove []string) error
}

// Work is what remains to be done.
type Work interface {
	// Status returns the status of a key; the zero Status with that key if none was written.
	Status(Key) (Status, error)
	// PutStatus writes the status and keeps the pending set: a key is pending while its phase is Pending or the
	// generation of its resource is above Observed.
	PutStatus(Status) error
	// Statuses yields every status that was written.
	Statuses() iter.Seq2[Status, error]
	// PendingKeys yields the keys with work left, with their status, in no order.
	PendingKeys() iter.Seq2[Status, error]

	// Intent returns the open intent of a key. ErrNotFound.
	Intent(Key) (Intent, error)
	// PutIntent opens an intent; a key has at most one.
	PutIntent(Intent) error
	// DeleteIntent closes it. No intent is no error.
	DeleteIntent(Key) error
}

// Journal holds the audit and small settings that the gateway itself keeps.
type Journal interface {
	// AppendAudit appends a record; its Seq is assigned by the store, rising by one from 1 on. A store with a Sealer seals it, over the MAC of
	// the record before; the first one that is sealed although others are there says so in a record of its own before it.
	AppendAudit(Audit) error
	// AuditOf yields the records of one key, oldest first.
	AuditOf(Key) iter.Seq2[Audit, error]
	// AuditAfter yields all records with a Seq above the one given, oldest first.
	AuditAfter(seq uint64) iter.Seq2[Audit, error]
	// SealedAfter yields the records with a Seq above the one given as they lie in the store, oldest first. Their bytes belong to the transaction:
	// they are not to be changed, nor kept beyond the step.
	SealedAfter(seq uint64) iter.Seq2[Sealed, error]
	// AuditHead returns where the chain ends. ErrNotFound if no record is sealed.
	AuditHead() (Head, error)
	// TrimAudit removes the records from before a time, oldest first, up to the first that is not, most of them at once, and never the newest.
	// It seals a checkpoint that stands for them, with the time now. It returns how many it removed. ErrNoSealer.
	TrimAudit(before, now time.Time, most int) (removed int, err error)
	// Checkpoint returns what stands for the records that TrimAudit removed. ErrNotFound if it never did.
	Checkpoint() (Checkpoint, error)

	// Setting returns a named setting. ErrNotFound.
	Setting(name string) ([]byte, error)
	// PutSetting writes it.
	PutSetting(name string, value []byte) error
}
