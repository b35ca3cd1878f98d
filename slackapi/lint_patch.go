package slackapi

import (
	"fmt"
	"regexp"
	"strings"

	"scim2slack/scim"
)

// lintPatch checks the body of a PATCH: operations with explicit, known paths and values of the right type, each place named once.
func lintPatch(kind string, body document) error {
	if urns := body.strings("schemas"); len(urns) != 1 || urns[0] != scim.PatchSchema {
		return fmt.Errorf("schemas must be %s alone", scim.PatchSchema)
	}
	operations, _ := body["Operations"].([]any)
	if len(operations) == 0 || len(body) != 2 {
		return fmt.Errorf("it must have Operations, and nothing else but schemas")
	}
	seen := map[string]bool{}
	for _, value := range operations {
		raw, _ := value.(map[string]any)
		operation := document(raw)
		path := operation.text("path")
		switch {
		case path == "":
			return fmt.Errorf("an operation without a path may touch anything")
		case seen[path]:
			return fmt.Errorf("%s is named twice", path)
		}
		seen[path] = true
		check := lintUserOperation
		if kind == "Groups" {
			check = lintGroupOperation
		}
		if err := check(operation.text("op"), path, operation["value"]); err != nil {
			return err
		}
		if path == "active" && operation["value"] == false {
			seen["deactivation"] = true
		}
	}
	for path := range seen {
		if seen["deactivation"] && strings.HasPrefix(path, scim.SlackGuestSchema) {
			return fmt.Errorf("a change of the guest role reactivates the user whom the same request deactivates")
		}
	}
	return nil
}

var oneMember = regexp.MustCompile(`^members\[value eq "[A-Za-z0-9_-]+"\]$`)

func lintGroupOperation(op, path string, value any) error {
	switch {
	case op == "replace" && path == "displayName":
		if name, ok := value.(string); !ok || name == "" {
			return fmt.Errorf("displayName must be a text that is not empty")
		}
		return nil
	case op == "add" && path == "members":
		return lintMembers(value)
	case op == "remove" && oneMember.MatchString(path) && value == nil:
		return nil
	case op == "remove" && strings.HasPrefix(path, "members"):
		return fmt.Errorf("remove %s may empty the group: one member is removed by members[value eq \"id\"] without a value", path)
	}
	return fmt.Errorf("no call of ours has the operation %s %s on a group", op, path)
}

// lintUserOperation checks one operation on a user. Its knowledge is written down apart from patch.go on purpose.
func lintUserOperation(op, path string, value any) error {
	switch path {
	case "active":
		if _, ok := value.(bool); op != "replace" || !ok {
			return fmt.Errorf("active is only replaced, by true or false")
		}
		return nil
	case "userName":
		if op == "remove" {
			return fmt.Errorf("userName cannot be removed")
		}
		return lintValue[string](op, path, value)
	case "emails":
		list, _ := value.([]any)
		if _, ok := primaryOf(document{"emails": list}.list("emails")); op != "replace" || !ok {
			return fmt.Errorf("emails are only replaced, by a list with a primary address")
		}
		return nil
	case "photos":
		if _, ok := value.([]any); op != "replace" || !ok {
			return fmt.Errorf("photos are only replaced, by a list")
		}
		return nil
	case "phoneNumbers", "addresses", "roles":
		return lintValue[[]any](op, path, value)
	case scim.SlackProfileSchema, scim.SlackGuestSchema:
		return lintValue[map[string]any](op, path, value)
	case "displayName", "name.givenName", "name.familyName", "name.honorificPrefix", "title", "timezone", "userType",
		"preferredLanguage", "locale", scim.SlackGuestSchema + ".expiration":
		return lintValue[string](op, path, value)
	}
	if rest, ok := strings.CutPrefix(path, scim.EnterpriseSchema); ok && enterprisePath.MatchString(rest) {
		return lintValue[string](op, path, value)
	}
	return fmt.Errorf("no call of ours has the path %s", path)
}

var enterprisePath = regexp.MustCompile(`^[:.](employeeNumber|costCenter|organization|division|department|manager\.managerId)$`)

// lintValue wants a value of type T that is not empty on add and replace, and none on remove.
func lintValue[T string | []any | map[string]any](op, path string, value any) error {
	v, ok := value.(T)
	switch op {
	case "add", "replace":
		if !ok || len(v) == 0 {
			return fmt.Errorf("%s of %s has no value of the right type", op, path)
		}
		return nil
	case "remove":
		if value != nil {
			return fmt.Errorf("remove of %s has a value, which servers read in different ways", path)
		}
		return nil
	}
	return fmt.Errorf("there is no operation %q", op)
}
