package slacksim

import (
	"net/http"
	"strings"
	"time"
)

// setExtensions takes over the extension blocks of a body. A block whose URN
// the schemas do not list is ignored (DOC demands it of guest and profile);
// without schemas, as in a bare v1 PATCH, every block counts. A URN without a
// block still widens the form of the answer (DOC, in the sample of PUT).
func (e *edit) setExtensions(body map[string]any) *apiError {
	u := e.version.urns()
	_, listed := body["schemas"]
	for _, x := range []struct {
		urn string
		set func(any) *apiError
	}{
		{u.enterprise, e.setEnterprise}, {u.profile, e.setProfileExtension}, {u.guest, e.setGuest},
	} {
		if listed && !schemasHave(body, x.urn) {
			continue
		}
		if listed && x.urn != u.guest {
			e.user.EnterpriseForm = true
			e.user.ProfileForm = e.user.ProfileForm || x.urn == u.profile
		}
		block, given := body[x.urn]
		if !given || block == nil {
			continue
		}
		refusal := x.set(block)
		if refusal != nil && e.before == nil && x.urn != u.guest {
			e.profileFault, refusal = refusal, nil
		}
		if refusal != nil {
			return refusal
		}
	}
	return nil
}

// enterpriseFields are the plain strings of the enterprise extension.
func (u *User) enterpriseFields() map[string]*string {
	return map[string]*string{
		"employeeNumber": &u.EmployeeNumber, "costCenter": &u.CostCenter, "organization": &u.Organization,
		"division": &u.Division, "department": &u.Department,
	}
}

// setEnterprise merges a block of the enterprise extension.
func (e *edit) setEnterprise(v any) *apiError {
	fields, ok := v.(map[string]any)
	if !ok {
		return bad("improper_enterprise_schema_format")
	}
	e.user.EnterpriseForm = true
	for key, to := range e.user.enterpriseFields() {
		if val, given := fields[key]; given {
			if refusal := e.setString(to, key, val); refusal != nil {
				return bad("improper_enterprise_schema_format")
			}
		}
	}
	if manager, given := fields["manager"]; given {
		return e.setManager(manager)
	}
	return nil
}

// setManager takes {"managerId":...}, in v2 too, and nothing else (DOC).
func (e *edit) setManager(v any) *apiError {
	if v == nil {
		e.user.ManagerID = ""
		return nil
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return bad("improper_enterprise_schema_format")
	}
	id, ok := fields["managerId"]
	if !ok {
		return bad("improper_enterprise_schema_format")
	}
	return e.setManagerID(id)
}

// setManagerID takes an id, a primary e-mail address or a userName, and keeps
// the id (DOC). The error for an unknown one is INF.
func (e *edit) setManagerID(v any) *apiError {
	who, refusal := asString("managerId", v)
	if refusal != nil {
		return bad("improper_enterprise_schema_format")
	}
	if who == "" {
		e.user.ManagerID = ""
		return nil
	}
	id := who
	if e.sim.users[id] == nil {
		id = e.sim.byName[fold(who)]
	}
	if id == "" {
		if holder := e.sim.users[e.sim.byEmail[fold(who)]]; holder != nil && fold(holder.Email) == fold(who) {
			id = holder.ID
		}
	}
	if id == "" {
		return refuse(http.StatusNotFound, "unknown_user", "user", who)
	}
	e.user.ManagerID = id
	return nil
}

// isoLayouts are the ISO 8601 forms that are read as times.
var isoLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02",
}

func isTime(s string) bool {
	for _, layout := range isoLayouts {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// setProfileExtension merges a block of the profile extension.
func (e *edit) setProfileExtension(v any) *apiError {
	fields, ok := v.(map[string]any)
	if !ok {
		return invalid("startDate")
	}
	e.user.EnterpriseForm, e.user.ProfileForm = true, true
	if date, given := fields["startDate"]; given {
		return e.setStartDate(date)
	}
	return nil
}

func (e *edit) setStartDate(v any) *apiError {
	s, refusal := asString("startDate", v)
	if refusal != nil {
		return refusal
	}
	if s != "" && !isTime(s) {
		return invalid("startDate")
	}
	e.user.StartDate = s
	return nil
}

// setGuest makes the account a multi-channel guest, which also reactivates it
// (DOC). Guests exist on Enterprise only, their type must be "multi" (DOC),
// and administrators and owners cannot become guests (DOC).
func (e *edit) setGuest(v any) *apiError {
	fields, ok := v.(map[string]any)
	if !ok {
		return invalid("guest")
	}
	if !e.sim.opts.Enterprise || e.user.Rank > RoleMember || e.user.Bot {
		return e.sim.protected("cannot_make_user_guest")
	}
	kind, _ := fields["type"].(string)
	if !strings.EqualFold(kind, "multi") {
		return invalid("type")
	}
	g := Guest{Type: "multi"}
	if e.user.Guest != nil {
		g = *e.user.Guest
		g.Type = "multi"
	}
	if v, given := fields["expiration"]; given {
		s, refusal := asString("expiration", v)
		if refusal != nil || s != "" && !isTime(s) {
			return invalid("expiration")
		}
		g.Expiration = s
	}
	e.user.Guest, e.guestSet = &g, true
	return nil
}

// endGuest makes the account a full member, which also reactivates it (DOC).
func (e *edit) endGuest() {
	if e.user.Guest != nil {
		e.user.Guest, e.guestSet = nil, true
	}
}
