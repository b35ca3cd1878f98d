package slackapi

import (
	"fmt"
	"slices"
	"strings"
)

// lintPatchV1 checks the partial resource of a change in SCIM 1.1: known attributes with values of the right type, and nothing cleared that
// empties a group or takes a name away.
func lintPatchV1(kind string, body document) error {
	if err := lintSchemas(body, coreV1); err != nil {
		return err
	}
	if kind == "Groups" {
		return lintGroupV1(body)
	}
	for name, value := range body {
		if err := lintAttributeV1(name, value); err != nil {
			return err
		}
	}
	cleared := body.object("meta").strings("attributes")
	emails, _ := body["emails"].([]any)
	if _, primary := primaryOf(document{"emails": emails}.list("emails")); slices.Contains(cleared, "emails") && !primary {
		return fmt.Errorf("emails are cleared without a primary address to come after")
	}
	for _, name := range cleared {
		if name == "active" || name == "userName" || name == "name" || name == "schemas" || name == enterpriseV1 {
			return fmt.Errorf("%s cannot be cleared", name)
		}
	}
	guest := body[guestV1] != nil || slices.ContainsFunc(cleared, func(name string) bool { return strings.HasPrefix(name, guestV1) })
	if body["active"] == false && guest {
		return fmt.Errorf("a change of the guest role reactivates the user whom the same request deactivates")
	}
	return nil
}

func lintAttributeV1(name string, value any) error {
	var ok bool
	switch name {
	case "schemas", "meta":
		return nil
	case "active":
		_, ok = value.(bool)
	case "userName", "displayName", "title", "timezone", "userType", "preferredLanguage", "locale":
		text, isText := value.(string)
		ok = isText && text != ""
	case "name", enterpriseV1, guestV1, profileV1:
		o, isObject := value.(map[string]any)
		ok = isObject && len(o) > 0
	case "emails", "phoneNumbers", "addresses", "roles", "photos":
		list, isList := value.([]any)
		ok = isList && len(list) > 0
	default:
		return fmt.Errorf("no call of ours has the attribute %s", name)
	}
	if !ok {
		return fmt.Errorf("%s has no value of the right type", name)
	}
	return nil
}

func lintGroupV1(body document) error {
	for name, value := range body {
		switch name {
		case "schemas":
		case "displayName":
			if text, ok := value.(string); !ok || text == "" {
				return fmt.Errorf("displayName must be a text that is not empty")
			}
		case "members":
			if err := lintMembersV1(value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s may empty the group: members are removed one by one", name)
		}
	}
	return nil
}

func lintMembersV1(value any) error {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return fmt.Errorf("members must be a list of at least one")
	}
	for _, m := range list {
		member, _ := m.(map[string]any)
		_, deletes := member["operation"]
		if !validID(document(member).text("value")) || len(member) > 2 || deletes && member["operation"] != "delete" || len(member) == 2 && !deletes {
			return fmt.Errorf("a member must be a value with the id of one user, and perhaps the operation delete")
		}
	}
	return nil
}
