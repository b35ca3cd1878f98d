package scim

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// SortBy is the attribute by which a list is sorted (RFC 7644 section 3.4.2.3), as one resource type understands it.
type SortBy struct {
	path   Path
	target Target
}

// MaxSortKey is how many bytes of a text take part in an order. Longer texts that begin alike are in the order of their ids.
const MaxSortKey = 256

// ParseSortBy reads the parameter sortBy. The error is an *Error of type InvalidPath if t has no such attribute, or it has parts and
// none is named.
func ParseSortBy(text string, t *ResourceType) (*SortBy, error) {
	path, err := ParsePath(text)
	if err != nil {
		return nil, err
	}
	target, err := t.Resolve(path)
	if err != nil {
		return nil, err
	}
	a := target.Attribute
	switch {
	case a == nil || hidden(a):
		return nil, Errorf(InvalidPath, "a list cannot be sorted by %s", quoteExcerpt(text))
	case path.Filter != nil:
		if err := path.checkElements(a); err != nil {
			return nil, err
		}
	}
	if a.Type == TypeComplex && target.Sub == nil {
		if target.Sub = a.SubAttribute("value"); target.Sub == nil {
			return nil, Errorf(InvalidPath, "%s has parts; name the one to sort by, such as name.familyName", a.Name)
		}
	}
	return &SortBy{path: path, target: target}, nil
}

// Uses reports whether the order depends on an attribute of the core schema.
func (s *SortBy) Uses(name string) bool { return s.target.URN == "" && s.target.Attribute.Name == name }

// Key returns a text by which documents are ordered, and false for a document without a value. Of several values the primary one counts,
// or else the first. The letter case counts only where the schema says so.
func (s *SortBy) Key(doc Object) (key string, ok bool) {
	value, _ := s.target.value(doc)
	a := s.target.Attribute
	if list, many := value.([]any); many {
		value = s.element(list)
	}
	if s.target.Sub != nil {
		o, _ := value.(Object)
		a, value = s.target.Sub, o[s.target.Sub.Name]
	}
	if isNothing(value) {
		return "", false
	}
	key = sortKey(a, value)
	return key[:min(len(key), MaxSortKey)], true
}

// element chooses among several values.
func (s *SortBy) element(list []any) any {
	var chosen any
	for _, element := range list {
		if s.path.Filter != nil && !s.path.Filter.matchListed(s.target.Attribute, element) {
			continue
		}
		o, _ := element.(Object)
		if primary, _ := asBool(o["primary"]); primary {
			return element
		}
		if chosen == nil {
			chosen = element
		}
	}
	return chosen
}

// sortKey writes a value so that texts are ordered as the values are.
func sortKey(a *Attribute, value any) string {
	switch a.Type {
	case TypeBoolean:
		if yes, _ := asBool(value); yes {
			return "1"
		}
		return "0"
	case TypeDateTime:
		if at, ok := asTime(value); ok {
			return at.UTC().Format("2006-01-02T15:04:05.000000000") // of one length, unlike time.RFC3339Nano
		}
	case TypeInteger, TypeDecimal:
		if n, err := strconv.ParseFloat(asText(value), 64); err == nil {
			return numberKey(n)
		}
	}
	if a.CaseExact {
		return asText(value)
	}
	return strings.ToLower(asText(value))
}

// numberKey writes the bits of a number so that they are ordered as the numbers: those of negative ones turned over.
func numberKey(n float64) string {
	bits := math.Float64bits(n)
	if n < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return string(binary.BigEndian.AppendUint64(nil, bits))
}
