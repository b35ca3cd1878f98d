package slacksim

import (
	"slices"
	"time"
)

// User is an account as the simulator stores it. An empty string is an unset
// attribute, which answers show as "", null or not at all.
type User struct {
	ID string
	// UserName is stored in lower case. nickName is always the same: to
	// update one updates the other (DOC), and live answers agree (LIVE).
	UserName        string
	GivenName       string
	FamilyName      string
	HonorificPrefix string
	DisplayName     string
	// ProfileURL is the one sent on creation; "" is the default, which
	// follows the userName.
	ProfileURL string
	Title      string
	Timezone   string
	Active     bool

	Email          string // the primary address
	SecondaryEmail string
	// EmptySecondary shows a second address with the value "" (LIVE), which is
	// what is left of a removed one (INF).
	EmptySecondary bool

	PrimaryPhone string
	MobilePhone  string
	Address      Address
	// Photo is the URL or data URL that was sent; PhotoShown is what answers
	// show for it, "" being a gravatar.
	Photo      string
	PhotoShown string
	Role       string // the label of the profile, not a rank

	UserType          string
	PreferredLanguage string
	Locale            string
	EmployeeNumber    string
	CostCenter        string
	Organization      string
	Division          string
	Department        string
	ManagerID         string // the id of another account
	StartDate         string // as it was sent

	// EnterpriseForm shows the account in the long form, with null for
	// whatever is unset. It never goes back (INF).
	EnterpriseForm bool
	// ProfileForm shows the profile extension.
	ProfileForm bool

	// Guest is nil for full members.
	Guest *Guest

	// Password says whether a password was set; its text is not kept.
	Password bool
	Created  time.Time

	Rank      Role
	Bot       bool
	Forgotten bool // erased on the person's demand: cannot_modify_gdpr
}

// Address is the one postal address that Slack keeps of an account.
type Address struct {
	StreetAddress string
	Locality      string
	Region        string
	PostalCode    string
	Country       string
}

// Guest marks a guest account.
type Guest struct {
	// Type is "multi"; "single" guests exist but SCIM cannot make them (DOC).
	Type string
	// Expiration is as it was sent, or "".
	Expiration string
	// Channels are shown and cannot be set over SCIM (LIVE, CODE).
	Channels []Channel
}

// Channel is a channel that a guest sees.
type Channel struct {
	Value   string
	Display string
}

// Group is an IDP group of an Enterprise organization, or a user group of a
// Business+ workspace.
type Group struct {
	ID          string
	DisplayName string
	Members     []string // ids, in the order they joined
	Created     time.Time
	// Managed groups are Slack's own, such as Team Admins, and cannot be
	// changed (DOC).
	Managed bool
	// LinkedToChannels groups cannot be deleted (DOC).
	LinkedToChannels bool
}

func (u *User) clone() *User {
	c := *u
	if u.Guest != nil {
		g := *u.Guest
		g.Channels = slices.Clone(g.Channels)
		c.Guest = &g
	}
	return &c
}

// noteForms widens the form of answers to what the account now holds.
func (u *User) noteForms() {
	for _, s := range []string{
		u.HonorificPrefix, u.PrimaryPhone, u.MobilePhone, u.Role, u.UserType, u.PreferredLanguage, u.Locale,
		u.EmployeeNumber, u.CostCenter, u.Organization, u.Division, u.Department, u.ManagerID, u.StartDate,
	} {
		if s != "" {
			u.EnterpriseForm = true
		}
	}
	if u.Address != (Address{}) {
		u.EnterpriseForm = true
	}
	if u.StartDate != "" {
		u.ProfileForm = true
	}
	if u.ProfileForm {
		u.EnterpriseForm = true
	}
}

// dropProfile blanks every custom profile field. Slack does so on creation
// when any of them is invalid; the account is created all the same (DOC).
func (u *User) dropProfile() {
	u.HonorificPrefix, u.PrimaryPhone, u.MobilePhone, u.Role = "", "", "", ""
	u.UserType, u.PreferredLanguage, u.Locale = "", "", ""
	u.EmployeeNumber, u.CostCenter, u.Organization = "", "", ""
	u.Division, u.Department, u.ManagerID, u.StartDate = "", "", "", ""
	u.Address = Address{}
}

func (u *User) restricted() bool { return u.Guest != nil }

func (u *User) ultraRestricted() bool { return u.Guest != nil && u.Guest.Type == "single" }
