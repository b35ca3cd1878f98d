package reconcile

import "scim2slack/translate"

// Options are the switches of one source (the reference's provisioning options).
type Options struct {
	// Match names the attributes by which an existing Slack account is recognised, in order: userName, email.
	Match []string
	// CreateUsers, UpdateUsers (which also governs enabling again) and DisableUsers: when one is off and its action would be due,
	// nothing is done, and the status says skipped.
	CreateUsers, UpdateUsers, DisableUsers bool
	// ProvisionDisabledUsers creates a user in Slack, as inactive, who was inactive when first pushed.
	ProvisionDisabledUsers bool
	// RemoveUser is what happens to the Slack account of a leaver: disable keeps the link, delete ends it and remembers it,
	// none leaves the account alone. Slack never erases an account: the first two deactivate it.
	RemoveUser RemoveUser
	// GroupMembership says whether Slack's members become exactly the source's, or only gain them.
	GroupMembership Membership
	// NestedGroups says what becomes of groups in groups, which Slack does not have.
	NestedGroups Nested
	// GroupRemove says what happens to the Slack group of a removed group.
	GroupRemove GroupRemove
	// SoftDeleteRenames: the source renames whom it deletes softly, as translate.Tombstone tells.
	SoftDeleteRenames bool
	// Rules say what a person becomes in Slack, and who is to be there; nil: the default mapping, and everybody.
	Rules *translate.Rules `json:"-"`
}

// RemoveUser is disable, delete or none.
type RemoveUser string

const (
	RemoveDisable RemoveUser = "disable"
	RemoveDelete  RemoveUser = "delete"
	RemoveNone    RemoveUser = "none"
)

// Membership is overwrite or merge.
type Membership string

const (
	MembershipOverwrite Membership = "overwrite"
	MembershipMerge     Membership = "merge"
)

// Nested is refuse or flatten.
type Nested string

const (
	NestedRefuse  Nested = "refuse"  // they are left out, with a warning
	NestedFlatten Nested = "flatten" // their members are members of the outer group too
)

// GroupRemove is delete or unlink.
type GroupRemove string

const (
	GroupDelete GroupRemove = "delete"
	GroupUnlink GroupRemove = "unlink"
)

// Attributes for Options.Match.
const (
	MatchUserName = "userName"
	MatchEmail    = "email"
)

// DefaultOptions are those of a source that says nothing.
func DefaultOptions() Options {
	return Options{
		Match:       []string{MatchUserName},
		CreateUsers: true, UpdateUsers: true, DisableUsers: true,
		RemoveUser:        RemoveDisable,
		GroupMembership:   MembershipOverwrite,
		GroupRemove:       GroupDelete,
		NestedGroups:      NestedRefuse,
		SoftDeleteRenames: true,
	}
}
