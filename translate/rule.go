package translate

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"scim2slack/scim"
)

// When says on which occasions a rule's attribute is written to Slack.
type When string

const (
	WhenAlways When = "always" // whenever it differs from what Slack was sent last
	WhenCreate When = "create" // only when the account is created: what people change themselves in Slack survives
	WhenEmpty  When = "empty"  // only if Slack has no value
	WhenNever  When = "never"  // not at all: the default mapping of the attribute is switched off
)

// Rule says what one Slack attribute of a person is made from. It replaces the default mapping of that attribute; what the expression gives
// is cleaned as a value of the source would be.
type Rule struct {
	Attribute  scim.SlackAttribute
	Expression string // gives a text; "" clears the attribute
	When       When   // "" is WhenAlways
	Place      string // where it is written, for messages: file:line
}

// Bounds of an expression. Predicates within predicates are refused, so that an evaluation costs no more than its text and the person's values.
const (
	maxExpression = 4 << 10 // bytes
	maxNodes      = 500
	maxList       = 1000 // values of a list that an expression sees
)

// Rules are the rules of one source, ready to run. The zero value, and nil, change nothing. Rules may be used by many at once.
type Rules struct {
	user        []compiled
	scope       *compiled
	groupName   *compiled
	groupScope  *compiled
	userReads   []attribute // what the rules of the person read
	scopeReads  []attribute // what the scope reads
	readsGroups bool
	whens       map[scim.SlackAttribute]When
	pool        sync.Pool // of *bench
}

// compiled is a rule with its program; nil: the attribute stays as the default mapping has it, or is cleared, or is not written.
type compiled struct {
	Rule
	program *vm.Program
	reads   []attribute // the attributes of the source on which it depends
}

// RuleSet is what a source says of its people and groups. A rule without text is none.
type RuleSet struct {
	User []Rule
	// Scope is true for the people who are to be in Slack.
	Scope Rule
	// GroupName gives the name of a group in Slack, GroupScope is true for the groups that are to be there.
	GroupName, GroupScope Rule
}

// Empty reports whether there is no rule.
func (s RuleSet) Empty() bool {
	return len(s.User) == 0 && s.Scope.Expression == "" && s.GroupName.Expression == "" && s.GroupScope.Expression == ""
}

// RuleFault is what is wrong with a rule.
type RuleFault struct {
	Of           string // the key of the rule: user.title, scope, group.name or group.scope
	Line, Column int    // in the expression, from 1
	Problem      string
}

