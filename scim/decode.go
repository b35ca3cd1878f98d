package scim

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits bound what Decode reads. A limit of 0 is the one of DefaultLimits.
type Limits struct {
	Bytes  int // length of the body
	Depth  int // objects and arrays inside one another; the document itself is the first
	Values int // objects, arrays, texts, numbers and words of the whole document: a small one takes more memory than its text
}

// DefaultLimits let a group with 50,000 members pass and no document that needs more than a few levels.
var DefaultLimits = Limits{Bytes: 8 << 20, Depth: 32, Values: 512 << 10}

// TooLargeError is returned by Decode for a body above Limits.Bytes. It is answered with 413 (RFC 7644 section 3.12).
type TooLargeError struct {
	Bytes int // length of the body
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the body has %d bytes, more than the %d that are read; send it in smaller pieces", e.Bytes, e.Limit)
}

// TooManyError is returned for a request that names more of something than is taken at once. It is answered with 413, as one that is too
// long (RFC 7644 section 3.12).
type TooManyError struct {
	What         string // in the plural
	Count, Limit int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("the request has %d %s, more than the %d that are taken at once; send it in smaller pieces", e.Count, e.What, e.Limit)
}

// Decode reads one JSON object (RFC 8259), strictly as to its form: valid UTF-8 without a byte order mark, nothing after the
// object, no key twice in one object in whatever letter case (SCIM names ignore letter case, RFC 7643 section 2.1), no
// half of a surrogate pair. Two programs that read the same bytes must not see two different documents.
//
// Numbers become float64. A whole number that float64 cannot hold to the last digit, such as a long employee number,
// becomes the string of its digits instead: as a text it is kept as it was sent.
//
// It returns a *TooLargeError, a *TooManyError for its values, or an *Error of type InvalidSyntax that says where.
func Decode(data []byte, l Limits) (Object, error) {
	if l.Bytes == 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Values == 0 {
		l.Values = DefaultLimits.Values
	}
	if len(data) > l.Bytes {
		return nil, &TooLargeError{Bytes: len(data), Limit: l.Bytes}
	}
	d := &decoder{data: data, maxDepth: l.Depth, maxValues: l.Values}
	out, fault := d.document()
	if fault != nil && d.values > d.maxValues {
		return nil, &TooManyError{What: "values", Count: d.values, Limit: d.maxValues}
	}
	if fault != nil {
		return nil, fault.asError(data)
	}
	return out, nil
}

type decoder struct {
	data     []byte
	pos      int
	depth    int
	maxDepth int
	// values are those that were begun.
	values    int
	maxValues int
	// keys holds the keys of the objects being read, those of the innermost last.
	keys []string
	// known keeps one copy of each key that comes often: the members of a group all have the same keys.
	known map[string]string
}

// syntaxFault is what is wrong at an offset. Its path is filled while the reading functions return.
type syntaxFault struct {
	offset  int
	message string
	path    string
}

func (d *decoder) fault(offset int, format string, args ...any) *syntaxFault {
	return &syntaxFault{offset: offset, message: fmt.Sprintf(format, args...)}
}

func (f *syntaxFault) inside(key string) *syntaxFault {
	if f.path != "" && f.path[0] != '[' {
		key += "."
	}
	f.path = key + f.path
	return f
}

func (f *syntaxFault) asError(data []byte) *Error {
	before := data[:min(f.offset, len(data))]
	line, column := 1, 1
	for _, b := range before {
		if column++; b == '\n' {
			line, column = line+1, 1
		}
	}
	where := ""
	if f.path != "" {
		where = " inside " + shorten(f.path, 200)
	}
	return Errorf(InvalidSyntax, "the body is not a well-formed JSON object: line %d, column %d%s: %s", line, column, where, f.message)
}

// shorten keeps what a client sent from flooding a message.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "..."
}

func (d *decoder) document() (Object, *syntaxFault) {
	d.space()
	if d.pos == len(d.data) {
		return nil, d.fault(d.pos, "the body is empty")
	}
	if bytes.HasPrefix(d.data, []byte("\ufeff")) {
		return nil, d.fault(0, "it begins with a byte order mark, which JSON does not allow")
	}
	if d.peek() != '{' {
		return nil, d.fault(d.pos, "it must begin with {")
	}
	out, fault := d.object()
	if fault != nil {
		return nil, fault
	}
	if d.space(); d.pos < len(d.data) {
		return nil, d.fault(d.pos, "something follows the object")
	}
	return out, nil
}

