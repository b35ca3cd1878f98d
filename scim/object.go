// Package scim is the vocabulary of SCIM (RFC 7643, RFC 7644) without input or output: documents,
// attribute paths, filters, PATCH, projection and schemas. It imports nothing of this program.
package scim

// Object is a JSON object of a SCIM document. Its values are nil, bool, string, float64, []any and Object,
// and nothing else.
//
// Three states of an attribute are kept apart (see Presence): a key that is missing (the source never spoke of the
// attribute), a key whose value is nil (the source said that there is no value) and an empty string or list.
// Canonical documents (ResourceType.Canonical) spell names as the schema does and write every way of clearing
// an attribute (null, "", [], PATCH remove) as nil, so that translate can tell "clear it" from "leave it alone".
type Object map[string]any

// Presence says how an attribute stands in a document.
type Presence int

const (
	Absent Presence = iota // the key is missing: nothing was said
	Null                   // the key is there with null: there is no value
	Empty                  // "", [] or {}
	Set                    // any other value
)

// Presence reports how the attribute name stands in o. The name must be spelled as in o.
func (o Object) Presence(name string) Presence {
	value, ok := o[name]
	if !ok {
		return Absent
	}
	switch v := value.(type) {
	case nil:
		return Null
	case string:
		if v == "" {
			return Empty
		}
	case []any:
		if len(v) == 0 {
			return Empty
		}
	case Object:
		if len(v) == 0 {
			return Empty
		}
	}
	return Set
}

// String returns the string value of name, or "" if it is anything else.
func (o Object) String(name string) string {
	s, _ := o[name].(string)
	return s
}

// Object returns the complex value of name, or nil if it is anything else. Reading from a nil Object is allowed.
func (o Object) Object(name string) Object {
	v, _ := o[name].(Object)
	return v
}

// List returns the multi-valued attribute name, or nil if it is anything else.
func (o Object) List(name string) []any {
	v, _ := o[name].([]any)
	return v
}

// Clone returns a deep copy.
func (o Object) Clone() Object {
	if o == nil {
		return nil
	}
	out := make(Object, len(o))
	for k, v := range o {
		out[k] = cloneValue(v)
	}
	return out
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case Object:
		return v.Clone()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cloneValue(v[i])
		}
		return out
	default:
		return v
	}
}
