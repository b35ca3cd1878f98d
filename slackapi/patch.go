package slackapi

import (
	"slices"

	"scim2slack/scim"
)

// UserChange is what UpdateUser changes. What it does not name stays as it is.
type UserChange struct {
	// Set holds new values; "" clears. Attributes that Slack keeps in one value must come together: see Siblings. userName and
	// email cannot be cleared. profileUrl is left out of the request: Slack takes it only at creation (DOC), see Updatable.
	Set scim.SlackUserProfile
	// Active activates or deactivates; nil says nothing about it.
	Active *bool
}

// siblings are the attributes that travel as one value. Slack's filters inside multi-valued attributes are documented for
// some cases only, and what it does with a filter that finds nothing is not, so the small list is replaced as a whole.
var siblings = [][]scim.SlackAttribute{
	{scim.SlackEmail, scim.SlackSecondaryEmail},
	{scim.SlackPrimaryPhone, scim.SlackMobilePhone},
	addressParts,
}

// Siblings returns the other attributes that must be in UserChange.Set when a is: the other e-mail, the other phone, the other
// four parts of the address. Give those that do not change the value they have in Slack. It returns nil if a stands alone.
func Siblings(a scim.SlackAttribute) []scim.SlackAttribute {
	for _, family := range siblings {
		if at := slices.Index(family, a); at >= 0 {
			return slices.Delete(slices.Clone(family), at, at+1)
		}
	}
	return nil
}

// Updatable reports whether an existing user's attribute can be changed: all but profileUrl ("PATCH not supported", DOC).
func Updatable(a scim.SlackAttribute) bool { return known[a] && a != scim.SlackProfileURL }

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

func patchBody(operations []operation) map[string]any {
	return map[string]any{"schemas": []string{scim.PatchSchema}, "Operations": operations}
}

// operations returns the PATCH operations of a change, active first, then in the order of scim.SlackAttributes.
func (change UserChange) operations() ([]operation, *badProfile) {
	if bad := change.check(); bad != nil {
		return nil, bad
	}
	var out []operation
	if change.Active != nil {
		out = append(out, operation{"replace", "active", *change.Active}) // DOC
	}
	for _, a := range scim.SlackAttributes {
		if _, named := change.Set[a]; named && Updatable(a) {
			out = append(out, attributeOperations(a, change.Set)...)
		}
	}
	return out, nil
}

func (change UserChange) check() *badProfile {
	for a, value := range change.Set {
		for _, s := range Siblings(a) {
			if _, named := change.Set[s]; !named {
				return &badProfile{requestForbidden, string(a) + " is changed without " + string(s) + ", which Slack would lose"}
			}
		}
		switch {
		case value != "":
		case a == scim.SlackUserName:
			return &badProfile{"username_required", "userName cannot be cleared"}
		case a == scim.SlackEmail:
			return &badProfile{"missing_primary_email", "the primary e-mail cannot be cleared"}
		}
	}
	guest, guestNamed := change.Set[scim.SlackGuestType]
	_, expirationNamed := change.Set[scim.SlackGuestExpiration]
	switch {
	case (guestNamed || expirationNamed) && change.Active != nil && !*change.Active:
		// DOC: making or unmaking a guest activates a deactivated user.
		return &badProfile{requestForbidden, "a change of the guest role would reactivate the user who is to be deactivated"}
	case guestNamed && guest == "" && change.Set[scim.SlackGuestExpiration] != "":
		return &badProfile{requestForbidden, "a full member has no guest expiration"}
	}
	return checkNames(change.Set)
}

// attributeOperations returns the operations for a. Of siblings the first one answers for all.
func attributeOperations(a scim.SlackAttribute, set scim.SlackUserProfile) []operation {
	if name, ok := topLevel[a]; ok {
		// userName is DOC; it takes nickName along (DOC), which therefore is not sent. The others are INF from it.
		return textOperation("replace", name, name, set[a])
	}
	if sub, ok := nameParts[a]; ok {
		return textOperation("replace", "name."+sub, "name."+sub, set[a]) // DOC, both
	}
	if name, ok := enterpriseAttributes[a]; ok {
		// DOC shows add with the colon path, and an RFC server replaces a single value on add. remove is INF from it.
		path := scim.EnterpriseSchema + ":" + name
		return textOperation("add", path, path, set[a])
	}
	switch a {
	case scim.SlackEmail: // replace is INF (RFC 7644 section 3.5.2.3); DOC has add with the same list
		return listOperation("emails", emails(set))
	case scim.SlackPrimaryPhone: // INF, as emails
		return listOperation("phoneNumbers", phones(set))
	case scim.SlackStreetAddress: // remove is DOC (its path misspelt "address"); replace is INF
		return listOperation("addresses", addresses(set))
	case scim.SlackRole: // add is DOC; replace and remove are INF
		return listOperation("roles", roles(set))
	case scim.SlackPhoto:
		// CODE: a client in production went from "remove photos" to "replace photos []".
		return []operation{{"replace", "photos", append([]any{}, photos(set)...)}}
	case scim.SlackManager:
		// remove with the dot is DOC; set with the colon is INF from the other enterprise attributes. DOC's way to set it,
		// replacing the whole extension, might clear the rest of it.
		return textOperation("add", scim.EnterpriseSchema+":manager.managerId", scim.EnterpriseSchema+".manager.managerId", set[a])
	case scim.SlackStartDate: // INF: the whole extension, of which it is all
		if set[a] == "" {
			return []operation{{Op: "remove", Path: scim.SlackProfileSchema}}
		}
		return []operation{{"add", scim.SlackProfileSchema, map[string]any{"startDate": set[a]}}}
	case scim.SlackGuestType:
		return guestOperation(set)
	case scim.SlackGuestExpiration:
		if set[scim.SlackGuestType] != "" || set[a] == "" && hasKey(set, scim.SlackGuestType) {
			return nil // it goes with the type
		}
		path := scim.SlackGuestSchema + ".expiration"
		return textOperation("replace", path, path, set[a]) // remove is DOC; replace is INF
	}
	return nil // a sibling, done with the first
}

// guestOperation makes a guest or a full member (DOC, both).
func guestOperation(set scim.SlackUserProfile) []operation {
	if set[scim.SlackGuestType] == "" {
		return []operation{{Op: "remove", Path: scim.SlackGuestSchema}}
	}
	guest := map[string]any{"type": set[scim.SlackGuestType]}
	if set[scim.SlackGuestExpiration] != "" {
		guest["expiration"] = set[scim.SlackGuestExpiration]
	}
	return []operation{{"add", scim.SlackGuestSchema, guest}}
}

// textOperation sets a string, or removes it if it is "".
func textOperation(op, path, removePath, value string) []operation {
	if value == "" {
		return []operation{{Op: "remove", Path: removePath}}
	}
	return []operation{{op, path, value}}
}

// listOperation replaces a whole list, or removes it if it is empty.
func listOperation(path string, list []any) []operation {
	if len(list) == 0 {
		return []operation{{Op: "remove", Path: path}}
	}
	return []operation{{"replace", path, list}}
}

func hasKey(p scim.SlackUserProfile, a scim.SlackAttribute) bool {
	_, ok := p[a]
	return ok
}
