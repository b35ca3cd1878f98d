package boltstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"scim2slack/scim"
)

// maxDepth bounds the nesting of a document, so that reading one cannot exhaust the stack. SCIM needs four levels.
const maxDepth = 64

// appendDocument appends the JSON of a document, as scim.AppendJSON writes it. Null, "", [] and {} stay apart. Anything that a
// scim.Object must not hold is an error.
func appendDocument(dst []byte, o scim.Object) ([]byte, error) {
	if err := checkDocument(o, 1); err != nil {
		return nil, err
	}
	return scim.AppendJSON(dst, o), nil
}

// checkDocument refuses what would not come back as it was.
func checkDocument(value any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the document is nested deeper than %d levels", maxDepth)
	}
	switch v := value.(type) {
	case nil, bool:
	case string:
		if !utf8.ValidString(v) {
			return errors.New("a document cannot hold bytes that are not UTF-8")
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no JSON number", v)
		}
	case scim.Object:
		for name, part := range v {
			if !utf8.ValidString(name) {
				return errors.New("a document cannot hold bytes that are not UTF-8")
			}
			if err := checkDocument(part, nested(part, depth)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case []any:
		for _, element := range v {
			if err := checkDocument(element, nested(element, depth)); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("a document cannot hold a %T", value)
	}
	return nil
}

// nested is the depth of a part: objects and lists are a level of their own.
func nested(part any, depth int) int {
	switch part.(type) {
	case scim.Object, []any:
		return depth + 1
	}
	return depth
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
	out := make([]byte, 0, len(quoted))
	for i := 1; i < len(quoted)-1; i++ {
		if quoted[i] != '\\' {
			out = append(out, quoted[i])
			continue
		}
		i++
		switch quoted[i] {
		case '"', '\\':
			out = append(out, quoted[i])
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		default:
			return unescapeAny(quoted)
		}
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
