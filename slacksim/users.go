package slacksim

import (
	"net/http"
	"time"
)

func (c *call) getUser() (*answer, *apiError) {
	rec, refusal := c.findUser()
	if refusal != nil {
		return nil, refusal
	}
	return c.userAnswer(http.StatusOK, &rec.User), nil
}

// findUser finds the account that the call names. Deactivated accounts are
// found like others (LIVE).
func (c *call) findUser() (*userRecord, *apiError) {
	if rec := c.sim.users[c.id]; rec != nil {
		return rec, nil
	}
	return nil, refuse(http.StatusNotFound, "no_such_user", "user", c.id)
}

// changeableUser finds the account that a write names, and refuses accounts
// above the token's rank and those that were erased on demand (DOC).
func (c *call) changeableUser() (*userRecord, *apiError) {
	rec, refusal := c.findUser()
	switch {
	case refusal != nil:
		return nil, refusal
	case rec.Rank > c.sim.users[c.sim.opts.TokenUser].Rank:
		return nil, c.sim.protected("cannot_modify_owner")
	case rec.Forgotten:
		return nil, c.sim.protected("cannot_modify_gdpr")
	}
	return rec, nil
}

// mayDisable refuses the deactivation of the primary owner and of bots (DOC).
func (c *call) mayDisable(u *User) *apiError {
	switch {
	case u.Rank == RolePrimaryOwner:
		return c.sim.protected("cannot_disable_primary_owner")
	case u.Bot:
		return c.sim.protected("cannot_disable_bot_user_with_scim")
	}
	return nil
}

func (c *call) createUser() (*answer, *apiError) {
	body, refusal := c.decodeBody()
	if refusal == nil {
		refusal = requireSchema(body, c.version.urns().user)
	}
	if refusal != nil {
		return nil, refusal
	}
	u := &User{ID: c.sim.newUserID(), Active: true, Timezone: defaultTimezone, Created: c.now}
	e := c.newEdit(u, nil)
	if refusal := e.setBody(body, opReplace); refusal != nil {
		return nil, refusal
	}
	if refusal := c.completeNew(e); refusal != nil {
		return nil, refusal
	}
	rec := &userRecord{User: *u}
	c.sim.insertUser(rec)
	if u.Photo != "" {
		c.sim.showPhoto(u.ID, c.now)
	}
	return c.userAnswer(http.StatusCreated, &rec.User), nil
}

// completeNew checks a new account as a whole and fills in what was not sent.
func (c *call) completeNew(e *edit) *apiError {
	u := e.user
	if refusal := e.claim(); refusal != nil {
		return refusal
	}
	if e.profileFault != nil {
		u.dropProfile()
	}
	if !e.nameSet { // LIVE
		u.GivenName = orString(u.DisplayName, u.UserName)
	}
	u.DisplayName = orString(u.DisplayName, u.UserName) // LIVE
	if c.sim.opts.CreateIgnoresActive {
		u.Active = true
	}
	if c.wrongActive {
		u.Active = false
	}
	u.noteForms()
	return nil
}

// claim refuses an account without a userName or address and one whose name or
// address somebody else has, deactivated accounts included: Slack never
// reactivates or adopts on creation (DOC).
func (e *edit) claim() *apiError {
	switch {
	case e.user.UserName == "":
		return bad("username_required")
	case e.user.Email == "":
		return bad("email_empty")
	}
	if holder := e.sim.emailHolder(e.user); holder != "" {
		email := e.user.Email
		if e.sim.byEmail[fold(email)] != holder {
			email = e.user.SecondaryEmail
		}
		return e.sim.emailTaken(e.version, email, holder)
	}
	return e.claimName()
}

// putUser overwrites everything, also what was not sent (DOC). Slack's sample
// shows three exceptions: name stays when it is absent, timezone goes back to
// its default, and active becomes false when it is absent. That a guest stays
// a guest is INF.
func (c *call) putUser() (*answer, *apiError) {
	rec, body, refusal := c.userUpdate()
	if refusal == nil {
		refusal = requireSchema(body, c.version.urns().user)
	}
	if refusal != nil {
		return nil, refusal
	}
	u := rec.clone()
	e := c.newEdit(u, &rec.User)
	u.UserName, u.Email, u.ProfileURL = "", "", ""
	u.DisplayName, u.Title, u.Timezone, u.Photo = "", "", defaultTimezone, ""
	u.dropProfile()
	if body["name"] != nil {
		u.GivenName, u.FamilyName = "", ""
	}
	if !c.sim.opts.PutKeepsActive {
		u.Active = false
	}
	if refusal := e.setBody(body, opReplace); refusal != nil {
		return nil, refusal
	}
	if refusal := c.commitUser(rec, e); refusal != nil {
		return nil, refusal
	}
	return c.userAnswer(http.StatusOK, &rec.User), nil
}

// userUpdate finds the account and reads the body of a PUT or PATCH.
func (c *call) userUpdate() (*userRecord, map[string]any, *apiError) {
	rec, refusal := c.changeableUser()
	if refusal != nil {
		return nil, nil, refusal
	}
	body, refusal := c.decodeBody()
	return rec, body, refusal
}

// commitUser checks the new state of an account as a whole and stores it.
func (c *call) commitUser(rec *userRecord, e *edit) *apiError {
	u := e.user
	if refusal := e.claim(); refusal != nil {
		return refusal
	}
	if e.guestSet && !e.activeSet {
		u.Active = true // to become a guest or a full member reactivates (DOC)
	}
	if c.wrongActive && c.mayDisable(u) == nil {
		u.Active = false
	}
	if !u.Active && rec.Active {
		if refusal := c.mayDisable(u); refusal != nil {
			return refusal
		}
	}
	u.noteForms()
	newPhoto := u.Photo != rec.Photo
	newGuest := u.restricted() && !rec.restricted()
	active := u.Active
	u.Active = rec.Active
	c.sim.replaceUser(rec, u)
	switch {
	case !active:
		c.sim.deactivate(rec, c.now)
	case e.activeSet || e.guestSet:
		c.sim.reactivate(rec)
	}
	if newGuest {
		c.sim.leaveGroups(rec.ID, c.now) // CODE: a script adds them again
	}
	if newPhoto {
		c.sim.showPhoto(rec.ID, c.now)
	}
	return nil
}

// deleteUser deactivates: accounts are never erased. It may be repeated
// (LIVE), and reads show it late (LIVE).
func (c *call) deleteUser() (*answer, *apiError) {
	rec, refusal := c.changeableUser()
	if refusal == nil {
		refusal = c.mayDisable(&rec.User)
	}
	if refusal != nil {
		return nil, refusal
	}
	switch {
	case !rec.Active || rec.deactivation != nil:
	case c.sim.opts.DeactivationDelay == 0:
		c.sim.deactivate(rec, c.now)
	default:
		rec.deactivation = c.sim.schedule(c.now.Add(c.sim.opts.DeactivationDelay), func(due time.Time) {
			c.sim.deactivate(rec, due)
		})
	}
	if c.version == v1 {
		return emptyAnswer(http.StatusOK), nil // LIVE
	}
	return emptyAnswer(http.StatusNoContent), nil // DOC
}
