package slackapi

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Kind says what a failed call means for the state of Slack, and so what may be done next.
type Kind int

const (
	// NotSent: no byte of the request left this process (name resolution, dial, TLS, cancelled before that). It may be repeated.
	NotSent Kind = iota + 1
	// Refused: Slack, or something before it, answered with a definite no (4xx). Nothing was changed. With an ID it is
	// Slack's verdict on the data; without one the answer did not come from Slack's SCIM API (a proxy's page) and says nothing of the data.
	Refused
	// NotFound: the user or group with the id in the path does not exist.
	NotFound
	// Limited: a rate limit, or a lock on the resource (ID resource_locked). Nothing was changed. RetryAfter says when to come again.
	Limited
	// Unauthorized: the token, its owner's rank or the plan of the Slack organisation do not allow any call. Nothing was changed.
	Unauthorized
	// Unsupported: this organisation does not offer version 2 of the SCIM API (ID unsupported_version). Nothing was changed.
	Unsupported
	// Unknown: a write may or may not have happened (timeout, reset, truncated or unreadable answer, 5xx). It must be resolved
	// by reading, never by repeating. A read that ends so has simply no result.
	Unknown
)

// String returns the kind as a lower-case word, fit for a metric label.
func (k Kind) String() string {
	switch k {
	case NotSent:
		return "not_sent"
	case Refused:
		return "refused"
	case NotFound:
		return "not_found"
	case Limited:
		return "limited"
	case Unauthorized:
		return "unauthorized"
	case Unsupported:
		return "unsupported"
	case Unknown:
		return "unknown"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Error is the outcome of a call that did not succeed. It never contains the token or a URL.
type Error struct {
	Op           string        // what was tried, e.g. "update user"
	Target       string        // whom it was about: a Slack id, or the name or address asked for; may be ""
	Kind         Kind          //
	Status       int           // HTTP status, 0 if there was no answer
	ID           string        // Slack's error identifier, the leading token of its description; "" if it sent none
	Detail       string        // what Slack, or who answered, said; shortened
	ExistingUser string        // id of the account that already has the e-mail or name, when Slack said so (existing_user=)
	RetryAfter   time.Duration // how long to wait; set when Limited, and when a 5xx said so
	Err          error         // the cause on our side of the wire; nil if there is none
}

// Error says what happened, to whom, and what can be done about it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("slack: " + e.Op)
	if e.Target != "" {
		b.WriteString(" " + e.Target)
	}
	b.WriteString(": " + e.Kind.phrase())
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	switch {
	case e.Detail != "":
		b.WriteString(": " + e.Detail)
	case e.ID != "":
		b.WriteString(": " + e.ID)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; come again in %s", e.RetryAfter)
	}
	if advice := e.Kind.advice(); advice != "" {
		b.WriteString("; " + advice)
	}
	return b.String()
}

// LogValue is what a log shows: neither whom it was about nor what Slack said, for both name people.
func (e *Error) LogValue() slog.Value {
	text := "slack: " + e.Op + ": " + e.Kind.phrase()
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.ID != "" {
		text += ": " + e.ID
	}
	return slog.StringValue(text)
}

// Unwrap returns the cause: a network error, a context error or a *LintError.
func (e *Error) Unwrap() error { return e.Err }

// Param returns the value of key in the "(key=value, ...)" that follows Slack's identifier, or "". For example reason is
// email_taken in "bad_email_address (email=a@b.c, reason=email_taken, existing_user=U1)".
func (e *Error) Param(key string) string { return parameters(e.Detail)[key] }

func (k Kind) phrase() string {
	switch k {
	case NotSent:
		return "Slack was not reached, nothing was sent"
	case Refused:
		return "refused"
	case NotFound:
		return "no such user or group in Slack"
	case Limited:
		return "Slack's rate limit or lock"
	case Unauthorized:
		return "Slack does not accept the token"
	case Unsupported:
		return "Slack does not offer SCIM 2.0 here"
	case Unknown:
		return "outcome unknown"
	}
	return k.String()
}

func (k Kind) advice() string {
	if k == Unauthorized {
		return "give a user token with the scope admin, installed on the organisation by an Org Owner who still is one"
	}
	return ""
}
