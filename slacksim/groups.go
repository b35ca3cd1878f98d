package slacksim

import (
	"net/http"
	"slices"
	"strings"
)

// Limits on members (DOC).
const (
	maxMembersPerCall   = 15000
	maxIDPGroupMembers  = 15000
	maxUserGroupMembers = 5000
)

func (c *call) getGroup() (*answer, *apiError) {
	g := c.sim.shownGroup(c.id, c.now)
	if g == nil {
		return nil, noSuchGroup(c.id)
	}
	return c.groupAnswer(http.StatusOK, g), nil
}

func noSuchGroup(id string) *apiError {
	return refuse(http.StatusNotFound, "no_such_group", "group", id)
}

func (c *call) groupAnswer(status int, g *Group) *answer {
	return jsonAnswer(status, c.groupDocument(g))
}

// groupDocument renders a group. The order of keys differs by version (LIVE)
// and means nothing.
func (c *call) groupDocument(g *Group) object {
	members := make([]object, 0, len(g.Members))
	for _, id := range g.Members {
		members = append(members, object{{"value", id}, {"display", c.fullName(id)}})
	}
	head := object{{"schemas", []string{c.version.urns().group}}, {"id", g.ID}}
	meta := member{"meta", c.meta("Groups", g.ID, c.sim.created(g.Created))}
	rest := object{{"displayName", g.DisplayName}, {"members", members}}
	if c.version == v1 {
		return append(append(head, rest...), meta)
	}
	return append(append(head, meta), rest...)
}

// fullName is how groups show a member (LIVE).
func (c *call) fullName(id string) string {
	u := c.sim.users[id]
	return orString(strings.TrimSpace(u.GivenName+" "+u.FamilyName), orString(u.DisplayName, u.UserName))
}

// changeableGroup finds the group that a write names, and refuses those that
// Slack made itself (DOC).
func (c *call) changeableGroup() (*groupRecord, *apiError) {
	rec := c.sim.groups[c.id]
	switch {
	case rec == nil || rec.deleted:
		return nil, noSuchGroup(c.id)
	case rec.Managed:
		return nil, refuse(http.StatusForbidden, "permission_denied")
	}
	return rec, nil
}

// groupEdit is a change of one group in the making.
type groupEdit struct {
	call    *call
	group   *Group
	before  *groupRecord // nil on creation
	members map[string]bool
	// memberFault is the first refusal of a member where the others are taken
	// all the same.
	memberFault *apiError
}

func (c *call) newGroupEdit(g *Group, before *groupRecord) *groupEdit {
	e := &groupEdit{call: c, group: g, before: before, members: make(map[string]bool, len(g.Members))}
	for _, id := range g.Members {
		e.members[id] = true
	}
	return e
}

func (c *call) createGroup() (*answer, *apiError) {
	body, refusal := c.decodeBody()
	if refusal == nil {
		refusal = requireSchema(body, c.version.urns().group)
	}
	if refusal != nil {
		return nil, refusal
	}
	e := c.newGroupEdit(&Group{ID: c.sim.newGroupID(), Created: c.now}, nil)
	if refusal := e.setWhole(body); refusal != nil {
		return nil, refusal
	}
	rec := newGroupRecord(*e.group)
	if d := c.sim.opts.GroupDelay; d > 0 {
		rec.past = []pastView{{until: c.now.Add(d)}}
	}
	c.sim.insertGroup(rec)
	if e.memberFault != nil {
		return nil, e.memberFault
	}
	if c.sim.opts.CreateGroupAnswersNothing {
		return emptyAnswer(http.StatusCreated), nil
	}
	return c.groupAnswer(http.StatusCreated, &rec.Group), nil
}

// putGroup replaces name and members; absent members are none (DOC). The
// answer may show the group as it was before (LIVE).
func (c *call) putGroup() (*answer, *apiError) {
	rec, refusal := c.changeableGroup()
	if refusal != nil {
		return nil, refusal
	}
	body, refusal := c.decodeBody()
	if refusal == nil {
		refusal = requireSchema(body, c.version.urns().group)
	}
	if refusal != nil {
		return nil, refusal
	}
	e := c.newGroupEdit(rec.clone(), rec)
	if refusal := e.setWhole(body); refusal != nil {
		return nil, refusal
	}
	return c.commitGroup(e, http.StatusOK)
}

// setWhole takes over a whole group.
func (e *groupEdit) setWhole(body map[string]any) *apiError {
	if refusal := e.setName(body["displayName"]); refusal != nil {
		return refusal
	}
	if refusal := e.replaceMembers(body["members"]); refusal != nil {
		return refusal
	}
	return e.checkSize()
}

