package slacksim

import (
	"net/http"
	"strings"
)

func (c *call) patchUser() (*answer, *apiError) {
	rec, body, refusal := c.userUpdate()
	if refusal != nil {
		return nil, refusal
	}
	e := c.newEdit(rec.clone(), &rec.User)
	if c.version == v1 {
		refusal = e.merge(body)
	} else {
		refusal = c.applyOperations(e, body)
	}
	if refusal != nil && !c.sim.opts.PartialPatch {
		return nil, refusal
	}
	if worse := c.commitUser(rec, e); worse != nil {
		return nil, worse
	}
	if refusal != nil {
		return nil, refusal
	}
	return c.userAnswer(http.StatusOK, &rec.User), nil
}

// applyOperations applies a v2 PATCH. When it fails, the edit is as it was
// before the operation that failed.
func (c *call) applyOperations(e *edit, body map[string]any) *apiError {
	ops, refusal := c.operations(body)
	if refusal != nil {
		return refusal
	}
	for _, op := range ops {
		saved := *e
		saved.user = e.user.clone()
		if refusal := e.apply(op); refusal != nil {
			*e = saved
			return refusal
		}
	}
	return nil
}

// apply applies one operation.
func (e *edit) apply(op patchOp) *apiError {
	if op.pathless {
		fields, ok := op.value.(map[string]any)
		if !ok || op.op == opRemove {
			return bad("invalid_request_payload")
		}
		return e.setBody(fields, op.op)
	}
	if op.op != opRemove && !op.valueGiven {
		return bad("invalid_request_payload")
	}
	p := op.path
	switch {
	case p.urn != "":
		return e.applyExtension(op)
	case p.attribute == "address" && op.op == opRemove:
		p.attribute = "addresses" // one of Slack's samples says so (DOC)
	}
	switch {
	case p.filtered:
		return e.applyFiltered(op)
	case p.attribute == "name" && p.sub != "":
		return e.applyName(op)
	case p.sub != "":
		return invalidPath(p.attribute + "." + p.sub) // no sample shows more
	}
	return e.applyAttribute(p.attribute, op)
}

func (e *edit) applyAttribute(name string, op patchOp) *apiError {
	switch {
	case name == "active" && op.op == opRemove, name == "groups":
		return invalidPath(name)
	case name == "emails" && op.op == opReplace:
		return e.setEmails(op.value, opReplace)
	}
	known, refusal := e.set(name, op.value, op.op)
	if !known {
		return invalidPath(name)
	}
	return refusal
}

// applyName changes one part of the name.
func (e *edit) applyName(op patchOp) *apiError {
	for key, to := range e.nameFields() {
		if strings.EqualFold(key, op.path.sub) {
			if op.op == opRemove {
				*to = ""
				return nil
			}
			return e.setString(to, "name."+key, op.value)
		}
	}
	return invalidPath("name." + op.path.sub)
}

// applyFiltered changes the entries of a multi-valued attribute that a filter
// picks, by value or by primary. Types are not stored, so that a filter on
// type finds nothing (INF).
func (e *edit) applyFiltered(op patchOp) *apiError {
	p := op.path
	if p.filterBy != "value" && p.filterBy != "primary" || p.sub != "" && p.sub != "value" {
		return invalidPath(p.attribute)
	}
	switch p.attribute {
	case "emails":
		return e.applyEmail(op)
	case "phonenumbers":
		return e.applyPhone(op)
	case "roles":
		return e.applyOnly(op, &e.user.Role)
	case "photos":
		return e.applyOnly(op, &e.user.Photo)
	}
	return invalidPath(p.attribute)
}

// newValue is the value of an operation on one entry: an object with value, or
// the value itself if the path ends in it.
func (op patchOp) newValue() (string, *apiError) {
	v := op.value
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	if fields, ok := v.(map[string]any); ok {
		v = fields["value"]
	}
	s, refusal := asString(op.path.attribute, v)
	return strings.TrimSpace(s), refusal
}

// picks says whether the filter picks an entry.
func (p patchPath) picks(value string, primary bool) bool {
	if p.filterBy == "primary" {
		want := "false"
		if primary {
			want = "true"
		}
		return strings.EqualFold(p.filterVal, want)
	}
	return value != "" && fold(value) == fold(p.filterVal)
}

func (e *edit) applyEmail(op patchOp) *apiError {
	first := op.path.picks(e.user.Email, true)
	second := op.path.picks(e.user.SecondaryEmail, false)
	if op.op == opRemove {
		if first {
			return bad("missing_primary_email")
		}
		if second {
			e.removeSecondary()
		}
		return nil
	}
	if !first && !second {
		return bad("emails_invalid")
	}
	value, refusal := op.newValue()
	if refusal != nil {
		return refusal
	}
	en := entry{value: value}
	if refusal := e.checkEmail(&en); refusal != nil {
		return refusal
	}
	if first {
		e.setPrimary(en.value)
	} else {
		e.setSecondary(en.value)
	}
	return nil
}

// applyPhone goes by what answers show: the primary phone is primary.
func (e *edit) applyPhone(op patchOp) *apiError {
	u := e.user
	var picked []*string
	if op.path.picks(u.PrimaryPhone, true) {
		picked = append(picked, &u.PrimaryPhone)
	}
	if op.path.picks(u.MobilePhone, false) {
		picked = append(picked, &u.MobilePhone)
	}
	return applyTo(op, picked, "phoneNumbers_invalid")
}

// applyOnly changes the one entry of an attribute, which is primary.
func (e *edit) applyOnly(op patchOp, only *string) *apiError {
	var picked []*string
	if op.path.picks(*only, true) {
		picked = append(picked, only)
	}
	return applyTo(op, picked, op.path.attribute+"_invalid")
}

func applyTo(op patchOp, picked []*string, invalidID string) *apiError {
	value := ""
	if op.op != opRemove {
		var refusal *apiError
		if value, refusal = op.newValue(); refusal != nil {
			return refusal
		}
		if len(picked) == 0 {
			return bad(invalidID)
		}
	}
	for _, to := range picked {
		*to = value
	}
	return nil
}
