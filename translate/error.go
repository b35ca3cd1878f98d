package translate

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Error says that a resource cannot be sent to Slack as it is, and what would mend it. It is meant for the administrator
// of the source.
type Error struct {
	Attribute string // as the source names it, e.g. userName
	Value     string // what was sent, cut to 64 characters; "" if nothing was
	Problem   string // e.g. has 27 characters and Slack takes at most 21
	Remedy    string // e.g. map a shorter attribute to userName
	Missing   bool   // nothing was sent, or nothing that says what is meant
}

// Error returns one sentence: attribute, value, problem and remedy.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Attribute)
	if e.Value != "" {
		b.WriteString(" " + strconv.Quote(e.Value))
	}
	b.WriteString(" " + e.Problem)
	if e.Remedy != "" {
		b.WriteString(": " + e.Remedy)
	}
	return b.String()
}

// Incomplete reports whether err is nothing but that the source has not said all that Slack wants to know. Then Slack would refuse no
// value of it, and what is missing may follow.
func Incomplete(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok { // what ToUser joined
		return !slices.ContainsFunc(many.Unwrap(), func(err error) bool { return !Incomplete(err) })
	}
	var rule *Error
	return errors.As(err, &rule) && rule.Missing
}

// join returns nil, the only error as it is, or all of them joined.
func join(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// excerptLimit is how many characters of a value messages show: enough to recognise it, and no photo in a log line.
const excerptLimit = 64

// excerpt cuts s to excerptLimit characters, of which the last three are dots if anything is missing.
func excerpt(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	runes := 0
	cut := 0
	for i := range s {
		if runes == excerptLimit-3 {
			cut = i
		}
		if runes == excerptLimit {
			return s[:cut] + "..."
		}
		runes++
	}
	return s
}
