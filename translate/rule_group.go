package translate

import (
	"maps"

	"scim2slack/scim"
)

// sampleGroup is what expressions see of a group, for the compiler.
func sampleGroup() map[string]any {
	return map[string]any{"displayName": "", "externalId": "", "attr": func(string) string { return "" }}
}

// ofGroup evaluates a rule for a group.
func (c *compiled) ofGroup(doc scim.Object, of string) (any, error) {
	return c.run(&bench{person: map[string]any{"displayName": plainText(doc, "", "displayName", ""), "externalId": plainText(doc, "", "externalId", ""),
		"attr": func(path string) string { return attrText(doc, path) }}}, of)
}

// GroupInScope reports whether the group is to be in Slack. The error is a *RuleError.
func (r *Rules) GroupInScope(doc scim.Object) (bool, error) {
	if r == nil || r.groupScope == nil {
		return true, nil
	}
	value, err := r.groupScope.ofGroup(doc, "group.scope")
	in, _ := value.(bool)
	return in, err
}

// renamed returns the group under the name that the rule gives it.
func (r *Rules) renamed(doc scim.Object) (scim.Object, error) {
	if r == nil || r.groupName == nil || r.groupName.program == nil {
		return doc, nil
	}
	name, err := r.groupName.ofGroup(doc, "group.name")
	if err != nil {
		return nil, err
	}
	out := maps.Clone(doc)
	out["displayName"] = name
	return out, nil
}
