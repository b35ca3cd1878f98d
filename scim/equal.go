package scim

import (
	"slices"
	"strings"
)

// Equal reports whether two documents are the same to the last value. The order of lists counts, and a missing attribute is not
// one that is nil.
func Equal(a, b Object) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		w, ok := b[name]
		if !ok || !equalValue(v, w) {
			return false
		}
	}
	return true
}

func equalValue(a, b any) bool {
	switch a := a.(type) {
	case Object:
		b, ok := b.(Object)
		return ok && Equal(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalValue)
	case nil, bool, string, float64:
		return a == b
	}
	return false // no value of a document
}

// Difference is an attribute in which two documents differ, with its values; nil where it has none. Sub-attributes of single-valued attributes are
// named name.givenName, attributes of extensions URN:department, multi-valued attributes by their name alone.
type Difference struct {
	Attribute     string
	Before, After any
}

// Differences returns where two documents differ, sorted by name; nothing exactly if Equal reports true.
func Differences(a, b Object) []Difference {
	var out []Difference
	differing(a, b, "", func(d Difference) { out = append(out, d) })
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Attribute, b.Attribute) })
	return out
}

// differing yields the attributes that differ; prefix is what their names begin with.
func differing(a, b Object, prefix string, yield func(Difference)) {
	check := func(name string) {
		v, w := a[name], b[name]
		_, inA := a[name]
		_, inB := b[name]
		if inA == inB && equalValue(v, w) {
			return
		}
		ao, _ := v.(Object)
		bo, _ := w.(Object)
		if !partly(v) || !partly(w) {
			yield(Difference{prefix + name, v, w})
			return
		}
		separator := "."
		if strings.HasPrefix(name, "urn:") {
			separator = ":"
		}
		found := false
		differing(ao, bo, prefix+name+separator, func(d Difference) { found = true; yield(d) })
		if !found {
			yield(Difference{prefix + name, v, w})
		}
	}
	for name := range a {
		check(name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			check(name)
		}
	}
}

// partly reports whether a value can be compared by its parts: an Object, or nil beside one.
func partly(v any) bool {
	_, ok := v.(Object)
	return ok || v == nil
}
