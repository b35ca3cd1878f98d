package slacksim

import (
	"net/http"
	"strings"
)

func (c *call) patchGroup() (*answer, *apiError) {
	rec, refusal := c.changeableGroup()
	if refusal != nil {
		return nil, refusal
	}
	body, refusal := c.decodeBody()
	if refusal != nil {
		return nil, refusal
	}
	e := c.newGroupEdit(rec.clone(), rec)
	status := http.StatusNoContent // v1 (LIVE)
	if c.version == v1 {
		refusal = e.merge(body)
	} else {
		status = c.sim.opts.GroupPatchStatus
		refusal = e.applyOperations(body)
	}
	if refusal != nil && !c.sim.opts.PartialPatch {
		return nil, refusal
	}
	a, worse := c.commitGroup(e, status)
	if refusal != nil {
		return nil, refusal
	}
	return a, worse
}

// applyOperations applies a v2 PATCH. Where the operations before a failing one
// count, the edit is then as it was before the one that failed.
func (e *groupEdit) applyOperations(body map[string]any) *apiError {
	ops, refusal := e.call.operations(body)
	if refusal != nil {
		return refusal
	}
	for _, op := range ops {
		saved := e
		if e.call.sim.opts.PartialPatch {
			saved = e.call.newGroupEdit(e.group.clone(), e.before)
			saved.memberFault = e.memberFault
		}
		if refusal := e.apply(op); refusal != nil {
			*e = *saved
			return refusal
		}
	}
	return nil
}

func (e *groupEdit) apply(op patchOp) *apiError {
	if op.pathless {
		return e.applyPathless(op)
	}
	if op.op != opRemove && !op.valueGiven {
		return bad("invalid_request_payload")
	}
	p := op.path
	switch {
	case p.urn != "" || p.sub != "":
		return invalidPath(p.attribute)
	case p.attribute == "displayname" && !p.filtered:
		// No sample renames by PATCH; the organization chooses.
		if op.op == opRemove || e.call.sim.opts.RefuseGroupRenameByPatch {
			return invalidPath("displayName")
		}
		return e.setName(op.value)
	case p.attribute != "members":
		return invalidPath(p.attribute)
	case p.filtered:
		return e.applyFiltered(op)
	}
	return e.applyMembers(op)
}

// applyMembers changes the members by the path members. To remove it without a
// value removes everybody (DOC). With a value, clients mean those named (CODE)
// and RFC 7644 everybody; the organization chooses.
func (e *groupEdit) applyMembers(op patchOp) *apiError {
	switch {
	case op.op == opReplace, op.op == opAdd && e.call.sim.opts.AddMembersReplaces:
		return e.replaceMembers(op.value)
	case op.op == opAdd:
		return e.addMembers(op.value)
	}
	if op.value == nil || e.call.sim.opts.RemoveMembersWithValueEmptiesGroup {
		e.removeAll()
		return nil
	}
	return e.removeMembers(op.value)
}

// applyFiltered removes the one member that members[value eq ...] names, who
// need not be one. Nothing but removal is shown for it.
func (e *groupEdit) applyFiltered(op patchOp) *apiError {
	if op.op != opRemove || op.path.filterBy != "value" {
		return invalidPath("members")
	}
	e.remove([]string{op.path.filterVal})
	return nil
}

func (e *groupEdit) applyPathless(op patchOp) *apiError {
	fields, ok := op.value.(map[string]any)
	if !ok || op.op == opRemove {
		return bad("invalid_request_payload")
	}
	if name, given := fields["displayName"]; given {
		if refusal := e.setName(name); refusal != nil {
			return refusal
		}
	}
	if members, given := fields["members"]; given {
		return e.applyMembers(patchOp{op: op.op, value: members})
	}
	return nil
}

// merge applies a v1 PATCH: members are added, or removed if their operation is
// delete (DOC), and the group may be renamed (LIVE).
func (e *groupEdit) merge(body map[string]any) *apiError {
	if name, given := body["displayName"]; given {
		if refusal := e.setName(name); refusal != nil {
			return refusal
		}
	}
	for _, attribute := range metaAttributes(body) {
		if strings.EqualFold(attribute, "members") {
			e.removeAll()
		}
	}
	list, refusal := entries(body["members"], "invalid_attribute_format", false)
	if refusal != nil {
		return refusal
	}
	if len(list) > maxMembersPerCall {
		return bad("too_many_users")
	}
	var leave, join []string
	for _, en := range list {
		switch {
		case en.value == "":
			return invalid("members.value")
		case en.remove:
			leave = append(leave, en.value)
		default:
			join = append(join, en.value)
		}
	}
	e.remove(leave)
	return e.add(join, nil)
}
