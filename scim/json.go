package scim

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends an Object as JSON to dst and returns it. Equal objects give equal bytes: in every object the keys schemas, id,
// meta, groups, externalId, userName and displayName come first, the others in the order of their letters. Only what JSON demands
// is escaped. Decode reads it back to an equal Object. Numbers that JSON cannot express become null, bytes that are not
// UTF-8 become U+FFFD, and a value that does not belong into an Object is written as encoding/json would.
func AppendJSON(dst []byte, o Object) []byte {
	if o == nil {
		return append(dst, "null"...)
	}
	var buffer [24]string
	keys := buffer[:0]
	for k := range o {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareKeys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, k)
		dst = append(dst, ':')
		dst = appendValue(dst, o[k])
	}
	return append(dst, '}')
}

// AppendJSONValue appends one value of a document in the same form.
func AppendJSONValue(dst []byte, value any) []byte { return appendValue(dst, value) }

func compareKeys(a, b string) int {
	if d := keyRank(a) - keyRank(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

func keyRank(key string) int {
	switch key {
	case "schemas":
		return 0
	case "id":
		return 1
	case "meta":
		return 2
	case "groups":
		return 3
	case "externalId":
		return 4
	case "userName":
		return 5
	case "displayName":
		return 6
	}
	return 7
}

func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case string:
		return appendString(dst, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(dst, "null"...)
		}
		return appendNumber(dst, v)
	case Object:
		return AppendJSON(dst, v)
	case []any:
		dst = append(dst, '[')
		for i := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, v[i])
		}
		return append(dst, ']')
	}
	foreign, err := json.Marshal(value)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, foreign...)
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
