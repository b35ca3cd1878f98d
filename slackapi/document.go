package slackapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// document is a JSON object of an answer, read leniently: Slack sends null for "", strings for booleans and single values
// for lists (LIVE). Numbers are json.Number.
type document map[string]any

var errNoObject = errors.New("not a JSON object")

// parseDocument reads exactly one JSON object.
func parseDocument(body []byte) (document, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errNoObject
	}
	return object, nil
}

// text returns a string or number as text; null, absent and everything else is "".
func (d document) text(name string) string {
	switch v := d[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// truth returns a boolean, also one in a string ("true", Slack's schema types active as string: LIVE). said is false
// for anything else.
func (d document) truth(name string) (value, said bool) {
	switch v := d[name].(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}

// object returns a complex value; reading from the nil document that stands for a missing one is fine.
func (d document) object(name string) document {
	v, _ := d[name].(map[string]any)
	return v
}

// either returns the complex value that goes by one of two names.
func (d document) either(name, other string) document {
	if v := d.object(name); v != nil {
		return v
	}
	return d.object(other)
}

// list returns the complex values of a multi-valued attribute. A single object counts as a list of one, and a bare
// string as an object with that value (roles may be strings: DOC).
func (d document) list(name string) []document {
	values, ok := d[name].([]any)
	if !ok {
		values = []any{d[name]}
	}
	var out []document
	for _, v := range values {
		switch v := v.(type) {
		case map[string]any:
			out = append(out, v)
		case string:
			out = append(out, document{"value": v})
		}
	}
	return out
}

// strings returns the strings of a list.
func (d document) strings(name string) []string {
	var out []string
	values, _ := d[name].([]any)
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
