// Package dialect holds, as data, in what the SCIM clients differ. A source has one Profile; no code asks which client is calling.
package dialect

import (
	"cmp"
	"net/http"
)

// Profile is how the requests of one source are read and answered. The zero value of a field is "not said": see Or.
type Profile struct {
	// Put is what a PUT does with attributes that it does not mention.
	Put Put
	// GroupPutWithoutMembers is what a PUT of a group that does not mention members does with them.
	GroupPutWithoutMembers GroupPut
	// Unknown is what becomes of attributes that the schemas do not have.
	Unknown Unknown
	// PostKnown is what a POST of a user does whose userName or externalId the source has already.
	PostKnown PostKnown
	// SoftDelete says how the source marks a user whom it deleted and may yet restore.
	SoftDelete SoftDelete
	// PatchUser and PatchGroup are the status that answers a PATCH: 200 with the resource, or 204. One that asks for attributes
	// is answered with 200 in any case (RFC 7644 section 3.5.2).
	PatchUser, PatchGroup int
}

// Put is keep or clear. RFC 7644 section 3.5.1 leaves the choice to the server.
type Put string

const (
	PutKeep  Put = "keep"
	PutClear Put = "clear"
)

// GroupPut is empty, as the RFC reads, or keep.
type GroupPut string

const (
	GroupPutEmpty GroupPut = "empty"
	GroupPutKeep  GroupPut = "keep"
)

// Unknown is ignore, with the names in the debug log, or reject with 400.
type Unknown string

const (
	UnknownIgnore Unknown = "ignore"
	UnknownReject Unknown = "reject"
)

// PostKnown is conflict (409 always), revive (a POST brings an inactive user back, with the id it had; otherwise 409) or adopt (a POST
// is applied, as a PUT would be, to the user that is there). What is done to the user that is there is answered with 201.
type PostKnown string

const (
	PostConflict PostKnown = "conflict"
	PostRevive   PostKnown = "revive"
	PostAdopt    PostKnown = "adopt"
)

// SoftDelete is plain (active is false and no more) or rename: the 32 hexadecimal digits of the object's id are put before the
// userName as well (failures, row 11). Such a name is no name, and Slack keeps the one from before.
type SoftDelete string

const (
	SoftDeletePlain  SoftDelete = "plain"
	SoftDeleteRename SoftDelete = "rename"
)

// Or fills what p does not say from another profile.
func (p Profile) Or(other Profile) Profile {
	return Profile{
		Put:                    cmp.Or(p.Put, other.Put),
		GroupPutWithoutMembers: cmp.Or(p.GroupPutWithoutMembers, other.GroupPutWithoutMembers),
		Unknown:                cmp.Or(p.Unknown, other.Unknown),
		PostKnown:              cmp.Or(p.PostKnown, other.PostKnown),
		SoftDelete:             cmp.Or(p.SoftDelete, other.SoftDelete),
		PatchUser:              cmp.Or(p.PatchUser, other.PatchUser),
		PatchGroup:             cmp.Or(p.PatchGroup, other.PatchGroup),
	}
}

// Name is the name of a dialect.
type Name string

const (
	Generic      Name = "generic"
	PingFederate Name = "pingfederate"
	Okta         Name = "okta"
	Entra        Name = "entra"
	Google       Name = "google"
	JumpCloud    Name = "jumpcloud"
	OneLogin     Name = "onelogin"
)

// Names lists the dialects, generic first.
func Names() []Name {
	return []Name{Generic, PingFederate, Okta, Entra, Google, JumpCloud, OneLogin}
}

// Of returns the whole profile of a dialect. A name that there is not has that of Generic.
func Of(name Name) Profile { return exceptions(name).Or(generic) }

// generic suits a client of which nothing is known: nothing is lost that it did not mean, and a rename that only a soft
// deletion can explain is taken for one.
var generic = Profile{
	Put: PutKeep, GroupPutWithoutMembers: GroupPutEmpty, Unknown: UnknownIgnore, PostKnown: PostRevive, SoftDelete: SoftDeleteRename,
	PatchUser: http.StatusOK, PatchGroup: http.StatusNoContent,
}

// exceptions is in what a client differs from generic (push-clients, the section of each).
func exceptions(name Name) Profile {
	switch name {
	case PingFederate:
		// It sends what it maps and no more (2.2), and a record that failed comes back each minute (2.6): 409 would never end.
		return Profile{PostKnown: PostAdopt, SoftDelete: SoftDeletePlain}
	case Okta:
		// It reads the user and puts the whole of it back (3.1): what it then leaves out is gone there.
		return Profile{Put: PutClear, SoftDelete: SoftDeletePlain}
	case Entra:
		// Members travel in PATCH alone (3.2): a PUT without them does not speak of them.
		return Profile{GroupPutWithoutMembers: GroupPutKeep}
	case Google:
		return Profile{SoftDelete: SoftDeletePlain} // users only (3.5)
	case JumpCloud, OneLogin:
		return Profile{GroupPutWithoutMembers: GroupPutKeep, SoftDelete: SoftDeletePlain} // members by PATCH (3.3, 3.4)
	}
	return Profile{}
}
