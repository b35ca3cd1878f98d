package slackapi

import (
	"fmt"

	"scim2slack/scim"
)

// newUser returns the body of POST /Users. "" and missing attributes are left out: a new account has nothing to clear.
// active is always true and always said: an account is created to be used, and silence has meant "no" (DOC, LIVE).
func newUser(p scim.SlackUserProfile) map[string]any {
	user := map[string]any{"active": true, "nickName": p[scim.SlackUserName]}
	put := func(into map[string]any, name string, a scim.SlackAttribute) {
		if p[a] != "" {
			into[name] = p[a]
		}
	}
	nest := func(name string, into map[string]any) {
		if len(into) > 0 {
			user[name] = into
		}
	}
	for a, name := range topLevel {
		put(user, name, a)
	}
	put(user, "profileUrl", scim.SlackProfileURL)
	fullName := map[string]any{}
	for a, sub := range nameParts {
		put(fullName, sub, a)
	}
	nest("name", fullName)
	for name, list := range map[string][]any{"emails": emails(p), "phoneNumbers": phones(p), "addresses": addresses(p),
		"photos": photos(p), "roles": roles(p)} {
		if len(list) > 0 {
			user[name] = list
		}
	}
	enterprise := map[string]any{}
	for a, name := range enterpriseAttributes {
		put(enterprise, name, a)
	}
	if p[scim.SlackManager] != "" {
		// managerId in version 2 too, not the RFC's value (DOC); without it: improper_enterprise_schema_format.
		enterprise["manager"] = map[string]any{"managerId": p[scim.SlackManager]}
	}
	nest(scim.EnterpriseSchema, enterprise)
	profile, guest := map[string]any{}, map[string]any{}
	put(profile, "startDate", scim.SlackStartDate)
	put(guest, "type", scim.SlackGuestType)
	put(guest, "expiration", scim.SlackGuestExpiration)
	nest(scim.SlackProfileSchema, profile)
	nest(scim.SlackGuestSchema, guest)
	user["schemas"] = schemasOf(user)
	return user
}

// schemasOf lists the core schema and the extensions in use. Slack drops an extension that is not listed (DOC).
func schemasOf(user map[string]any) []string {
	out := []string{scim.UserSchema}
	for _, urn := range []string{scim.EnterpriseSchema, scim.SlackProfileSchema, scim.SlackGuestSchema} {
		if _, used := user[urn]; used {
			out = append(out, urn)
		}
	}
	return out
}

// topLevel are the attributes that are one string at the top of the resource. profileUrl is not among them because it can only
// be set at creation. timezone is lower case in version 2 too (LIVE).
var topLevel = map[scim.SlackAttribute]string{
	scim.SlackUserName:      "userName",
	scim.SlackDisplayName:   "displayName",
	scim.SlackTitle:         "title",
	scim.SlackTimezone:      "timezone",
	scim.SlackUserType:      "userType",
	scim.SlackPreferredLang: "preferredLanguage",
	scim.SlackLocale:        "locale",
}

var nameParts = map[scim.SlackAttribute]string{
	scim.SlackGivenName:       "givenName",
	scim.SlackFamilyName:      "familyName",
	scim.SlackHonorificPrefix: "honorificPrefix",
}

// enterpriseAttributes are those of the enterprise extension, except the manager.
var enterpriseAttributes = map[scim.SlackAttribute]string{
	scim.SlackEmployeeNumber: "employeeNumber",
	scim.SlackCostCenter:     "costCenter",
	scim.SlackOrganization:   "organization",
	scim.SlackDivision:       "division",
	scim.SlackDepartment:     "department",
}

var addressParts = []scim.SlackAttribute{scim.SlackStreetAddress, scim.SlackLocality, scim.SlackRegion,
	scim.SlackPostalCode, scim.SlackCountry} // named as on the wire

// emails: Slack takes the entry with primary:true as the primary, and one other (DOC).
func emails(p scim.SlackUserProfile) []any {
	var out []any
	if v := p[scim.SlackEmail]; v != "" {
		out = append(out, map[string]any{"value": v, "type": "work", "primary": true})
	}
	if v := p[scim.SlackSecondaryEmail]; v != "" {
		out = append(out, map[string]any{"value": v, "type": "home"})
	}
	return out
}

// phones: in a request type mobile or primary:true sets what Slack calls the primary phone, and type work or primary:false
// the mobile phone (DOC). Both marks are sent, and agree.
func phones(p scim.SlackUserProfile) []any {
	var out []any
	if v := p[scim.SlackPrimaryPhone]; v != "" {
		out = append(out, map[string]any{"value": v, "type": "mobile", "primary": true})
	}
	if v := p[scim.SlackMobilePhone]; v != "" {
		out = append(out, map[string]any{"value": v, "type": "work", "primary": false})
	}
	return out
}

func addresses(p scim.SlackUserProfile) []any {
	address := map[string]any{}
	for _, a := range addressParts {
		if p[a] != "" {
			address[string(a)] = p[a]
		}
	}
	if len(address) == 0 {
		return nil
	}
	address["primary"] = true
	return []any{address}
}

func photos(p scim.SlackUserProfile) []any {
	if p[scim.SlackPhoto] == "" {
		return nil
	}
	return []any{map[string]any{"value": p[scim.SlackPhoto], "type": "photo"}}
}

func roles(p scim.SlackUserProfile) []any {
	if p[scim.SlackRole] == "" {
		return nil
	}
	return []any{map[string]any{"value": p[scim.SlackRole], "primary": true}}
}

// badProfile is a profile that no request can be made of. It becomes an *Error with this identifier, without a call.
type badProfile struct{ id, detail string }

// checkNames refuses attributes that Slack does not know, rather than leave them out in silence.
func checkNames(p scim.SlackUserProfile) *badProfile {
	for a := range p {
		if !known[a] {
			return &badProfile{requestForbidden, fmt.Sprintf("Slack users have no attribute %q", a)}
		}
	}
	return nil
}

var known = func() map[scim.SlackAttribute]bool {
	out := map[scim.SlackAttribute]bool{}
	for _, a := range scim.SlackAttributes {
		out[a] = true
	}
	return out
}()

// checkNewUser refuses what Slack would: both are required (DOC).
func checkNewUser(p scim.SlackUserProfile) *badProfile {
	switch {
	case p[scim.SlackUserName] == "":
		return &badProfile{"username_required", "a Slack user needs a userName"}
	case p[scim.SlackEmail] == "":
		return &badProfile{"email_empty", "a Slack user needs an e-mail"}
	}
	return checkNames(p)
}
