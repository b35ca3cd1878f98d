package slacksim

import "time"

// Defaults of [Options].
const (
	// DefaultToken is the bearer token that a new simulator accepts.
	DefaultToken = "xoxp-simulated"
	// DefaultDeactivationDelay is how long a user stays active after DELETE.
	// Slack's own tests poll for up to ten seconds (LIVE).
	DefaultDeactivationDelay = 2 * time.Second
	// DefaultPhotoDelay is how long an answer shows the previous photo
	// ("a few moments", DOC).
	DefaultPhotoDelay = 2 * time.Second
	// DefaultCallLog is how many calls are remembered.
	DefaultCallLog = 10000
)

// Role is the rank of an account in the organization. A token acts only on
// accounts of its own rank or below (DOC).
type Role int

// The ranks, from the lowest.
const (
	RoleMember Role = iota
	RoleAdmin
	RoleOwner
	RolePrimaryOwner
)

// Pathless says what becomes of a v2 PATCH operation without a path. Slack's
// documentation shows none, so nobody knows.
type Pathless int

// The three possible readings of an operation without a path.
const (
	PathlessRefused Pathless = iota // 400 invalid_attribute_format
	PathlessIgnored                 // 200, and nothing changes
	PathlessApplied                 // as RFC 7644 section 3.5.2 has it
)

