package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"scim2slack/scim"
	"scim2slack/translate"
)

// ruleText is a rule as the file has it, with the place of its expression.
type ruleText struct {
	translate.Rule
	at     origin
	block  bool // the text begins in the line after at
	quoted bool // a quote stands before the text
}

// rulesConfig are the rules of a source (docs/rules.md).
type rulesConfig struct {
	User                         []ruleText
	Scope, GroupName, GroupScope ruleText
}

// set is the rules without their places in the file.
func (r rulesConfig) set() translate.RuleSet {
	set := translate.RuleSet{Scope: r.Scope.Rule, GroupName: r.GroupName.Rule, GroupScope: r.GroupScope.Rule}
	for _, rule := range r.User {
		set.User = append(set.User, rule.Rule)
	}
	return set
}

// text is the rule of a key, as translate names it.
func (r rulesConfig) text(of string) ruleText {
	switch of {
	case "scope":
		return r.Scope
	case "group.name":
		return r.GroupName
	case "group.scope":
		return r.GroupScope
	}
	return r.User[slices.IndexFunc(r.User, func(rule ruleText) bool { return of == "user."+string(rule.Attribute) })]
}

// required are the attributes without which Slack has nobody.
var required = []scim.SlackAttribute{scim.SlackUserName, scim.SlackEmail}

// rulesReaders read user and scope of a source.
func (l *loader) rulesReaders(r *rulesConfig, prefix string) readers {
	return readers{
		prefix + "scope":       func(path string, node ast.Node) { r.Scope, _ = l.readRule(path, node) },
		prefix + "group.name":  func(path string, node ast.Node) { r.GroupName, _ = l.readRule(path, node) },
		prefix + "group.scope": func(path string, node ast.Node) { r.GroupScope, _ = l.readRule(path, node) },
		prefix + "user": func(path string, node ast.Node) {
			each := readers{}
			for _, a := range scim.SlackAttributes {
				each[path+"."+string(a)] = func(path string, node ast.Node) { l.readUserRule(r, a, path, node) }
			}
			l.readMapping(node, path, each)
		},
	}
}

// readUserRule reads an expression, null, or a mapping of value or constant, and when.
func (l *loader) readUserRule(r *rulesConfig, a scim.SlackAttribute, path string, node ast.Node) {
	rule := ruleText{Rule: translate.Rule{Attribute: a}, at: at(node.GetToken())}
	ok := true
	switch n := node.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		rule, ok = l.readLongRule(a, path, n)
	default:
		rule, ok = l.readRule(path, node)
	}
	if !ok {
		return
	}
	rule.Attribute, rule.Place = a, l.place(rule.at)
	if slices.Contains(required, a) && (rule.Expression == "" || rule.When == translate.WhenNever) {
		l.report(rule.at, path, "takes the %s away, without which Slack has nobody: give an expression, or leave the key out", a)
		return
	}
	r.User = append(r.User, rule)
}

// readLongRule reads {value: EXPRESSION, constant: TEXT, when: WHEN}. Without a value the default mapping is meant.
func (l *loader) readLongRule(a scim.SlackAttribute, path string, node *ast.MappingNode) (ruleText, bool) {
	rule := ruleText{Rule: translate.Rule{Expression: translate.DefaultExpression(a)}, at: at(node.GetToken())}
	before, given := len(l.faults), 0
	when := string(translate.WhenAlways)
	l.readMapping(node, path, readers{
		path + ".value": func(path string, node ast.Node) {
			given++
			if _, null := node.(*ast.NullNode); null {
				rule.Expression = ""
				return
			}
			rule, _ = l.readRule(path, node)
		},
		path + ".constant": func(path string, node ast.Node) {
			given++
			text, ok := stringOf(node)
			if !ok {
				l.report(at(node.GetToken()), path, "is %s: use a string", describe(node))
			}
			rule = ruleText{Rule: translate.Rule{Expression: quoteText(text)}, at: at(node.GetToken())}
		},
		path + ".when": func(path string, node ast.Node) {
			k := choiceKey("when", "", &when, string(translate.WhenAlways), string(translate.WhenCreate), string(translate.WhenEmpty), string(translate.WhenNever))
			l.readKey(path, k, node)
		},
	})
	if given > 1 {
		l.report(at(node.GetToken()), path, "has a value and a constant: use one of them")
	}
	rule.When = translate.When(when)
	return rule, len(l.faults) == before
}

// quoteText writes a text as an expression does.
func quoteText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}

// readRule reads an expression.
func (l *loader) readRule(path string, node ast.Node) (ruleText, bool) {
	rule := ruleText{at: at(node.GetToken())}
	rule.Place = l.place(rule.at)
	text, ok := stringOf(node)
	if !ok || strings.TrimSpace(text) == "" {
		if ok {
			l.report(rule.at, path, "is empty: give an expression, or null to clear the attribute")
		} else {
			l.report(rule.at, path, "is %s: use an expression, such as title; put it in quotes if YAML takes it for something else", describe(node))
		}
		return rule, false
	}
	rule.Expression = text
	switch n := node.(type) {
	case *ast.LiteralNode:
		rule.block = true
	case *ast.StringNode:
		rule.quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
	}
	return rule, true
}

func (l *loader) place(at origin) string { return fmt.Sprintf("%s:%d", l.file, at.line) }

// compileRules makes the rules of a source ready and reports each fault at its place.
func (l *loader) compileRules(i int, s *sourceConfig) {
	set := s.Rules.set()
	compiled, faults := translate.CompileRules(set)
	for _, f := range faults {
		place, problem := l.within(s.Rules.text(f.Of), f.Line, f.Column), longWords.ReplaceAllStringFunc(f.Problem, shownWord)
		if place.variable != "" {
			problem = fmt.Sprintf("at character %d: %s", f.Column, problem)
		}
		l.report(place, sourcePath(i, f.Of), "%s", problem)
	}
	if !set.Empty() {
		s.Options.Rules = compiled
	}
}

// settings shows the rules of the i-th source.
func (r rulesConfig) settings(i int) (out []setting) {
	for _, rule := range r.User {
		value := rule.Expression
		if value == "" {
			value = "null"
		}
		if rule.When != "" && rule.When != translate.WhenAlways {
			value += " (when: " + string(rule.When) + ")"
		}
		out = append(out, setting{sourcePath(i, "user."+string(rule.Attribute)), value, rule.at.String()})
	}
	for _, of := range []string{"scope", "group.name", "group.scope"} {
		if rule := r.text(of); rule.Expression != "" {
			out = append(out, setting{sourcePath(i, of), rule.Expression, rule.at.String()})
		}
	}
	return out
}
