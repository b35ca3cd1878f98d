package admin

import "slices"

// Role says how much somebody may do here. Each may also do what those before it may.
type Role string

const (
	// Viewer reads: status, stories, links, plans, differences.
	Viewer Role = "viewer"
	// Operator also does what mends: retry, resume, relink, unlink, adopt, import, repair.
	Operator Role = "operator"
	// Approver also approves plans, makes and revokes tokens, and takes out what holds everybody's data, such as backups.
	Approver Role = "approver"
)

// everybody is what a route needs that is open to who has no role at all.
const everybody Role = "everybody"

// Roles are all that somebody can have, the least first.
func Roles() []Role { return []Role{Viewer, Operator, Approver} }

// covers reports whether who has the role may do what needs another. Nobody may do what needs none of the roles: a route that
// was given no role is closed, and so is everything to somebody whose role does not exist.
func (r Role) covers(need Role) bool {
	least := slices.Index(Roles(), need)
	return least >= 0 && slices.Index(Roles(), r) >= least
}
