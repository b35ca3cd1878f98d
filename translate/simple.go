package translate

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"scim2slack/scim"
)

// cleaner makes of a source's text what Slack takes. It reports false if there is nothing to send, and has then said why.
type cleaner func(t *translation, m *mapping, s string) (string, bool)

// simple maps a single-valued attribute: absent is left alone, no value or a blank one clears it, and any other passes the
// cleaner. A nil cleaner takes any text.
func simple(clean cleaner) func(*translation, *mapping) {
	return func(t *translation, m *mapping) {
		value, spoken := lookup(t.doc, m.schema, m.attribute, m.sub)
		if !spoken {
			return
		}
		raw, ok := textOf(value)
		if !ok {
			t.leaveOut(m, "", "it is not a text")
			return
		}
		s, ok := t.text(m, raw)
		if !ok {
			return
		}
		if s != "" && clean != nil {
			if s, ok = clean(t, m, s); !ok {
				return
			}
		}
		t.set(m, s)
	}
}

// lookup finds the value of an attribute, or of its part sub. It reports false if the document says nothing of it. A value of
// nil means that it has no value: because it, the attribute that it is a part of, or its extension is null. An empty
// object names nothing and so says nothing of its parts.
func lookup(doc scim.Object, schema, attribute, sub string) (any, bool) {
	path := [...]string{schema, attribute, sub}
	last := 1
	if sub != "" {
		last = 2
	}
	for i, name := range path {
		if name == "" {
			continue // no extension
		}
		value, ok := doc[name]
		if !ok {
			return nil, false
		}
		if value == nil || i == last {
			return value, true
		}
		if doc, ok = value.(scim.Object); !ok {
			return nil, false
		}
	}
	return nil, false
}

// textOf returns a value as text: "" for nil. It reports false for an object or a list.
func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		b, err := json.Marshal(v) // as the source wrote it: 1000000, not 1e+06
		return string(b), err == nil
	default:
		return "", false
	}
}

// text trims s and removes control characters, with a warning. It reports false if nothing but control characters was there:
// such a value is a fault of the source, not a wish to clear.
func (t *translation) text(m *mapping, s string) (string, bool) {
	out, removed := plain(s, " ")
	if !removed {
		return out, true
	}
	if out == "" {
		t.leaveOut(m, s, "it consists of control characters")
		return "", false
	}
	t.warn(m, s, "control characters were removed")
	return out, true
}

// plain trims s, puts lineBreak for each run of line breaks and tabs, and drops other control characters. It reports
// whether anything inside s was changed.
func plain(s, lineBreak string) (out string, changed bool) {
	trimmed := strings.TrimSpace(s)
	if utf8.ValidString(trimmed) && !strings.ContainsFunc(trimmed, func(r rune) bool { return isBreak(r) || isControl(r) }) {
		return trimmed, false // as nearly all are
	}
	var b strings.Builder
	inBreak := false
	for _, r := range strings.ToValidUTF8(trimmed, "") {
		switch {
		case isBreak(r):
			if !inBreak {
				b.WriteString(lineBreak)
			}
			inBreak = true
		case isControl(r):
		default:
			b.WriteRune(r)
			inBreak = false
		}
	}
	out = b.String()
	if out == trimmed {
		return out, false
	}
	return strings.TrimSpace(out), true
}

func isBreak(r rune) bool {
	return r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// isControl is true for control characters and for those that turn the direction of the text around them, which
// can make one name look like another. The marks that Arabic and Hebrew need (U+200E, U+200F) stay.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\uFEFF'
}