// Options choose the organization and settle what is not known about Slack.
// The zero value is a Business+ workspace with Slack's published limits.
type Options struct {
	// Token is the accepted bearer token; "" means DefaultToken.
	Token string
	// TokenUser is the id of the account that the token belongs to, which
	// exists from the start; "" picks one.
	TokenUser string
	// TokenRole is the rank of that account. The zero value means
	// RolePrimaryOwner. With another rank, a second account is the primary
	// owner, as every organization has one.
	TokenRole Role
	// Scopes are the OAuth scopes of the token; nil means "admin". Without
	// admin, SCIM calls get permission_denied.
	Scopes []string

	// Enterprise makes the organization an Enterprise one: ids begin with W,
	// guests exist, groups are IDP groups of up to 15,000 members rather
	// than user groups of up to 5,000 (DOC).
	Enterprise bool
	// Domain is the organization's part of Slack URLs; "" means "simulated".
	Domain string
	// Channels are names of channels, which userNames share a name space with
	// (DOC). nil means general and random.
	Channels []string
	// ReservedNames are userNames refused with username_not_allowed, beside
	// those that are always refused.
	ReservedNames []string

	// Limits override the published rate limits by name: writes, reads,
	// getUser, createUser, updateUser, deleteUser, getGroup, createGroup,
	// updateGroup, deleteGroup. A negative PerMinute lifts one limit.
	Limits map[string]Limit
	// NoLimits lifts all rate limits. The lock per resource stays.
	NoLimits bool

	// Latency is how long every SCIM call takes. A write takes effect at its
	// end, whether or not the client still waits, and locks its resource
	// meanwhile.
	Latency time.Duration
	// DeactivationDelay is how long a user stays active after DELETE. Zero
	// means DefaultDeactivationDelay, a negative value none.
	DeactivationDelay time.Duration
	// GroupDelay is how long reads show a group as it was before a write, and
	// lists do not show a new one (LIVE: Slack's tests sleep three seconds).
	// Zero means none.
	GroupDelay time.Duration
	// UserDelay is how long lists and look-ups by filter do not show a new
	// user; a read by id does. Zero means none.
	UserDelay time.Duration
	// PhotoDelay is how long reads show the previous photo. Zero means
	// DefaultPhotoDelay, a negative value none.
	PhotoDelay time.Duration
	// CallLog is how many calls are remembered. Zero means DefaultCallLog, a
	// negative value none; [Sim.Count] counts all the same.
	CallLog int

	// V2Gated makes every v2 call fail with unsupported_version.
	V2Gated bool
	// StrictContentType refuses bodies that are not application/json.
	StrictContentType bool

	// ErrorStatusTaken is the HTTP status of email_taken, username_taken and
	// a taken group name: 409 by default, 400 is as likely.
	ErrorStatusTaken int
	// ErrorStatusProtected is the HTTP status of cannot_* errors: 403 by
	// default, 400 is as likely.
	ErrorStatusProtected int
	// GroupPatchStatus is the status of a v2 group PATCH: 200 with the group
	// (DOC) by default, or 204 without a body.
	GroupPatchStatus int

	// PutKeepsActive makes a user PUT without active leave the state as it
	// is. By default it deactivates, as Slack's own sample shows (DOC).
	PutKeepsActive bool
	// CreateIgnoresActive makes POST create active users whatever was sent.
	CreateIgnoresActive bool
	// UniquenessOff lets several accounts have one userName or e-mail address:
	// Slack's documentation promises that they are refused, and a client that
	// relies on it is as safe as that promise.
	UniquenessOff bool
	// TruncateUserNameOnConflict alters a taken userName instead of refusing
	// it.
	TruncateUserNameOnConflict bool
	// DisplayNameLocked refuses changes of displayName with
	// invalid_display_name (DOC: unless the workspace syncs profiles and
	// forbids users to change theirs).
	DisplayNameLocked bool
	// TitleMax is the number of characters to which titles are cut: what
	// Slack does with a long one is not known. Zero means no cut.
	TitleMax int
	// LowercaseEmail stores e-mail addresses in lower case.
	LowercaseEmail bool
	// FilterSecondaryEmail makes e-mail filters see secondary addresses too.
	FilterSecondaryEmail bool

	// Pathless says what becomes of PATCH operations without a path.
	Pathless Pathless
	// PartialPatch keeps the operations before a failing one. By default a
	// PATCH is atomic.
	PartialPatch bool

	// RemoveMembersWithValueEmptiesGroup reads the v2 operation remove with
	// path members and a value as RFC 7644 does: the value is ignored and
	// everybody leaves. By default only the named members leave.
	RemoveMembersWithValueEmptiesGroup bool
	// AddMembersReplaces makes the v2 operation add with path members replace
	// the members. One client sends all of them with add, as if it were so
	// (CODE). By default they are added.
	AddMembersReplaces bool
	// CreateGroupAnswersNothing makes the answer to a group POST a 201 without
	// a body, which Slack's own tests allow for (LIVE).
	CreateGroupAnswersNothing bool
	// RefuseGroupRenameByPatch refuses the path displayName in a v2 group
	// PATCH.
	RefuseGroupRenameByPatch bool
	// GuestsInGroups lets guests be members of groups.
	GuestsInGroups bool
	// PartialMembers adds the members that are in order although the call
	// fails because of others. By default such a call changes nothing.
	PartialMembers bool
	// DuplicateGroupNames allows a second group of the same name.
	DuplicateGroupNames bool
}

// withDefaults returns a copy with the meaning of every zero value filled in.
func (o Options) withDefaults() Options {
	o.Token = orString(o.Token, DefaultToken)
	o.Domain = orString(o.Domain, "simulated")
	if o.TokenRole == RoleMember {
		o.TokenRole = RolePrimaryOwner
	}
	if o.Scopes == nil {
		o.Scopes = []string{"admin"}
	}
	if o.Channels == nil {
		o.Channels = []string{"general", "random"}
	}
	o.DeactivationDelay = orDelay(o.DeactivationDelay, DefaultDeactivationDelay)
	o.PhotoDelay = orDelay(o.PhotoDelay, DefaultPhotoDelay)
	o.CallLog = orInt(o.CallLog, DefaultCallLog)
	o.ErrorStatusTaken = orInt(o.ErrorStatusTaken, 409)
	o.ErrorStatusProtected = orInt(o.ErrorStatusProtected, 403)
	o.GroupPatchStatus = orInt(o.GroupPatchStatus, 200)
	return o
}

func orString(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orInt(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// orDelay resolves a delay of which zero means the default and a negative
// value none.
func orDelay(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}
