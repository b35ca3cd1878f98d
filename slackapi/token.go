package slackapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// redacted stands wherever the token would have been.
const redacted = "[redacted]"

// secret is the Slack token. Whatever prints it, prints redacted: fmt with any verb, slog, JSON and text encoders.
// Only reveal gives it away, and only the code that makes a request calls that.
type secret string

func (s secret) reveal() string { return string(s) }

func (secret) String() string               { return redacted }
func (secret) GoString() string             { return redacted }
func (secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// Format keeps %x, %q and %#v from reaching the bytes.
func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// usable reports whether s can stand in an Authorization header: not empty, visible ASCII only. A line break in a token
// would otherwise end in an error of net/http or, worse, in a second header.
func (s secret) usable() bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// hide removes the token from text that somebody else wrote: a proxy's error page may echo the request.
func (s secret) hide(text string) string {
	if s == "" {
		return text
	}
	return strings.ReplaceAll(text, string(s), redacted)
}

// hideIn is hide for a body.
func (s secret) hideIn(body []byte) []byte {
	if s == "" || !bytes.Contains(body, []byte(s)) {
		return body
	}
	return bytes.ReplaceAll(body, []byte(s), []byte(redacted))
}

// clean returns err, or an error with the same text but the token if err shows it. Who echoes a token loses its type.
func (s secret) clean(err error) error {
	if err == nil || s == "" || !strings.Contains(err.Error(), string(s)) {
		return err
	}
	return errors.New(s.hide(err.Error()))
}
