package main

import (
	"slices"
	"strings"
	"unicode"

	"scim2slack/scim"
	"scim2slack/translate"
)

// ruleVariables are the variables of the rules of the source named default: an expression each, or null to clear the attribute. For when and
// constant there is the file.
func ruleVariables() map[string]func(*rulesConfig, ruleText) {
	variables := map[string]func(*rulesConfig, ruleText){
		variablePrefix + "SCOPE":       func(r *rulesConfig, rule ruleText) { r.Scope = rule },
		variablePrefix + "GROUP_NAME":  func(r *rulesConfig, rule ruleText) { r.GroupName = rule },
		variablePrefix + "GROUP_SCOPE": func(r *rulesConfig, rule ruleText) { r.GroupScope = rule },
	}
	for _, a := range scim.SlackAttributes {
		variables[ruleVariable(a)] = func(r *rulesConfig, rule ruleText) {
			rule.Attribute = a
			r.User = append(slices.DeleteFunc(r.User, func(other ruleText) bool { return other.Attribute == a }), rule)
		}
	}
	return variables
}

// ruleVariable is the variable of an attribute: SCIM2SLACK_USER_GIVEN_NAME for givenName.
func ruleVariable(a scim.SlackAttribute) string {
	var b strings.Builder
	for _, c := range string(a) {
		if unicode.IsUpper(c) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(c))
	}
	return variablePrefix + "USER_" + b.String()
}

// readRuleVariable reads a variable as the rule that it stands for.
func (l *loader) readRuleVariable(name, text string) (ruleText, bool) {
	rule := ruleText{Rule: translate.Rule{Expression: strings.TrimSpace(text), Place: name}, at: origin{variable: name}}
	if rule.Expression != "null" {
		return rule, true
	}
	rule.Expression = ""
	for _, a := range required {
		if name == ruleVariable(a) {
			l.report(rule.at, "", "takes the %s away, without which Slack has nobody: give an expression, or leave the variable out", a)
			return rule, false
		}
	}
	if !strings.HasPrefix(name, variablePrefix+"USER_") {
		l.report(rule.at, "", "is null: give an expression, or leave the variable out")
		return rule, false
	}
	return rule, true
}
