package slacksim

import (
	"slices"
	"time"
)

// userRecord is an account with what only the simulator needs to know of it.
type userRecord struct {
	User
	deactivation *effect // a DELETE that does not show yet
}

// Users returns all accounts in the order of their creation: active and
// deactivated ones, guests and bots, and the token's own.
func (s *Sim) Users() []User {
	s.enter()
	defer s.mu.Unlock()
	out := make([]User, 0, len(s.userIDs))
	for _, id := range s.userIDs {
		out = append(out, *s.users[id].clone())
	}
	return out
}

// User returns the account with this id.
func (s *Sim) User(id string) (User, bool) {
	s.enter()
	defer s.mu.Unlock()
	return s.copyUser(id)
}

// UserByName returns the account with this userName, in any case.
func (s *Sim) UserByName(userName string) (User, bool) {
	s.enter()
	defer s.mu.Unlock()
	return s.copyUser(s.byName[fold(userName)])
}

// UserByEmail returns the account with this primary or secondary address, in
// any case.
func (s *Sim) UserByEmail(email string) (User, bool) {
	s.enter()
	defer s.mu.Unlock()
	return s.copyUser(s.byEmail[fold(email)])
}

func (s *Sim) copyUser(id string) (User, bool) {
	rec := s.users[id]
	if rec == nil {
		return User{}, false
	}
	return *rec.clone(), true
}

// Groups returns all groups as reads would show them now, in the order of
// their creation.
func (s *Sim) Groups() []Group {
	now := s.enter()
	defer s.mu.Unlock()
	var out []Group
	for _, g := range s.listedGroups(now) {
		out = append(out, *g.clone())
	}
	return out
}

// Group returns the group with this id as reads would show it now.
func (s *Sim) Group(id string) (Group, bool) {
	now := s.enter()
	defer s.mu.Unlock()
	if g := s.shownGroup(id, now); g != nil {
		return *g.clone(), true
	}
	return Group{}, false
}

// GroupByName returns the first group with this name, in any case.
func (s *Sim) GroupByName(name string) (Group, bool) {
	now := s.enter()
	defer s.mu.Unlock()
	for _, g := range s.listedGroups(now) {
		if fold(g.DisplayName) == fold(name) {
			return *g.clone(), true
		}
	}
	return Group{}, false
}

// AddUser puts an account into the organization without any call, and returns
// its id. An empty ID, Email, Timezone or Created gets a usual value. It
// panics on a userName, address or id that is taken, since a test that does
// this is wrong.
func (s *Sim) AddUser(u User) string {
	now := s.enter()
	defer s.mu.Unlock()
	rec := &userRecord{User: *u.clone()}
	if rec.ID == "" {
		rec.ID = s.newUserID()
	}
	rec.UserName = fold(rec.UserName)
	rec.Email = orString(rec.Email, rec.UserName+"@example.com")
	rec.Timezone = orString(rec.Timezone, defaultTimezone)
	if rec.Created.IsZero() {
		rec.Created = now
	}
	if rec.Photo != "" {
		rec.PhotoShown = orString(rec.PhotoShown, shownPhoto(rec.Photo))
	}
	rec.noteForms()
	switch {
	case rec.UserName == "":
		panic("slacksim: AddUser without a UserName")
	case s.users[rec.ID] != nil:
		panic("slacksim: AddUser: id taken: " + rec.ID)
	case s.byName[rec.UserName] != "":
		panic("slacksim: AddUser: userName taken: " + rec.UserName)
	case s.emailHolder(&rec.User) != "":
		panic("slacksim: AddUser: e-mail taken: " + rec.Email)
	}
	s.insertUser(rec)
	return rec.ID
}

