package scim

import (
	"encoding/json"
	"strings"
)

// Operator is an operator of a filter (RFC 7644 section 3.4.2.2), in lower case.
type Operator string

const (
	Eq  Operator = "eq"
	Ne  Operator = "ne"
	Co  Operator = "co"
	Sw  Operator = "sw"
	Ew  Operator = "ew"
	Gt  Operator = "gt"
	Ge  Operator = "ge"
	Lt  Operator = "lt"
	Le  Operator = "le"
	Pr  Operator = "pr"
	And Operator = "and"
	Or  Operator = "or"
	Not Operator = "not"
	// Has is the value filter attr[filter] standing alone: some element matches.
	Has Operator = "has"
)

// Filter is a parsed filter. It is never changed after ParseFilter and safe for concurrent use.
type Filter struct {
	Op Operator
	// Path is the attribute of a comparison, of pr and of Has. It holds a filter of its own in attr[filter].sub eq value.
	Path Path
	// Value is the literal of a comparison: nil, bool, string or json.Number.
	Value any
	// Terms are those of and (2 or more), or (2 or more) and not (1). Chains are flat: a or b or c has three terms.
	Terms []*Filter
}

// ParseFilter reads a filter. Names and operators may be in any letter case, attributes may have a schema URN, value
// filters (attr[...]) may hold any number of terms and be followed by a sub-attribute and a comparison, as Entra
// writes it. A value that is not quoted is taken up to the next blank, parenthesis or bracket, as some clients leave the quotation
// marks out. Filters longer than MaxFilterLength or nested deeper than MaxFilterDepth are refused. Reading takes time in
// proportion to the length. The error is an *Error of type InvalidFilter that says where the fault is and what was expected.
func ParseFilter(text string) (*Filter, error) {
	s, err := newScanner(text, InvalidFilter)
	if err != nil {
		return nil, err
	}
	f, err := s.or(false)
	if err != nil {
		return nil, err
	}
	s.skipBlanks()
	if !s.done() {
		return nil, s.fault(s.pos, `"and", "or" or the end of the filter`)
	}
	return f, nil
}

// or reads terms joined by or. inElement is true between brackets, where another bracket is not allowed.
func (s *scanner) or(inElement bool) (*Filter, error) {
	return s.chain(Or, inElement)
}

// chain reads a flat chain of op: terms of an or are chains of and, terms of an and are single terms.
func (s *scanner) chain(op Operator, inElement bool) (*Filter, error) {
	first, err := s.link(op, inElement)
	if err != nil || !strings.EqualFold(s.peekWord(), string(op)) {
		return first, err
	}
	chain := &Filter{Op: op}
	chain.add(first)
	for strings.EqualFold(s.peekWord(), string(op)) {
		s.word()
		f, err := s.link(op, inElement)
		if err != nil {
			return nil, err
		}
		chain.add(f)
	}
	return chain, nil
}

func (s *scanner) link(op Operator, inElement bool) (*Filter, error) {
	if op == Or {
		return s.chain(And, inElement)
	}
	return s.term(inElement)
}

// add appends f, or its terms if f is a chain of the same operator in parentheses.
func (f *Filter) add(term *Filter) {
	if term.Op == f.Op {
		f.Terms = append(f.Terms, term.Terms...)
		return
	}
	f.Terms = append(f.Terms, term)
}

// term reads a filter in parentheses, a negation or a comparison.
func (s *scanner) term(inElement bool) (*Filter, error) {
	s.skipBlanks()
	if s.next('(') {
		return s.parenthesis(inElement)
	}
	start := s.pos
	if strings.EqualFold(s.word(), string(Not)) {
		s.skipBlanks()
		if s.next('(') {
			f, err := s.parenthesis(inElement)
			if err != nil {
				return nil, err
			}
			return &Filter{Op: Not, Terms: []*Filter{f}}, nil
		}
	}
	s.pos = start
	return s.comparison(inElement)
}

// parenthesis reads up to the closing parenthesis of one that was just opened.
func (s *scanner) parenthesis(inElement bool) (*Filter, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	f, err := s.or(inElement)
	if err != nil {
		return nil, err
	}
	s.skipBlanks()
	if !s.next(')') {
		return nil, s.fault(s.pos, `"and", "or" or ")"`)
	}
	s.leave()
	return f, nil
}

func (s *scanner) comparison(inElement bool) (*Filter, error) {
	start := s.pos
	path, err := s.path()
	if err != nil {
		return nil, err
	}
	if path.Name == "" {
		return nil, s.fault(start, "an attribute, not a schema alone")
	}
	if inElement && path.Filter != nil {
		return nil, s.fault(start, "a sub-attribute without brackets, for brackets cannot stand in brackets")
	}
	word := s.peekWord()
	if path.Filter != nil && path.Sub == "" && (word == "" || strings.EqualFold(word, "and") || strings.EqualFold(word, "or")) {
		return &Filter{Op: Has, Path: path}, nil
	}
	op := comparisonOperator(word)
	if op == "" {
		return nil, s.fault(s.pos, "one of the operators eq, ne, co, sw, ew, pr, gt, ge, lt, le")
	}
	s.word()
	f := &Filter{Op: op, Path: path}
	if op != Pr {
		s.skipBlanks()
		f.Value, err = s.literal()
	}
	return f, err
}

func comparisonOperator(word string) Operator {
	if len(word) != 2 {
		return ""
	}
	for _, op := range [...]Operator{Eq, Ne, Co, Sw, Ew, Pr, Gt, Ge, Lt, Le} {
		if strings.EqualFold(word, string(op)) {
			return op
		}
	}
	return ""
}

// literal reads the value of a comparison: a JSON literal, or any text without blanks as a string.
func (s *scanner) literal() (any, error) {
	if !s.done() && s.text[s.pos] == '"' {
		return s.quoted()
	}
	start := s.pos
	word := s.word()
	switch word {
	case "":
		return nil, s.fault(start, "a value")
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if !s.done() && s.text[s.pos] == '"' || len(word) > 1 && word[0] == '\'' && word[len(word)-1] == '\'' {
		return nil, s.fault(start, "a value in double quotation marks")
	}
	if isNumber(word) {
		return json.Number(word), nil
	}
	return word, nil
}

// isNumber tells whether word is a JSON number. Numbers stay text: an employee number of twenty digits must not be rounded.
func isNumber(word string) bool {
	c := word[0]
	return (c == '-' || c >= '0' && c <= '9') && json.Valid([]byte(word))
}
