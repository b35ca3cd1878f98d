package slacksim

import "strings"

// operation is what happens to an attribute.
type operation int

const (
	opAdd operation = iota + 1
	opReplace
	opRemove
)

const defaultTimezone = "America/Los_Angeles" // LIVE

// edit is a change of one account in the making. It works on a copy, so that
// a refusal changes nothing.
type edit struct {
	sim     *Sim
	version version
	user    *User
	before  *User // nil on creation

	activeSet bool // active was named
	nameSet   bool // name was named
	guestSet  bool // the guest extension was named
	// profileFault is the first fault of the custom profile on creation,
	// which is no reason for a refusal there (DOC).
	profileFault *apiError
}

func (c *call) newEdit(u, before *User) *edit {
	return &edit{sim: c.sim, version: c.version, user: u, before: before}
}

// readOnly are attributes that may be sent and have no effect: what answers
// carry but requests cannot change, and externalId, which is not kept at all
// (DOC for updates; for creation every recorded answer has it empty).
var readOnly = map[string]bool{
	"schemas": true, "id": true, "meta": true, "externalid": true, "groups": true,
}

// set changes an attribute by its name in lower case. Names that Slack does
// not know are ignored in bodies; known reports whether this one was known.
func (e *edit) set(name string, v any, op operation) (known bool, refusal *apiError) {
	if op == opRemove {
		v = nil
	}
	switch name {
	case "username":
		return true, e.setUserName(v)
	case "nickname":
		return true, e.setNickName(v)
	case "displayname":
		return true, e.setDisplayName(v)
	case "active":
		return true, e.setActive(v)
	case "emails":
		return true, e.setEmails(v, op)
	case "name":
		return true, e.setName(v)
	case "profileurl":
		return true, e.setProfileURL(v)
	case "timezone":
		return true, e.setTimezone(v)
	case "photos":
		return true, e.setPhotos(v)
	case "password":
		return true, e.setPassword(v)
	case "title":
		return true, e.setTitle(v)
	}
	if readOnly[name] {
		return true, nil
	}
	known, refusal = e.setProfile(name, v, op)
	if refusal != nil && e.before == nil {
		e.profileFault = refusal
		refusal = nil
	}
	return known, refusal
}

// setProfile changes the attributes that Slack keeps in the custom profile,
// all of which are lost on creation when one is invalid.
func (e *edit) setProfile(name string, v any, op operation) (known bool, refusal *apiError) {
	u := e.user
	switch name {
	case "phonenumbers":
		return true, e.setPhones(v, op)
	case "addresses":
		return true, e.setAddresses(v)
	case "roles":
		return true, e.setRoles(v)
	case "usertype":
		return true, e.setString(&u.UserType, name, v)
	case "preferredlanguage":
		return true, e.setString(&u.PreferredLanguage, name, v)
	case "locale":
		return true, e.setString(&u.Locale, name, v)
	}
	return false, nil
}

func (e *edit) setString(to *string, name string, v any) *apiError {
	s, refusal := asString(name, v)
	if refusal == nil {
		*to = s
	}
	return refusal
}

// setName merges the sub-attributes that are there. null takes all away, which
// Slack does not allow for the two names together.
func (e *edit) setName(v any) *apiError {
	if v == nil {
		return bad("invalid_name_required")
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return invalid("name")
	}
	e.nameSet = true
	for key, to := range e.nameFields() {
		if val, given := fields[key]; given {
			if refusal := e.setString(to, "name."+key, val); refusal != nil {
				return refusal
			}
		}
	}
	return e.checkName(fields)
}

func (e *edit) nameFields() map[string]*string {
	return map[string]*string{
		"givenName": &e.user.GivenName, "familyName": &e.user.FamilyName, "honorificPrefix": &e.user.HonorificPrefix,
	}
}

// checkName refuses two names of nothing but spaces (DOC). Names that are
// both "" exist in live answers (LIVE), so those pass.
func (e *edit) checkName(fields map[string]any) *apiError {
	given, _ := fields["givenName"].(string)
	family, _ := fields["familyName"].(string)
	if given+family != "" && strings.TrimSpace(given) == "" && strings.TrimSpace(family) == "" &&
		e.user.GivenName == "" && e.user.FamilyName == "" {
		return bad("invalid_name_required")
	}
	return nil
}

// setProfileURL works on creation only; updates are not supported (DOC) and
// have no effect (INF).
func (e *edit) setProfileURL(v any) *apiError {
	if e.before != nil {
		return nil
	}
	return e.setString(&e.user.ProfileURL, "profileUrl", v)
}

// setTimezone takes any name: what Slack does with bad ones is not known.
func (e *edit) setTimezone(v any) *apiError {
	s, refusal := asString("timezone", v)
	if refusal == nil {
		e.user.Timezone = orString(s, defaultTimezone)
	}
	return refusal
}

// setPassword works on creation only (DOC). The password itself is not kept.
func (e *edit) setPassword(v any) *apiError {
	if e.before != nil {
		return bad("password_change_not_allowed")
	}
	e.user.Password = v != nil
	return nil
}

func (e *edit) setActive(v any) *apiError {
	active, refusal := asBool("active", v)
	if refusal != nil {
		return refusal
	}
	e.user.Active, e.activeSet = active, true
	return nil
}

// setBody takes over what a resource body has. Attributes that it does not
// have are left alone.
func (e *edit) setBody(body map[string]any, op operation) *apiError {
	for _, key := range sortedKeys(body) {
		if strings.HasPrefix(key, "urn:") {
			continue
		}
		if body[key] == nil && op == opReplace {
			continue // in a whole resource, null is the same as absent
		}
		if _, refusal := e.set(strings.ToLower(key), body[key], op); refusal != nil {
			return refusal
		}
	}
	return e.setExtensions(body)
}

// attributeOrder are the attributes of a body that are looked at first, so that
// the choice among several faults does not depend on the order of a map.
var attributeOrder = []string{"userName", "nickName", "emails", "name", "displayName"}

func sortedKeys(body map[string]any) []string {
	first := make(map[string]bool, len(attributeOrder))
	var out []string
	for _, k := range attributeOrder {
		first[k] = true
		if _, ok := body[k]; ok {
			// nickName is the same as userName, which wins when both are sent.
			if _, both := body["userName"]; k == "nickName" && both {
				continue
			}
			out = append(out, k)
		}
	}
	return append(out, otherKeys(body, first)...)
}
