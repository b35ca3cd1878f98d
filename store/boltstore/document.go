package boltstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"scim2slack/scim"
)

// maxDepth bounds the nesting of a document, so that reading one cannot exhaust the stack. SCIM needs four levels.
const maxDepth = 64

// appendDocument appends the JSON of a document. Null, "", [] and {} stay apart. Anything that a scim.Object must
// not hold is an error.
func appendDocument(dst []byte, o scim.Object, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the document is nested deeper than %d levels", maxDepth)
	}
	dst = append(dst, '{')
	first := true
	for name, value := range o {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendString(dst, name), ':')
		var err error
		if dst, err = appendAny(dst, value, depth); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return append(dst, '}'), nil
}

func appendAny(dst []byte, value any, depth int) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v is no JSON number", v)
		}
		return strconv.AppendFloat(dst, v, 'g', -1, 64), nil
	case scim.Object:
		return appendDocument(dst, v, depth+1)
	case []any:
		if depth+1 > maxDepth {
			return nil, fmt.Errorf("the document is nested deeper than %d levels", maxDepth)
		}
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendAny(dst, element, depth+1); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	}
	return nil, fmt.Errorf("a document cannot hold a %T", value)
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			dst = append(dst, s[start:i]...)
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			start = i + 1
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// decodeDocument reads the JSON object that appendDocument wrote. Its strings share one copy of data.
func decodeDocument(data []byte) (scim.Object, error) {
	d := decoder{text: string(data)}
	d.space()
	if !d.next('{') {
		return nil, errDocument
	}
	o, err := d.object(1)
	if err != nil {
		return nil, err
	}
	if d.space(); d.at != len(d.text) {
		return nil, errDocument
	}
	return o, nil
}

var errDocument = errors.New("damaged document in the store file")

// decoder reads JSON straight into the types that a scim.Object holds. encoding/json would make maps that must be
// converted, at three times the cost, on the path of every GET and filter.
type decoder struct {
	text string
	at   int
}

// next skips c if it comes next.
func (d *decoder) next(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) space() {
	for d.at < len(d.text) && (d.text[d.at] == ' ' || d.text[d.at] == '\t' || d.text[d.at] == '\n' || d.text[d.at] == '\r') {
		d.at++
	}
}

// object reads on behind a '{'.
func (d *decoder) object(depth int) (scim.Object, error) {
	if depth > maxDepth {
		return nil, errDocument
	}
	o := make(scim.Object)
	if d.space(); d.next('}') {
		return o, nil
	}
	for {
		d.space()
		if !d.next('"') {
			return nil, errDocument
		}
		name, err := d.string()
		if err != nil {
			return nil, err
		}
		if d.space(); !d.next(':') {
			return nil, errDocument
		}
		if o[name], err = d.value(depth); err != nil {
			return nil, err
		}
		if d.space(); d.next('}') {
			return o, nil
		}
		if !d.next(',') {
			return nil, errDocument
		}
	}
}

// list reads on behind a '['.
func (d *decoder) list(depth int) ([]any, error) {
	if depth > maxDepth {
		return nil, errDocument
	}
	list := []any{}
	if d.space(); d.next(']') {
		return list, nil
	}
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if d.space(); d.next(']') {
			return list, nil
		}
		if !d.next(',') {
			return nil, errDocument
		}
	}
}

func (d *decoder) value(depth int) (any, error) {
	d.space()
	switch rest := d.text[d.at:]; {
	case d.next('"'):
		return d.string()
	case d.next('{'):
		return d.object(depth + 1)
	case d.next('['):
		return d.list(depth + 1)
	case strings.HasPrefix(rest, "null"):
		d.at += 4
		return nil, nil
	case strings.HasPrefix(rest, "true"):
		d.at += 4
		return true, nil
	case strings.HasPrefix(rest, "false"):
		d.at += 5
		return false, nil
	}
	return d.number()
}

// string reads on behind a '"'.
func (d *decoder) string() (string, error) {
	start, escaped := d.at, false
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			if !escaped {
				return d.text[start : d.at-1], nil
			}
			return unescape(d.text[start-1 : d.at])
		case c == '\\':
			escaped = true
			d.at++
		case c < 0x20:
			return "", errDocument
		}
	}
	return "", errDocument
}

// unescape reads a quoted string that has escapes.
func unescape(quoted string) (string, error) {
	// encoding/json would replace bytes that are no UTF-8.
	out := make([]byte, 0, len(quoted))
	for i := 1; i < len(quoted)-1; i++ {
		if quoted[i] != '\\' {
			out = append(out, quoted[i])
			continue
		}
		if i+6 > len(quoted)-1 || quoted[i+1:i+4] != "u00" { // the only escapes that appendString writes
			return unescapeAny(quoted)
		}
		high, low := strings.IndexByte(hexDigits, quoted[i+4]), strings.IndexByte(hexDigits, quoted[i+5])
		if high < 0 || low < 0 || high > 7 {
			return unescapeAny(quoted)
		}
		out = append(out, byte(high<<4|low))
		i += 5
	}
	return string(out), nil
}

func unescapeAny(quoted string) (string, error) {
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", errDocument
	}
	return s, nil
}

// number reads a number as RFC 8259 writes it; strconv alone would accept more.
func (d *decoder) number() (any, error) {
	start := d.at
	d.next('-')
	switch {
	case d.next('0'):
	case !d.digits():
		return nil, errDocument
	}
	if d.next('.') && !d.digits() {
		return nil, errDocument
	}
	if d.next('e') || d.next('E') {
		if !d.next('+') {
			d.next('-')
		}
		if !d.digits() {
			return nil, errDocument
		}
	}
	f, err := strconv.ParseFloat(d.text[start:d.at], 64)
	if err != nil {
		return nil, errDocument
	}
	return f, nil
}

// digits skips digits and tells whether there were any.
func (d *decoder) digits() bool {
	start := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at > start
}
