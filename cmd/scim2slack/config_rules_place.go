package main

import (
	"slices"
	"unicode"
)

// within is where a line and column of a rule's expression, from 1, stand in the file. YAML takes indentation and quotes away and folds lines, but
// all that is no white space stays in its order, by which the place is found.
func (l *loader) within(r ruleText, line, column int) origin {
	if r.at.variable != "" {
		return r.at
	}
	at := r.at
	switch {
	case r.block:
		at = origin{line: at.line + 1, column: 1}
	case r.quoted:
		at.column++
	}
	before, wanted := split([]rune(r.Expression), line, column)
	for _, c := range before {
		found, ok := l.next(at, c)
		if !ok {
			return r.at
		}
		at = origin{line: found.line, column: found.column + 1}
	}
	if wanted == 0 {
		return at // the end of the expression
	}
	if found, ok := l.next(at, wanted); ok {
		return found
	}
	return r.at
}

// split returns what is no white space before a place of a text, and what stands there or follows first; 0: nothing does.
func split(text []rune, line, column int) (before []rune, wanted rune) {
	at := origin{line: 1, column: 1}
	for _, c := range text {
		there := at.line > line || at.line == line && at.column >= column
		switch {
		case unicode.IsSpace(c):
		case there:
			return before, c
		default:
			before = append(before, c)
		}
		if at.column++; c == '\n' {
			at = origin{line: at.line + 1, column: 1}
		}
	}
	return before, 0
}

// next is where a character stands first in the file from a place on.
func (l *loader) next(from origin, wanted rune) (origin, bool) {
	for n := from.line; n <= len(l.lines); n++ {
		line, begin := []rune(l.lines[n-1]), 0
		if n == from.line {
			begin = min(from.column-1, len(line))
		}
		if i := slices.Index(line[begin:], wanted); i >= 0 {
			return origin{line: n, column: begin + i + 1}, true
		}
	}
	return origin{}, false
}