// AddGroup puts a group into the organization without any call, and returns
// its id. It panics on a taken id and on members that do not exist.
func (s *Sim) AddGroup(g Group) string {
	now := s.enter()
	defer s.mu.Unlock()
	rec := newGroupRecord(*g.clone())
	if rec.ID == "" {
		rec.ID = s.newGroupID()
	}
	if s.groups[rec.ID] != nil {
		panic("slacksim: AddGroup: id taken: " + rec.ID)
	}
	for _, id := range rec.Members {
		if s.users[id] == nil {
			panic("slacksim: AddGroup: no such member: " + id)
		}
	}
	if rec.Created.IsZero() {
		rec.Created = now
	}
	s.insertGroup(rec)
	return rec.ID
}

// SetActive activates or deactivates an account without any call, as an
// administrator in Slack would. It reports whether the account exists.
func (s *Sim) SetActive(id string, active bool) bool {
	now := s.enter()
	defer s.mu.Unlock()
	rec := s.users[id]
	if rec == nil {
		return false
	}
	if active {
		s.reactivate(rec)
	} else {
		s.deactivate(rec, now)
	}
	return true
}

// EditUser changes an account without any call, as a person in Slack would.
// It reports whether the account exists. ID and Active cannot be changed so.
// It panics on a userName or address that is taken.
func (s *Sim) EditUser(id string, edit func(*User)) bool {
	s.enter()
	defer s.mu.Unlock()
	rec := s.users[id]
	if rec == nil {
		return false
	}
	u := rec.clone()
	edit(u)
	u.ID, u.Active = rec.ID, rec.Active
	u.noteForms()
	if holder := s.byName[fold(u.UserName)]; holder != "" && holder != id || s.emailHolder(u) != "" {
		panic("slacksim: EditUser: userName or e-mail taken: " + u.UserName + ", " + u.Email)
	}
	s.replaceUser(rec, u)
	return true
}

// insertUser stores a new account.
func (s *Sim) insertUser(rec *userRecord) {
	s.users[rec.ID] = rec
	s.userIDs = append(s.userIDs, rec.ID)
	s.index(&rec.User)
}

// replaceUser stores the new state of an account.
func (s *Sim) replaceUser(rec *userRecord, u *User) {
	s.unindex(&rec.User)
	rec.User = *u
	s.index(&rec.User)
}

func (s *Sim) index(u *User) {
	s.byName[fold(u.UserName)] = u.ID
	for _, e := range []string{u.Email, u.SecondaryEmail} {
		if e != "" {
			s.byEmail[fold(e)] = u.ID
		}
	}
}

func (s *Sim) unindex(u *User) {
	delete(s.byName, fold(u.UserName))
	delete(s.byEmail, fold(u.Email))
	delete(s.byEmail, fold(u.SecondaryEmail))
}

// emailHolder returns the id of another account, active or not, that has one
// of this account's addresses, or "".
func (s *Sim) emailHolder(u *User) string {
	for _, e := range []string{u.Email, u.SecondaryEmail} {
		if id := s.byEmail[fold(e)]; e != "" && id != "" && id != u.ID && !s.opts.UniquenessOff {
			return id
		}
	}
	return ""
}

// deactivate makes an account inactive and takes it out of its groups. That
// it leaves them is INF: every recorded deactivated user has groups [], and
// memberships had to be restored by hand after Slack's incident of April 2024.
func (s *Sim) deactivate(rec *userRecord, now time.Time) {
	s.cancel(rec.deactivation)
	rec.deactivation = nil
	rec.Active = false
	s.leaveGroups(rec.ID, now)
}

// reactivate makes an account active. A deactivation that does not show yet
// is forgotten: the later write wins (INF).
func (s *Sim) reactivate(rec *userRecord) {
	s.cancel(rec.deactivation)
	rec.deactivation = nil
	rec.Active = true
}

// leaveGroups takes an account out of every group.
func (s *Sim) leaveGroups(id string, now time.Time) {
	for _, gid := range s.groupIDs {
		if g := s.groups[gid]; g.member[id] {
			s.changeGroup(g, now, func() {
				delete(g.member, id)
				g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == id })
			})
		}
	}
}
