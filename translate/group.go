package translate

import (
	"fmt"
	"strconv"

	"scim2slack/scim"
)

// Group is what Slack should hold of a source's group, without its members.
type Group struct {
	Name     string
	Warnings []string // what was cleaned, and why
}

// ToGroup translates the canonical document of a group. The name is the displayName without blanks around it and without control
// characters; a distinguished name stays one. How long a name Slack takes is not known, so none is too long here.
// A rule may give another name. The error is an *Error if there is no name, or a *RuleError.
func ToGroup(doc scim.Object, rules *Rules) (Group, error) {
	doc, err := rules.renamed(doc)
	if err != nil {
		return Group{}, err
	}
	raw, ok := textOf(doc["displayName"])
	if !ok {
		return Group{}, &Error{Attribute: "displayName", Problem: "is not a text", Remedy: "map the group's name to displayName"}
	}
	name, removed := plain(raw, " ")
	if name == "" {
		return Group{}, &Error{Attribute: "displayName", Problem: "is blank and Slack wants a name of each group",
			Remedy: "map the group's name to displayName"}
	}
	group := Group{Name: name}
	if removed {
		group.Warnings = append(group.Warnings,
			fmt.Sprintf("displayName %s: control characters were removed", strconv.Quote(excerpt(raw))))
	}
	return group, nil
}
