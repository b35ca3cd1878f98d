package scim

import (
	"errors"
	"fmt"
)

// ErrorType is a scimType of RFC 7644 section 3.12, table 9.
type ErrorType string

const (
	InvalidFilter ErrorType = "invalidFilter"
	TooMany       ErrorType = "tooMany"
	Uniqueness    ErrorType = "uniqueness"
	Mutability    ErrorType = "mutability"
	InvalidCursor ErrorType = "invalidCursor" // RFC 9865 section 3
	InvalidCount  ErrorType = "invalidCount"  // RFC 9865 section 3
	InvalidSyntax ErrorType = "invalidSyntax"
	InvalidPath   ErrorType = "invalidPath"
	NoTarget      ErrorType = "noTarget"
	InvalidValue  ErrorType = "invalidValue"
)

// Error is a fault in what a client sent. Detail is one sentence for the administrator of the client: what was wrong,
// where, and what would be right. The HTTP status is decided at the edge (scimhandlers).
type Error struct {
	Type   ErrorType
	Detail string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Type, e.Detail) }

// Errorf makes an *Error.
func Errorf(t ErrorType, format string, args ...any) *Error {
	return &Error{Type: t, Detail: fmt.Sprintf(format, args...)}
}

// asFault returns the *Error in err. All faults of this package are one.
func asFault(err error) *Error {
	var fault *Error
	if errors.As(err, &fault) {
		return fault
	}
	return &Error{Type: InvalidValue, Detail: err.Error()}
}