// setName refuses a name that another group has, in any case and with any
// spaces around it. That names are unique is INF from the schema's "server";
// so is the identifier of the error.
func (e *groupEdit) setName(v any) *apiError {
	name, refusal := asString("displayName", v)
	if refusal != nil {
		return refusal
	}
	name = strings.TrimSpace(name)
	if name == "" {
		return invalid("displayName")
	}
	s := e.call.sim
	for _, id := range s.groupIDs {
		g := s.groups[id]
		if id != e.group.ID && !g.deleted && fold(g.DisplayName) == fold(name) && !s.opts.DuplicateGroupNames {
			return refuse(s.opts.ErrorStatusTaken, "group_creation_failed", "name", name)
		}
	}
	e.group.DisplayName = name
	return nil
}

func (e *groupEdit) replaceMembers(v any) *apiError {
	ids, refusal := e.memberIDs(v)
	if refusal != nil {
		return refusal
	}
	before := e.members
	e.group.Members, e.members = nil, make(map[string]bool, len(ids))
	return e.add(ids, before)
}

func (e *groupEdit) addMembers(v any) *apiError {
	ids, refusal := e.memberIDs(v)
	if refusal != nil {
		return refusal
	}
	return e.add(ids, nil)
}

func (e *groupEdit) removeMembers(v any) *apiError {
	ids, refusal := e.memberIDs(v)
	if refusal != nil {
		return refusal
	}
	e.remove(ids)
	return nil
}

// memberIDs reads the ids of a list of members, at most 15,000 (DOC).
func (e *groupEdit) memberIDs(v any) ([]string, *apiError) {
	list, refusal := entries(v, "invalid_attribute_format", true)
	if refusal != nil {
		return nil, refusal
	}
	if len(list) > maxMembersPerCall {
		return nil, bad("too_many_users")
	}
	ids := make([]string, 0, len(list))
	for _, en := range list {
		if en.value == "" {
			return nil, invalid("members.value")
		}
		ids = append(ids, en.value)
	}
	return ids, nil
}

// add adds members that may join. Those of already need no check. One bad
// member spoils the call, or is left out, as the organization does.
func (e *groupEdit) add(ids []string, already map[string]bool) *apiError {
	for _, id := range ids {
		if e.members[id] {
			continue
		}
		if refusal := e.mayJoin(id); refusal != nil && !already[id] {
			if !e.call.sim.opts.PartialMembers {
				return refusal
			}
			if e.memberFault == nil {
				e.memberFault = refusal
			}
			continue
		}
		e.members[id] = true
		e.group.Members = append(e.group.Members, id)
	}
	return nil
}

// mayJoin refuses unknown and deactivated accounts and guests (DOC). Slack
// contradicts itself about guests; the organization chooses.
func (e *groupEdit) mayJoin(id string) *apiError {
	u := e.call.sim.users[id]
	switch {
	case u == nil:
		return bad("no_such_group_members", "user", id)
	case !u.Active, u.Guest != nil && !e.call.sim.opts.GuestsInGroups:
		return bad("unable_to_add_deleted_or_guest_to_group", "user", id)
	}
	return nil
}

func (e *groupEdit) remove(ids []string) {
	for _, id := range ids {
		delete(e.members, id)
	}
	e.group.Members = slices.DeleteFunc(e.group.Members, func(id string) bool { return !e.members[id] })
}

func (e *groupEdit) removeAll() { e.group.Members, e.members = nil, make(map[string]bool) }

// checkSize refuses groups that are too large (DOC).
func (e *groupEdit) checkSize() *apiError {
	limit := maxUserGroupMembers
	if e.call.sim.opts.Enterprise {
		limit = maxIDPGroupMembers
	}
	if len(e.group.Members) > limit && (e.before == nil || len(e.group.Members) > len(e.before.Members)) {
		return bad("group_member_max_exceeded")
	}
	return nil
}

// commitGroup stores the new state of a group and answers.
func (c *call) commitGroup(e *groupEdit, status int) (*answer, *apiError) {
	if refusal := e.checkSize(); refusal != nil {
		return nil, refusal
	}
	rec := e.before
	same := rec.DisplayName == e.group.DisplayName && slices.Equal(rec.Members, e.group.Members)
	if !same {
		c.sim.changeGroup(rec, c.now, func() { rec.Group, rec.member = *e.group, e.members })
	}
	if e.memberFault != nil {
		return nil, e.memberFault
	}
	if status == http.StatusNoContent {
		return emptyAnswer(status), nil
	}
	return c.groupAnswer(status, rec.shown(c.now)), nil
}

// deleteGroup deletes for good; the members keep their accounts (DOC).
func (c *call) deleteGroup() (*answer, *apiError) {
	rec, refusal := c.changeableGroup()
	if refusal != nil {
		return nil, refusal
	}
	if rec.LinkedToChannels {
		return nil, bad("idp_group_linked_to_channels", "group", rec.ID)
	}
	c.sim.changeGroup(rec, c.now, func() { rec.deleted = true })
	return emptyAnswer(http.StatusNoContent), nil // LIVE
}
