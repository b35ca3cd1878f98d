package scim

import (
	"fmt"
	"strings"
)

const (
	// MaxOperations is the most operations that one PATCH may have.
	MaxOperations = 5000
	// MaxValues is how long PATCH lets a multi-valued attribute grow, and how many values one operation may give it.
	MaxValues = 200
	// MaxComparisons is how often all operations of one PATCH together may compare an element of a multi-valued attribute with a term of a
	// filter, or with an element that is added or removed. Texts count once more for each 64 bytes. So many take about 50 ms.
	MaxComparisons = 500_000
	// MaxMembers is how many members one request may name. As objects with an id they fill about half of the largest body.
	MaxMembers = 50_000
	// MaxMemberScans is how often one PATCH may look at every member of a group: once for each comparison in a filter that chooses members by
	// anything but their ids, and once for each replacement of them all.
	MaxMemberScans = 20
)

// OperationKind is what an operation of a PATCH does, in lower case.
type OperationKind string

const (
	OpAdd     OperationKind = "add"
	OpReplace OperationKind = "replace"
	OpRemove  OperationKind = "remove"
)

// Operation is one operation of a PATCH (RFC 7644 section 3.5.2).
type Operation struct {
	Number   int // position in the request, from 1; for messages
	Kind     OperationKind
	Path     *Path // nil if the operation has no path: its value names the attributes
	Value    any
	HasValue bool // the operation has a value, which may be null
}

// ParsePatch reads the body of a PATCH: Operations and in them op, path and value, all in any letter case. A path that is null or
// blank is none. Other keys are ignored, so is schemas. It returns an *Error: InvalidSyntax if there are no operations or one of them
// is not an operation, InvalidPath if a path cannot be read; or a *TooManyError if there are more than MaxOperations.
func ParsePatch(body Object) ([]Operation, error) {
	raw, ok := member(body, "operations")
	if !ok {
		return nil, Errorf(InvalidSyntax, "a PATCH must have Operations, a list of operations")
	}
	list, ok := raw.([]any)
	if !ok || len(list) == 0 {
		return nil, Errorf(InvalidSyntax, "Operations must be a list of at least one operation")
	}
	if len(list) > MaxOperations {
		return nil, &TooManyError{What: "operations", Count: len(list), Limit: MaxOperations}
	}
	ops := make([]Operation, len(list))
	for i, v := range list {
		o, ok := v.(Object)
		if !ok {
			return nil, Errorf(InvalidSyntax, "operation %d is not an object with op, path and value", i+1)
		}
		op, err := parseOperation(o)
		if err != nil {
			return nil, Errorf(err.Type, "operation %d: %s", i+1, err.Detail)
		}
		op.Number = i + 1
		ops[i] = op
	}
	return ops, nil
}

func parseOperation(o Object) (op Operation, fault *Error) {
	kind, _ := member(o, "op")
	text, _ := kind.(string)
	switch op.Kind = OperationKind(strings.ToLower(strings.TrimSpace(text))); op.Kind {
	case OpAdd, OpReplace, OpRemove:
	default:
		return op, Errorf(InvalidSyntax, "op must be add, replace or remove, not %s", describe(kind))
	}
	op.Value, op.HasValue = member(o, "value")
	path, _ := member(o, "path")
	switch path := path.(type) {
	case nil:
	case string:
		if strings.TrimSpace(path) == "" {
			break
		}
		parsed, err := ParsePath(path)
		if err != nil {
			return op, asFault(err)
		}
		op.Path = &parsed
	default:
		return op, Errorf(InvalidPath, "the path must be text, not %s", describe(path))
	}
	return op, nil
}

// member finds a key in any letter case; the usual spelling first.
func member(o Object, lower string) (any, bool) {
	if v, ok := o[lower]; ok {
		return v, true
	}
	for k, v := range o {
		if strings.EqualFold(k, lower) {
			return v, true
		}
	}
	return nil, false
}

// describe names a value in a message without repeating what may be long or secret.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "missing or null"
	case string:
		return quoteExcerpt(v)
	case []any:
		return "a list"
	case Object:
		return "an object"
	case bool:
		return "true or false"
	}
	return "a number"
}

// describe names the operation in a message.
func (op *Operation) describe() string {
	if op.Path == nil {
		return fmt.Sprintf("operation %d (%s)", op.Number, op.Kind)
	}
	return fmt.Sprintf("operation %d (%s %s)", op.Number, op.Kind, excerpt(op.Path.String()))
}

func excerpt(text string) string {
	quoted := quoteExcerpt(text)
	if len(quoted) == len(text)+2 {
		return text
	}
	return quoted
}
