package slacksim

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// decodeBody reads the JSON object of a request. Numbers stay as they were
// written.
func (c *call) decodeBody() (map[string]any, *apiError) {
	if ct := c.header.Get("Content-Type"); c.sim.opts.StrictContentType &&
		!strings.EqualFold(strings.TrimSpace(strings.Split(ct, ";")[0]), "application/json") {
		return nil, bad("invalid_request_payload")
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	var body map[string]any
	if err := dec.Decode(&body); err != nil || body == nil {
		return nil, bad("invalid_request_payload")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, bad("invalid_request_payload")
	}
	return body, nil
}

// requireSchema refuses a body whose schemas do not list the URN (DOC).
func requireSchema(body map[string]any, urn string) *apiError {
	if !schemasHave(body, urn) {
		return bad("missing_schema_element")
	}
	return nil
}

// invalid is the refusal of a value of the wrong type.
func invalid(attribute string) *apiError {
	return bad("invalid_attribute_format", "attribute", attribute)
}

// asString reads a string. null is "" and so is a string of spaces, by which
// clients clear an attribute (DOC). Numbers pass as their text (INF).
func asString(attribute string, v any) (string, *apiError) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if strings.TrimSpace(v) == "" {
			return "", nil
		}
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", invalid(attribute)
}

// asBool reads a boolean or the string that spells one (LIVE: "true").
func asBool(attribute string, v any) (bool, *apiError) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, invalid(attribute)
}

// entry is one value of a multi-valued attribute.
type entry struct {
	value      string
	kind       string // type
	primary    bool
	primarySet bool
	remove     bool // v1: "operation":"delete"
	fields     map[string]any
}

// entries reads a multi-valued attribute. A single object stands for a list of
// one (DOC, in a PATCH sample). Bare strings are read where roles are, which
// alone may be given so (DOC). invalidID is the refusal of anything else.
func entries(v any, invalidID string, bareStrings bool) ([]entry, *apiError) {
	var list []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		list = v
	case map[string]any:
		list = []any{v}
	case string:
		if !bareStrings {
			return nil, bad(invalidID)
		}
		list = []any{v}
	default:
		return nil, bad(invalidID)
	}
	out := make([]entry, 0, len(list))
	for _, v := range list {
		e, refusal := oneEntry(v, invalidID, bareStrings)
		if refusal != nil {
			return nil, refusal
		}
		out = append(out, e)
	}
	return out, nil
}

func oneEntry(v any, invalidID string, bareStrings bool) (entry, *apiError) {
	if s, ok := v.(string); ok && bareStrings {
		return entry{value: strings.TrimSpace(s)}, nil
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return entry{}, bad(invalidID)
	}
	e := entry{fields: fields}
	var refusal *apiError
	if e.value, refusal = asString("value", fields["value"]); refusal != nil {
		return entry{}, bad(invalidID)
	}
	e.value = strings.TrimSpace(e.value)
	e.kind, _ = fields["type"].(string)
	e.kind = strings.ToLower(e.kind)
	if p := fields["primary"]; p != nil {
		e.primarySet = true
		if e.primary, refusal = asBool("primary", p); refusal != nil {
			return entry{}, bad(invalidID)
		}
	}
	op, _ := fields["operation"].(string)
	e.remove = strings.EqualFold(op, "delete")
	return e, nil
}

// preferred returns the entry that Slack keeps of those it keeps one of: the
// primary one, or else the first (DOC).
func preferred(list []entry) (entry, bool) {
	for _, e := range list {
		if e.primary {
			return e, true
		}
	}
	if len(list) == 0 {
		return entry{}, false
	}
	return list[0], true
}
