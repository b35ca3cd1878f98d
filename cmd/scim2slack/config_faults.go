package main

import (
	"fmt"
	"strings"
)

// fault is one thing that is wrong, or doubtful, in the configuration. It never holds the value of a secret.
type fault struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Variable string `json:"variable,omitempty"` // if it was given in the environment; then there is no file
	Key      string `json:"key,omitempty"`
	Problem  string `json:"problem"` // what is wrong, and what would be right
}

// String is VARIABLE: problem, or file:line:column: key: problem.
func (f fault) String() string {
	var at []string
	switch {
	case f.Variable != "":
		at = append(at, f.Variable)
	case f.File != "" && f.Line > 0:
		at = append(at, fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column))
	case f.File != "":
		at = append(at, f.File)
	}
	if f.Key != "" && f.Variable == "" {
		at = append(at, f.Key)
	}
	return strings.Join(append(at, f.Problem), ": ")
}

// configError holds every fault of a configuration, in the order in which a reader meets them.
type configError struct {
	faults []fault
}

func (e *configError) Error() string {
	lines := make([]string, len(e.faults))
	for i, f := range e.faults {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// usageError is a mistake on the command line.
type usageError struct {
	problem string
}

func (e *usageError) Error() string { return e.problem }

// quoteValue is quote for a value that somebody gave to a key, which may be a secret in the wrong place.
func quoteValue(text string) string {
	if looksSecret(text) {
		return hiddenText
	}
	return quote(text)
}

// quote shows a value that is not secret, shortened.
func quote(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "..."
	}
	return fmt.Sprintf("%q", text)
}
