package scim

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// peek returns the next byte, or 0 at the end. A byte 0 is not JSON anywhere, so the two need not be told apart.
func (d *decoder) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) literal(word string) *syntaxFault {
	end := d.pos + len(word)
	if end > len(d.data) || string(d.data[d.pos:end]) != word {
		return d.fault(d.pos, "a value is missing or misspelt: only true, false and null are words")
	}
	d.pos = end
	return nil
}

// key reads a key and returns the copy of it that is already there, if any.
func (d *decoder) key() (string, *syntaxFault) {
	const longest, most = 64, 256
	if d.peek() != '"' {
		return "", d.fault(d.pos, "a key in quotes is missing")
	}
	if raw, ok := d.plain(); ok && len(raw) <= longest {
		if k, ok := d.known[string(raw)]; ok {
			return k, nil
		}
		k := string(raw)
		if d.known == nil {
			d.known = make(map[string]string)
		}
		if len(d.known) < most {
			d.known[k] = k
		}
		return k, nil
	} else if ok {
		return string(raw), nil
	}
	return d.text()
}

// plain reads a string of printable ASCII without escapes, which nearly all are. If it is not one, nothing is read.
func (d *decoder) plain() ([]byte, bool) {
	for i := d.pos + 1; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case c == '"':
			raw := d.data[d.pos+1 : i]
			d.pos = i + 1
			return raw, true
		case c < ' ' || c == '\\' || c >= utf8.RuneSelf:
			return nil, false
		}
	}
	return nil, false
}

// text reads a string. The quote before it is still there.
func (d *decoder) text() (string, *syntaxFault) {
	if raw, ok := d.plain(); ok {
		return string(raw), nil
	}
	start := d.pos
	d.pos++
	var out []byte
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return string(out), nil
		case c == '\\':
			r, fault := d.escape()
			if fault != nil {
				return "", fault
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			return "", d.fault(d.pos, "a string holds a control character that is not escaped")
		case c < utf8.RuneSelf:
			out = append(out, c)
			d.pos++
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size <= 1 {
				return "", d.fault(d.pos, "the text is not valid UTF-8")
			}
			out = append(out, d.data[d.pos:d.pos+size]...)
			d.pos += size
		}
	}
	return "", d.fault(start, "a string is not closed")
}

func (d *decoder) escape() (rune, *syntaxFault) {
	at := d.pos
	d.pos++
	c := d.peek()
	d.pos++
	if c == 'u' {
		d.pos = at
		return d.unicodeEscape()
	}
	if r, ok := shortEscape(c); ok {
		return r, nil
	}
	return 0, d.fault(at, "a backslash begins no escape that JSON knows")
}

// shortEscape returns the character that a backslash and c stand for (RFC 8259 section 7), \u apart.
func shortEscape(c byte) (rune, bool) {
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// unicodeEscape reads \uXXXX, or two of them that are one character.
func (d *decoder) unicodeEscape() (rune, *syntaxFault) {
	at := d.pos
	r, ok := d.hex()
	if !ok {
		return 0, d.fault(at, "\\u must be followed by four hexadecimal digits")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	low, _ := d.hex() // 0 if there is none, which makes no pair
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, d.fault(at, "half of a surrogate pair is not a character")
	}
	return r, nil
}

func (d *decoder) hex() (rune, bool) {
	if len(d.data)-d.pos < 6 || d.data[d.pos] != '\\' || d.data[d.pos+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range d.data[d.pos+2 : d.pos+6] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	d.pos += 6
	return r, true
}

// number reads a number as float64, or as the text of its digits (see Decode).
func (d *decoder) number() (any, *syntaxFault) {
	at := d.pos
	if d.peek() == '-' {
		d.pos++
	}
	whole := d.digits()
	if whole == 0 || whole > 1 && d.data[d.pos-whole] == '0' {
		return nil, d.fault(at, "a number is malformed")
	}
	integer := true
	if d.peek() == '.' {
		integer = false
		if d.pos++; d.digits() == 0 {
			return nil, d.fault(at, "a number is malformed")
		}
	}
	if d.peek()|0x20 == 'e' {
		integer = false
		if d.pos++; d.peek() == '+' || d.peek() == '-' {
			d.pos++
		}
		if d.digits() == 0 {
			return nil, d.fault(at, "a number is malformed")
		}
	}
	literal := string(d.data[at:d.pos])
	f, err := strconv.ParseFloat(literal, 64)
	if integer && (err != nil || numberText(f) != literal) {
		return literal, nil
	}
	if err != nil {
		return nil, d.fault(at, "a number is too large")
	}
	return f, nil
}

func (d *decoder) digits() int {
	start := d.pos
	for isDigit(d.peek()) {
		d.pos++
	}
	return d.pos - start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// numberText writes a number the way people do, without an exponent unless it is very large or small.
func numberText(f float64) string { return string(appendNumber(nil, f)) }

// appendNumber writes a number as encoding/json does.
func appendNumber(dst []byte, f float64) []byte {
	format := byte('f')
	if size := max(f, -f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}
