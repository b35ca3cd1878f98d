package scim

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// String returns the filter in canonical text: operators in lower case, strings quoted, one blank between words,
// parentheses only where they are needed. ParseFilter reads it back as the same filter.
func (f *Filter) String() string {
	var b strings.Builder
	f.write(&b)
	return b.String()
}

func (f *Filter) write(b *strings.Builder) {
	switch f.Op {
	case And, Or:
		for i, term := range f.Terms {
			if i > 0 {
				b.WriteString(" " + string(f.Op) + " ")
			}
			if f.Op == And && term.Op == Or {
				term.writeIn(b, "(")
			} else {
				term.write(b)
			}
		}
	case Not:
		f.Terms[0].writeIn(b, "not (")
	case Has:
		f.Path.write(b)
	case Pr:
		f.Path.write(b)
		b.WriteString(" pr")
	default:
		f.Path.write(b)
		b.WriteString(" " + string(f.Op) + " ")
		writeLiteral(b, f.Value)
	}
}

func (f *Filter) writeIn(b *strings.Builder, open string) {
	b.WriteString(open)
	f.write(b)
	b.WriteByte(')')
}

func writeLiteral(b *strings.Builder, value any) {
	switch v := value.(type) {
	case string:
		writeQuoted(b, v)
	case json.Number:
		b.WriteString(v.String())
	case bool:
		if v {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	default:
		b.WriteString("null")
	}
}

// Quote returns value as a literal of a filter, with its quotation marks: the one way to put a value into a filter, so
// that no value can change what the filter asks for. Bytes that are not UTF-8 become U+FFFD. The result is not escaped for a URL.
func Quote(value string) string {
	var b strings.Builder
	b.Grow(len(value) + 2)
	writeQuoted(&b, value)
	return b.String()
}

// writeQuoted escapes what RFC 8259 section 7 says must be escaped, and nothing else: other parsers are less forgiving.
func writeQuoted(b *strings.Builder, value string) {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, string(utf8.RuneError))
	}
	b.WriteByte('"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ':
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		default:
			b.WriteString(`\u00`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&0xF])
		}
	}
	b.WriteByte('"')
}
