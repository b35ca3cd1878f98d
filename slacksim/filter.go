package slacksim

import (
	"encoding/json"
	"strings"
)

// maxNesting is how deep a filter may be nested; Slack's limit is not known.
const maxNesting = 50

// filter is a parsed filter expression. values returns those of an attribute
// by its name in lower case.
type filter interface {
	matches(values func(attribute string) []string) bool
}

type (
	term   struct{ attribute, op, value string }
	allOf  struct{ left, right filter }
	either struct{ left, right filter }
)

func (a allOf) matches(v func(string) []string) bool  { return a.left.matches(v) && a.right.matches(v) }
func (o either) matches(v func(string) []string) bool { return o.left.matches(v) || o.right.matches(v) }

// matches compares without regard to case (DOC: userName Eq "Carly" finds
// carly).
func (t term) matches(values func(string) []string) bool {
	want := fold(t.value)
	for _, v := range values(t.attribute) {
		if compare(t.op, fold(v), want) {
			return true
		}
	}
	return false
}

func compare(op, have, want string) bool {
	switch op {
	case "eq":
		return have == want
	case "co":
		return strings.Contains(have, want)
	case "sw":
		return strings.HasPrefix(have, want)
	case "pr":
		return have != ""
	case "gt":
		return have > want
	case "ge":
		return have >= want
	case "lt":
		return have < want
	case "le":
		return have <= want
	}
	return false
}

// operators are those that Slack lists (DOC). There is no ne, ew or not.
var operators = map[string]bool{
	"eq": true, "co": true, "sw": true, "pr": true, "gt": true, "ge": true, "lt": true, "le": true,
}

// parseFilter reads a filter: attribute, operator and value, each one space
// apart (DOC), joined by and and or, with parentheses.
func parseFilter(text string, attributes map[string]bool) (filter, *apiError) {
	if text == "" {
		return nil, bad("no_filters")
	}
	tokens, refusal := tokenize(text)
	if refusal != nil {
		return nil, refusal
	}
	p := &filterParser{tokens: tokens, attributes: attributes}
	f, refusal := p.either(0)
	if refusal != nil {
		return nil, refusal
	}
	if len(p.tokens) > 0 {
		if p.tokens[0].text == ")" {
			return nil, bad("invalid_filter_group")
		}
		return nil, bad("invalid_query")
	}
	return f, nil
}

// token is a word, a parenthesis or a literal in quotes.
type token struct {
	text   string
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// tokenize splits at single spaces. Two spaces, or one at either end, are an
// incomplete filter (DOC).
func tokenize(s string) ([]token, *apiError) {
	var out []token
	for s != "" {
		switch s[0] {
		case '(', ')':
			out = append(out, token{text: s[:1]})
			s = s[1:]
		case '"', '\'':
			value, n, ok := literal(s)
			if !ok {
				return nil, bad("invalid_query")
			}
			out = append(out, token{text: value, quoted: true})
			s = s[n:]
		default:
			n := strings.IndexAny(s, " ()")
			if n < 0 {
				n = len(s)
			}
			if n == 0 {
				return nil, bad("incomplete_filter")
			}
			out = append(out, token{text: s[:n]})
			s = s[n:]
		}
		if strings.HasPrefix(s, " ") {
			if s = s[1:]; s == "" || s[0] == ' ' {
				return nil, bad("incomplete_filter")
			}
		}
	}
	return out, nil
}

// literal reads a literal in quotes: a JSON string (DOC), or anything between
// single quotes (DOC, in an example).
func literal(s string) (value string, n int, ok bool) {
	quote := s[0]
	for n = 1; n < len(s); n++ {
		if s[n] == '\\' {
			n++
			continue
		}
		if s[n] == quote {
			n++
			if quote == '\'' {
				return s[1 : n-1], n, true
			}
			return value, n, json.Unmarshal([]byte(s[:n]), &value) == nil
		}
	}
	return "", 0, false
}

type filterParser struct {
	tokens     []token
	attributes map[string]bool
}

// next takes a token off, or returns one that is nothing.
func (p *filterParser) next() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *filterParser) take(word string) bool {
	if len(p.tokens) == 0 || !p.tokens[0].is(word) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *filterParser) either(depth int) (filter, *apiError) {
	f, refusal := p.all(depth)
	for refusal == nil && p.take("or") {
		var right filter
		right, refusal = p.all(depth)
		f = either{f, right}
	}
	return f, refusal
}

func (p *filterParser) all(depth int) (filter, *apiError) {
	f, refusal := p.term(depth)
	for refusal == nil && p.take("and") {
		var right filter
		right, refusal = p.term(depth)
		f = allOf{f, right}
	}
	return f, refusal
}

func (p *filterParser) term(depth int) (filter, *apiError) {
	if p.take("(") {
		if depth >= maxNesting {
			return nil, bad("invalid_filter_group")
		}
		f, refusal := p.either(depth + 1)
		if refusal == nil && !p.take(")") {
			refusal = bad("invalid_filter_group")
		}
		return f, refusal
	}
	if len(p.tokens) < 2 {
		return nil, bad("incomplete_filter")
	}
	attribute, op := p.next(), p.next()
	t := term{attribute: fold(attribute.text), op: fold(op.text)}
	if attribute.quoted || op.quoted || !operators[t.op] || !p.attributes[t.attribute] {
		return nil, bad("invalid_query")
	}
	if t.op == "pr" {
		return t, nil
	}
	if len(p.tokens) == 0 || p.tokens[0].is("(") || p.tokens[0].is(")") {
		return nil, bad("incomplete_filter")
	}
	value := p.next()
	t.value = value.text
	if strings.HasSuffix(t.attribute, "restricted") && (value.is("true") || value.is("false")) {
		t.value = bit(value.is("true"))
	}
	return t, nil
}
