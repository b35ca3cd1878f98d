package scim

import (
	"fmt"
	"slices"
	"strings"
)

// CanonicalValue turns the value that a client sent for one attribute, or sub-attribute, into the canonical one.
// where names it in error messages. It returns nil if the client cleared it, and otherwise a []any for a
// multi-valued attribute, an Object for a complex one, a string or a bool.
//
//   - null, "", [] and {} clear an attribute; only null clears a boolean.
//   - A boolean is true or false, or one of the strings true, True, TRUE, false, False, FALSE. Nothing else is ever held to be true.
//   - A number for a text becomes its digits. Other texts are kept to the letter; date-times too (see ParseDateTime).
//   - One object or text for a multi-valued attribute is a list of one; a list of one for a single-valued attribute is its element.
//   - A text (or number) for a complex attribute is its value. A manager without a value is cleared.
//   - Elements of lists are whole: sub-attributes that are null or "" are left out of them, and elements without a
//     value are dropped. A list of which nothing is left clears the attribute. A member of a group
//     must have a value: dropping one would silently remove somebody.
//   - Sub-attributes that are unknown or not a client's to write are left out. An empty Object or []any says that
//     nothing else was there: it neither sets nor clears anything.
//
// The error is an *Error of type InvalidValue.
func (t *ResourceType) CanonicalValue(a *Attribute, value any, where string) (any, error) {
	c := canonicalizer{t: t}
	out, fault := c.attribute(a, value, where)
	if fault != nil {
		return nil, fault.asError(where)
	}
	return out, nil
}

// valueFault is what is wrong with a value. Its path is filled while the functions return.
type valueFault struct {
	path    string
	message string
}

func wrong(format string, args ...any) *valueFault {
	return &valueFault{message: fmt.Sprintf(format, args...)}
}

func (f *valueFault) inside(step string) *valueFault {
	f.path = step + f.path
	return f
}

func (f *valueFault) asError(where string) *Error {
	return Errorf(InvalidValue, "%s%s %s", where, f.path, f.message)
}

func (c *canonicalizer) attribute(a *Attribute, value any, where string) (any, *valueFault) {
	if a.MultiValued {
		return c.list(a, value, where)
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		if len(v) > 0 {
			return nil, wrong("takes one value, not a list of %d", len(v))
		}
		if a.Type != TypeBoolean {
			return nil, nil
		}
	case Object:
		if len(v) == 0 && a.Type != TypeBoolean {
			return nil, nil
		}
	}
	if a.Type == TypeComplex {
		return c.complex(a, value, where)
	}
	return simple(a, value)
}

// complex takes the value of a single-valued complex attribute.
func (c *canonicalizer) complex(a *Attribute, value any, where string) (any, *valueFault) {
	o, fault := c.wrap(a, value)
	if fault != nil {
		return nil, fault
	}
	out, fault := c.subAttributes(a, o, where)
	if fault != nil {
		return nil, fault
	}
	if a.SubAttribute("value") != nil && out.Presence("value") == Null {
		return nil, nil
	}
	return out, nil
}

// wrap makes an Object of a text or a number that stands for the value of a complex attribute.
func (c *canonicalizer) wrap(a *Attribute, value any) (Object, *valueFault) {
	switch v := value.(type) {
	case Object:
		return v, nil
	case string, float64:
		if a.SubAttribute("value") != nil {
			return Object{"value": v}, nil
		}
	}
	return nil, wrong("must be an object, not %s", kindOf(value))
}

func (c *canonicalizer) subAttributes(a *Attribute, o Object, where string) (Object, *valueFault) {
	out := make(Object, len(o))
	var buffer [8]string
	for _, key := range sortedKeys(o, buffer[:0]) {
		sub := subAttribute(a, key)
		if sub == nil {
			c.ignore(where + "." + key)
			continue
		}
		if !sub.kept() {
			continue
		}
		value, fault := c.attribute(sub, o[key], where)
		if fault != nil {
			return nil, fault.inside("." + sub.Name)
		}
		if !unite(out, sub.Name, value) {
			return nil, wrong("is given more than once, with different values").inside("." + sub.Name)
		}
	}
	return out, nil
}

func sortedKeys(o Object, keys []string) []string {
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// list takes the value of a multi-valued attribute.
func (c *canonicalizer) list(a *Attribute, value any, where string) (any, *valueFault) {
	var list []any
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		list = v
	case Object:
		if len(v) == 0 {
			return nil, nil
		}
		list = []any{v}
	case string:
		if v == "" {
			return nil, nil
		}
		list = []any{v}
	default:
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	cleared := len(list) == 0
	for i, v := range list {
		element, fault := c.element(a, v, where)
		switch {
		case fault != nil:
			return nil, fault.inside(fmt.Sprintf("[%d]", i))
		case element == nil:
			cleared = true
		case !saysNothing(element):
			out = append(out, element)
		}
	}
	if len(out) == 0 && cleared {
		return nil, nil
	}
	return out, nil
}

// element takes one element of a multi-valued attribute. It returns nil for an empty one.
func (c *canonicalizer) element(a *Attribute, value any, where string) (any, *valueFault) {
	if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
		return nil, nil
	}
	if a.Type != TypeComplex {
		return simple(a, value)
	}
	if text, ok := value.(string); ok && text != "" && a.SubAttribute("value") != nil { // there may be very many
		plain, fault := simple(a.SubAttribute("value"), text)
		if fault != nil {
			return nil, fault.inside(".value")
		}
		return Object{"value": plain}, nil
	}
	o, fault := c.wrap(a, value)
	if fault != nil {
		return nil, fault
	}
	out, fault := c.subAttributes(a, o, where)
	if fault != nil {
		return nil, fault
	}
	empty := len(o) == 0
	for k, v := range out {
		if v == nil {
			delete(out, k)
			empty = true
		}
	}
	if a.Name == "members" && out.String("value") == "" {
		return nil, wrong("has no value: the id of a user or a group is missing")
	}
	for k := range out {
		empty = empty && (k == "type" || k == "primary" || k == "display")
	}
	if empty {
		return nil, nil
	}
	return out, nil
}

// simple takes one value of a simple attribute.
func simple(a *Attribute, value any) (any, *valueFault) {
	if a.Type == TypeBoolean {
		return boolean(value)
	}
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil, nil
		}
		if strings.Contains(v, "\x00") {
			return nil, wrong("holds the character U+0000, which no directory or store takes")
		}
		return v, nil
	case float64:
		if a.Type == TypeString || a.Type == TypeReference {
			return numberText(v), nil
		}
	}
	return nil, wrong("must be a text, not %s", kindOf(value))
}

// boolean takes the strings that clients are known to send (Entra ID: "False"). What reads any other text as true keeps leavers active.
func boolean(value any) (any, *valueFault) {
	const want = "must be true or false, not "
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		switch v {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
		return nil, wrong(want+"the text %q", shorten(v, 16))
	case float64:
		return nil, wrong(want+"the number %s", numberText(v))
	}
	return nil, wrong(want+"%s", kindOf(value))
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	case float64:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}