// value reads any value. The caller has skipped the white space before it.
func (d *decoder) value() (any, *syntaxFault) {
	if d.values++; d.values > d.maxValues {
		return nil, d.fault(d.pos, "it has more than %d values", d.maxValues)
	}
	switch c := d.peek(); c {
	case '{':
		return lift(d.object())
	case '[':
		return lift(d.array())
	case '"':
		return lift(d.text())
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return nil, d.literal("null")
	default:
		if c == '-' || isDigit(c) {
			return d.number()
		}
		return nil, d.fault(d.pos, "a value is missing")
	}
}

// lift gives a value the type any, and no value when there is a fault.
func lift[T any](v T, fault *syntaxFault) (any, *syntaxFault) {
	if fault != nil {
		return nil, fault
	}
	return v, nil
}

func (d *decoder) object() (Object, *syntaxFault) {
	if fault := d.enter(); fault != nil {
		return nil, fault
	}
	out := Object{}
	first := len(d.keys)
	var folded map[string]struct{}
	for d.space(); d.peek() != '}' || len(out) > 0; d.space() {
		at := d.pos
		key, fault := d.key()
		if fault != nil {
			return nil, fault
		}
		if d.repeated(first, key, &folded) {
			return nil, d.fault(at, "the key %q comes twice in one object; letter case makes no difference", shorten(key, 80))
		}
		if d.space(); d.peek() != ':' {
			return nil, d.fault(d.pos, "a colon is missing after the key %q", shorten(key, 80))
		}
		d.pos++
		d.space()
		value, fault := d.value()
		if fault != nil {
			return nil, fault.inside(shorten(key, 80))
		}
		out[key] = value
		d.space()
		if d.peek() == '}' {
			break
		}
		if d.peek() != ',' {
			return nil, d.fault(d.pos, "a comma or } is missing")
		}
		d.pos++
	}
	d.keys = d.keys[:first]
	d.leave()
	return out, nil
}

func (d *decoder) array() ([]any, *syntaxFault) {
	if fault := d.enter(); fault != nil {
		return nil, fault
	}
	out := []any{}
	for d.space(); d.peek() != ']' || len(out) > 0; d.space() {
		value, fault := d.value()
		if fault != nil {
			return nil, fault.inside(fmt.Sprintf("[%d]", len(out)))
		}
		out = append(out, value)
		d.space()
		if d.peek() == ']' {
			break
		}
		if d.peek() != ',' {
			return nil, d.fault(d.pos, "a comma or ] is missing")
		}
		d.pos++
	}
	d.leave()
	return out, nil
}

func (d *decoder) enter() *syntaxFault {
	if d.depth++; d.depth > d.maxDepth {
		return d.fault(d.pos, "objects and arrays are nested more than %d levels deep", d.maxDepth)
	}
	d.pos++
	return nil
}

func (d *decoder) leave() {
	d.depth--
	d.pos++
}

// repeated reports whether key came before in the object whose keys begin at first, and remembers it. Few keys are compared one by
// one; many go through folded, so that an object of 100,000 keys does not take its square.
func (d *decoder) repeated(first int, key string, folded *map[string]struct{}) bool {
	const few = 16
	earlier := d.keys[first:]
	d.keys = append(d.keys, key)
	if len(earlier) < few {
		for _, k := range earlier {
			if strings.EqualFold(k, key) {
				return true
			}
		}
		return false
	}
	if *folded == nil {
		*folded = make(map[string]struct{}, 2*few)
		for _, k := range earlier {
			(*folded)[fold(k)] = struct{}{}
		}
	}
	name := fold(key)
	_, repeated := (*folded)[name]
	(*folded)[name] = struct{}{}
	return repeated
}

// fold maps strings that strings.EqualFold holds equal to one string: each letter to the least of its forms, which for ASCII is the capital.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'a' <= r && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}