// CompileRules makes rules ready. It returns every fault it finds; then the rules are nil.
func CompileRules(set RuleSet) (*Rules, []RuleFault) {
	r := &Rules{whens: map[scim.SlackAttribute]When{}}
	var faults []RuleFault
	compile := func(of string, rule Rule, kind reflect.Kind, sample map[string]any) *compiled {
		c, fault := compileRule(rule, kind, sample)
		if fault != nil {
			fault.Of = of
			faults = append(faults, *fault)
			return nil
		}
		return &c
	}
	people, groups := sampleEntry(), sampleGroup()
	for _, rule := range set.User {
		if c := compile("user."+string(rule.Attribute), rule, reflect.String, people); c != nil {
			r.user = append(r.user, *c)
			r.whens[rule.Attribute] = rule.When
		}
	}
	if set.Scope.Expression != "" {
		r.scope = compile("scope", set.Scope, reflect.Bool, people)
	}
	if set.GroupName.Expression != "" {
		r.groupName = compile("group.name", set.GroupName, reflect.String, groups)
	}
	if set.GroupScope.Expression != "" {
		r.groupScope = compile("group.scope", set.GroupScope, reflect.Bool, groups)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	r.userReads = readsOf(r.user...)
	if r.scope != nil {
		r.scopeReads = readsOf(*r.scope)
	}
	r.readsGroups = slices.ContainsFunc(slices.Concat(r.userReads, r.scopeReads), func(a attribute) bool { return a.path == "groups" })
	r.pool.New = newBench
	return r, nil
}

// readsOf lists what the rules read, each once.
func readsOf(rules ...compiled) (reads []attribute) {
	for _, c := range rules {
		for _, a := range c.reads {
			if !slices.ContainsFunc(reads, func(b attribute) bool { return a.path == b.path }) {
				reads = append(reads, a)
			}
		}
	}
	return reads
}

// compileRule compiles the expression. A rule that says what the default mapping does anyway has no program.
func compileRule(rule Rule, kind reflect.Kind, sample map[string]any) (compiled, *RuleFault) {
	c := compiled{Rule: rule}
	text := strings.TrimSpace(rule.Expression)
	switch {
	case rule.When == WhenNever, text == "", rule.Attribute != "" && text == DefaultExpression(rule.Attribute):
		return c, nil
	case len(text) > maxExpression:
		return c, &RuleFault{Line: 1, Column: 1, Problem: fmt.Sprintf("has %d bytes: use at most %d", len(text), maxExpression)}
	}
	if partsOf(rule.Expression) > maxNodes {
		return c, &RuleFault{Line: 1, Column: 1, Problem: fmt.Sprintf("has more than %d parts, a variable counted as all that it stands for: use fewer", maxNodes)}
	}
	look := &reader{}
	options := append(language(sample), expr.AsKind(kind))
	if kind == reflect.Bool {
		options = append(options, expr.WarnOnAny())
	}
	// First without the reader. Where there is one the checker reports what it finds in its last look alone, in which it believes the type that a call
	// got in an earlier one and does not look at the arguments again: a name in them that does not exist would be no fault.
	program, err := expr.Compile(rule.Expression, options...)
	if err == nil {
		program, err = expr.Compile(rule.Expression, append(options, expr.Patch(look))...)
	}
	if err == nil {
		err = look.problem
	}
	if err != nil {
		fault := &RuleFault{Line: 1, Column: 1, Problem: explain(err.Error(), kind)}
		if e := (*file.Error)(nil); errors.As(err, &e) {
			fault.Line, fault.Column, fault.Problem = e.Line, e.Column+1, explain(e.Message, kind)
		}
		return c, fault
	}
	c.program, c.reads = program, look.reads
	return c, nil
}

// explain puts a message of the compiler into words for whoever wrote the rule.
func explain(message string, kind reflect.Kind) string {
	if strings.HasPrefix(message, "unknown name ") || strings.HasPrefix(message, "unknown field ") {
		return message + ": docs/rules.md lists the attributes and functions"
	}
	if strings.HasPrefix(message, "expected ") {
		want := "a text"
		if kind == reflect.Bool {
			want = "true or false"
		}
		return "the rule must give " + want + ": " + message
	}
	return message
}

// RuleError says that a rule failed for one person, who is not sent to Slack as long as it does.
type RuleError struct {
	Attribute string // the Slack attribute, or scope
	Place     string
	Problem   string
}

// Error returns one sentence: which rule, where it is written, and what went wrong.
func (e *RuleError) Error() string {
	return fmt.Sprintf("the rule for %s (%s) failed for this person: %s: correct the rule, or what the directory says of the person", e.Attribute, e.Place, e.Problem)
}

// run evaluates one rule.
func (c *compiled) run(b *bench, of string) (any, error) {
	value, err := b.machine.Run(c.program, b.person)
	if err == nil {
		return value, nil
	}
	problem := err.Error()
	if e := (*file.Error)(nil); errors.As(err, &e) {
		problem = fmt.Sprintf("%s, at character %d", e.Message, e.Column+1)
	}
	return nil, &RuleError{Attribute: of, Place: c.Place, Problem: problem}
}

// speaks reports whether the source says anything that the rule depends on. A rule that depends on nothing always has something to say.
func (c *compiled) speaks(doc scim.Object) bool {
	for _, a := range c.reads {
		if a.spoken == nil || a.spoken(doc) {
			return true
		}
	}
	return len(c.reads) == 0
}

// InScope reports whether the person is to be in Slack. groups are the names of the source's groups that the person is a member of. The error
// is a *RuleError.
func (r *Rules) InScope(doc scim.Object, groups []string) (bool, error) {
	if r == nil || r.scope == nil {
		return true, nil
	}
	b := r.begin(doc, groups, r.scopeReads)
	defer r.end(b)
	value, err := r.scope.run(b, "scope")
	in, _ := value.(bool)
	return in, err
}

// ReadsGroups reports whether the groups that a person is in decide anything.
func (r *Rules) ReadsGroups() bool { return r != nil && r.readsGroups }

// ScopePlace tells where the scope of people, or of groups, is written; "" if there is none.
func (r *Rules) ScopePlace(groups bool) string {
	switch {
	case r == nil:
	case groups && r.groupScope != nil:
		return r.groupScope.Place
	case !groups && r.scope != nil:
		return r.scope.Place
	}
	return ""
}

// Of returns the rule that an attribute has, if there is one.
func (r *Rules) Of(a scim.SlackAttribute) (Rule, bool) {
	if r != nil {
		for i := range r.user {
			if r.user[i].Attribute == a {
				return r.user[i].Rule, true
			}
		}
	}
	return Rule{}, false
}

// placeOf tells where the rule is written that stands in place of the default mapping of an attribute; "" if none does.
func (r *Rules) placeOf(a scim.SlackAttribute) string {
	if r == nil {
		return ""
	}
	for _, c := range r.user {
		if c.Attribute == a && (c.program != nil || c.Expression == "") {
			return c.Place
		}
	}
	return ""
}

// When returns on which occasions an attribute is written.
func (r *Rules) When(a scim.SlackAttribute) When {
	if r == nil || r.whens[a] == "" {
		return WhenAlways
	}
	return r.whens[a]
}
