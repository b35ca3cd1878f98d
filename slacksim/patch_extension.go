package slacksim

import "strings"

// applyExtension changes an extension or one of its attributes.
func (e *edit) applyExtension(op patchOp) *apiError {
	p := op.path
	if p.filtered {
		return invalidPath(p.attribute)
	}
	switch p.urn {
	case urnEnterprise2:
		return e.applyEnterprise(op)
	case urnProfile2:
		return e.applyProfile(op)
	case urnGuest2:
		return e.applyGuest(op)
	}
	return invalidPath(p.urn)
}

func (e *edit) applyEnterprise(op patchOp) *apiError {
	name := op.path.attribute
	if op.path.sub != "" {
		name += "." + op.path.sub
	}
	value := op.value
	if op.op == opRemove {
		value = nil
	}
	switch name {
	case "":
		if op.op == opRemove {
			for _, to := range e.user.enterpriseFields() {
				*to = ""
			}
			e.user.ManagerID = ""
			return nil
		}
		return e.setEnterprise(value)
	case "manager":
		return e.setManager(value)
	case "manager.managerid":
		e.user.EnterpriseForm = true
		return e.setManagerID(value)
	}
	for key, to := range e.user.enterpriseFields() {
		if strings.EqualFold(key, name) {
			e.user.EnterpriseForm = true
			return e.setString(to, key, value)
		}
	}
	return invalidPath(name)
}

func (e *edit) applyProfile(op patchOp) *apiError {
	switch {
	case op.path.attribute == "" && op.op == opRemove:
		return e.setStartDate(nil)
	case op.path.attribute == "":
		return e.setProfileExtension(op.value)
	case op.path.attribute != "startdate" || op.path.sub != "":
		return invalidPath(op.path.attribute)
	case op.op == opRemove:
		return e.setStartDate(nil)
	}
	e.user.EnterpriseForm, e.user.ProfileForm = true, true
	return e.setStartDate(op.value)
}

func (e *edit) applyGuest(op patchOp) *apiError {
	switch {
	case op.path.attribute == "" && op.op == opRemove:
		e.endGuest()
		return nil
	case op.path.attribute == "":
		return e.setGuest(op.value)
	case op.path.sub != "":
		return invalidPath(op.path.attribute)
	case op.path.attribute == "type":
		return e.setGuest(map[string]any{"type": op.value})
	case op.path.attribute == "expiration" && e.user.Guest == nil:
		return invalidPath("expiration")
	case op.path.attribute == "expiration" && op.op == opRemove:
		e.user.Guest.Expiration = ""
		return nil
	case op.path.attribute == "expiration":
		return e.setGuest(map[string]any{"type": e.user.Guest.Type, "expiration": op.value})
	}
	return invalidPath(op.path.attribute)
}
