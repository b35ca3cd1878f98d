package store

import (
	"time"

	"scim2slack/scim"
)

// Type is the kind of a resource.
type Type string

const (
	User  Type = "User"
	Group Type = "Group"
)

// Key names a resource: the source that owns it, its type and its id (a UUIDv7 of ours in canonical text form).
type Key struct {
	Source string `json:"source"`
	Type   Type   `json:"type"`
	ID     string `json:"id"`
}

// String returns source/type/id.
func (k Key) String() string { return k.Source + "/" + string(k.Type) + "/" + k.ID }

// Resource is what a source desires. A deleted resource stays as a tombstone, in no index and no list, until Slack followed.
type Resource struct {
	Key        Key
	Generation uint64 // 1 on creation; one more whenever the content, the members or Deleted change
	Created    time.Time
	Modified   time.Time
	Deleted    bool
	// Document is canonical (scim.Object), without id, meta, schemas, groups and members.
	Document scim.Object
}

// Member is one desired member of a group.
type Member struct {
	ID      string // id of a user or group of the same source
	Type    Type
	Display string // as the source sent it
}

// Origin tells how a link came to be.
type Origin string

const (
	Created  Origin = "created"  // we created the Slack account or group
	Matched  Origin = "matched"  // it was there and matched
	Returned Origin = "returned" // it had been linked before to a person who came back
	Imported Origin = "imported" // an administrator said so in a list
	Relinked Origin = "relinked" // an administrator said so of this one
	Adopted  Origin = "adopted"  // it was there and matched when an administrator had all accounts compared
)

// Link ties a resource to a Slack user or group.
type Link struct {
	Key       Key
	SlackID   string
	Origin    Origin
	MatchedBy string // the attribute by which it was recognised; "" if created
	Linked    time.Time
	// Active is what Slack last said of a user.
	Active bool
	// Applied holds the attributes of a user as we last wished them and Slack took them.
	Applied scim.SlackUserProfile
	// Altered holds those attributes of Applied that Slack took and shows otherwise, as it shows them: a userName that it changed to avoid
	// a clash, a text that it cut.
	Altered scim.SlackUserProfile
	// WithheldEmail is the e-mail that an adopted account did not get, because an adoption never changes the e-mail
	// in the same breath. The plan leaves the e-mail alone for as long as the source wishes this very one.
	WithheldEmail string
	// Unsure is set after a call whose outcome was unknown: until this time Slack may still apply it, over what came later. Then Slack
	// is read once more. The zero time: nothing is unsure.
	Unsure time.Time
	// Name is the displayName of a group as we last wished it and Slack took it.
	Name string
}

// Former remembers an ended link, so that a rehire gets the same account back.
type Former struct {
	Source     string
	SlackID    string
	ID         string // the id of the resource that was linked
	UserName   string
	ExternalID string
	Email      string
	Ended      time.Time
	// Imported: there was no link before; an administrator said that the account is that of the person with these identifiers.
	Imported bool
}

// Phase is how far a resource has come.
type Phase string

const (
	Pending Phase = "pending" // work is left, now or at NextAttempt
	Synced  Phase = "synced"  // Slack holds what is desired
	Skipped Phase = "skipped" // an option says that the action that was due is not done
	Failed  Phase = "failed"  // Slack, or a rule, refuses for good; needs a change at the source, in the configuration or in Slack
	Held    Phase = "held"    // a person must decide
)

// Stored is a resource as it lies in the store, for answers that need no more: its Document is nil, and JSON is the document as
// scim.AppendJSON writes it. JSON belongs to the transaction: it is not to be changed, nor kept beyond it.
type Stored struct {
	Resource
	JSON []byte
}

// Membership is a member of a group, seen from the member.
type Membership struct {
	MemberID string
	Group    Key
}

// ReasonIncomplete is the reason of a Failed resource of which nothing is refused: its source has not said all that Slack wants.
const ReasonIncomplete = "incomplete"

// Status is what the reconciler last decided about a key.
type Status struct {
	Key         Key
	Observed    uint64 // the generation this speaks of
	Phase       Phase
	Attempts    int       // failed attempts at this generation; waiting for a limit costs none
	NextAttempt time.Time // for Pending: not before; the zero time is at once
	Reason      string    // an identifier: Slack's error, or ours
	Message     string    // a sentence for the administrator
	Warnings    []string  // what was left out, and why
	Updated     time.Time
	// Woken counts how often work was asked for because of something else than a new generation, such as a member that got an account.
	Woken uint64
	// Plan is the id of the plan by which a changed configuration asked for work, until that is done; "" if none did.
	Plan string
}

// Intent is written before a call that changes Slack, and deleted with its outcome. One that is found open tells that the
// outcome is unknown and must be read from Slack by the identifiers given here.
type Intent struct {
	Key        Key
	Op         string // createUser, updateUser, createGroup, updateGroup, deleteGroup
	Generation uint64
	SlackID    string // "" for creations
	UserName   string // what a creation sends
	Email      string
	Name       string // of a group
	Sent       time.Time
	GivenUp    time.Time // when the call ended without an answer; zero while it runs, and if the process ended before it
}
