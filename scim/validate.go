package scim

import (
	"strings"
	"time"

	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/schema"
)

// Validate checks that a canonical document can be kept as a resource: it has the userName of a user or the displayName of a
// group, not empty and not only blanks, and every value is of its attribute's type (RFC 7643 sections 2.3, 4.1, 4.2).
// The error is an *Error that names the attribute.
func (t *ResourceType) Validate(doc Object) error {
	for _, a := range t.Schema.Attributes {
		if a.Required() && strings.TrimSpace(doc.String(a.Name())) == "" {
			return Errorf(InvalidValue, "%s is missing or empty: every %s must have one", a.Name(), strings.ToLower(t.Name))
		}
	}
	if err := t.validateSchema(t.Schema, "", doc); err != nil {
		return err
	}
	for _, e := range t.Extensions {
		if doc.Presence(e.ID) == Absent || doc.Presence(e.ID) == Null {
			continue
		}
		extension := doc.Object(e.ID)
		if extension == nil {
			return Errorf(InvalidValue, "%s must be an object with the attributes of that schema", e.ID)
		}
		if err := t.validateSchema(e, e.ID, extension); err != nil {
			return err
		}
	}
	return nil
}

// validateSchema validates the attributes of one schema; urn is that of an extension.
func (t *ResourceType) validateSchema(s schema.Schema, urn string, attributes Object) error {
	plain := make(map[string]any, len(s.Attributes))
	for _, a := range s.Attributes {
		value := attributes[a.Name()]
		if value == nil {
			continue
		}
		name := qualified(urn, a.Name())
		if _, isList := value.([]any); isList && !a.MultiValued() {
			return Errorf(InvalidValue, "%s takes one value, not a list", name)
		} else if !isList && a.MultiValued() {
			return Errorf(InvalidValue, "%s must be a list", name)
		}
		plain[a.Name()] = plainValue(value)
	}
	if _, fault := s.ValidateExtension(plain); fault != nil {
		return culprit(s, urn, plain, fault)
	}
	return nil
}

// culprit finds the attribute that elimity's validation refused: its errors never name one.
func culprit(s schema.Schema, urn string, plain map[string]any, fault *scimerrors.ScimError) *Error {
	for _, a := range s.Attributes {
		value, ok := plain[a.Name()]
		if !ok {
			continue
		}
		alone := schema.Schema{ID: s.ID, Attributes: schema.Attributes{a}}
		if _, f := alone.ValidateExtension(map[string]any{a.Name(): value}); f != nil {
			return Errorf(typeOf(f), "%s has a value that is not of its type, %s", qualified(urn, a.Name()), description(a, value))
		}
	}
	return Errorf(typeOf(fault), "%s: %s", s.ID, fault.Detail)
}

// description tells what an attribute takes, and for a complex one what its part that was refused takes.
func description(a schema.CoreAttribute, value any) string {
	elements, ok := value.([]any)
	if !ok {
		elements = []any{value}
	}
	for _, e := range elements {
		element, _ := e.(map[string]any)
		for _, sub := range a.SubAttributes() {
			if v, ok := element[sub.Name()]; ok {
				if _, f := sub.ValidateSingular(v); f != nil {
					return sub.AttributeType() + " for " + sub.Name()
				}
			}
		}
	}
	return a.AttributeType()
}

func typeOf(fault *scimerrors.ScimError) ErrorType {
	if fault.ScimType == "" {
		return InvalidValue
	}
	return ErrorType(fault.ScimType)
}

// plainValue copies a value into the types that elimity-com/scim takes, without entries that are nil.
func plainValue(value any) any {
	switch v := value.(type) {
	case Object:
		out := make(map[string]any, len(v))
		for name, part := range v {
			if part != nil {
				out[name] = plainValue(part)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainValue(v[i])
		}
		return out
	}
	return value
}

// ParseDateTime reads a date-time as clients write them: RFC 3339 and XML Schema's dateTime (RFC 7643 section 2.3.5), also with
// the offset without a colon as Slack has it (2024-04-10T00:00:00+0000, DOC) and with a blank for the T, and a plain date.
// What names no offset is UTC.
func ParseDateTime(s string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
