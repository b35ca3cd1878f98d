package scim

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// compare applies op to a value of attribute a that is there and a literal that is not null.
func compare(a *Attribute, op Operator, value, literal any) bool {
	switch a.Type {
	case TypeBoolean:
		have, ok := asBool(value)
		want, ok2 := asBool(literal)
		return compareBools(op, have, want, ok && ok2)
	case TypeDateTime:
		have, ok := asTime(value)
		want, ok2 := asTime(literal)
		if ok && ok2 && !textual(op) {
			return ordered(op, have.Compare(want))
		}
	case TypeInteger, TypeDecimal:
		have, err := strconv.ParseFloat(asText(value), 64)
		want, err2 := strconv.ParseFloat(asText(literal), 64)
		if err == nil && err2 == nil && !textual(op) {
			return ordered(op, cmp.Compare(have, want))
		}
	}
	return compareText(a, op, asText(value), asText(literal))
}

func compareBools(op Operator, have, want, known bool) bool {
	equal := known && have == want
	switch op {
	case Eq:
		return equal
	case Ne:
		return !equal
	}
	return false // RFC 7644 section 3.4.2.2: booleans have no order
}

func compareText(a *Attribute, op Operator, have, want string) bool {
	if !a.CaseExact {
		if op == Eq && have == want {
			return true
		}
		have, want = strings.ToLower(have), strings.ToLower(want) // as the indexes of the store do
	}
	switch op {
	case Co:
		return strings.Contains(have, want)
	case Sw:
		return strings.HasPrefix(have, want)
	case Ew:
		return strings.HasSuffix(have, want)
	}
	return ordered(op, strings.Compare(have, want))
}

func textual(op Operator) bool { return op == Co || op == Sw || op == Ew }

// ordered turns the outcome of a comparison into that of an operator.
func ordered(op Operator, order int) bool {
	switch op {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Gt:
		return order > 0
	case Ge:
		return order >= 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	}
	return false
}

// asBool reads a boolean, also written as a string in any letter case as Entra does.
func asBool(value any) (b, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		if strings.EqualFold(v, "true") {
			return true, true
		}
		return false, strings.EqualFold(v, "false")
	}
	return false, false
}

func asTime(value any) (time.Time, bool) {
	text, ok := value.(string)
	if !ok {
		return time.Time{}, false
	}
	return ParseDateTime(text)
}

func asText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
