package scim

import (
	"maps"
	"slices"
	"strings"
)

// elements is the list of a multi-valued attribute while a change is applied to it. The list and the objects that it began with
// are never changed; the first write copies.
type elements struct {
	attribute *Attribute
	items     []any
	owned     bool // the list is a copy already
	changed   bool
}

func (l *elements) set(items []any) { l.items, l.owned, l.changed = items, true, true }

// own makes the list one that may be written to.
func (l *elements) own() {
	if !l.owned {
		l.items = slices.Clone(l.items)
	}
	l.owned, l.changed = true, true
}

// choose returns the places of the elements that satisfy the filter.
func (l *elements) choose(f *Filter) []int {
	var chosen []int
	for i, e := range l.items {
		if o, ok := e.(Object); ok && f.MatchElement(l.attribute, o) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// target returns the places of the elements whose sub-attribute a change means. Without a filter that is the only element,
// or the primary one.
func (l *elements) target(c *change) ([]int, error) {
	if c.path.Filter != nil {
		return l.choose(c.path.Filter), nil
	}
	var primary []int
	for i, e := range l.items {
		if o, ok := e.(Object); ok && (len(l.items) == 1 || o["primary"] == true) {
			primary = append(primary, i)
		}
	}
	if len(l.items) > 0 && len(primary) != 1 {
		return nil, Errorf(InvalidPath, `%s has %d values; say which one is meant, for example %s[type eq "work"].%s`,
			l.attribute.Name, len(l.items), l.attribute.Name, c.target.Sub.Name)
	}
	return primary, nil
}

func (l *elements) remove(match func(any) bool) {
	if slices.ContainsFunc(l.items, match) {
		l.own()
		l.items = slices.DeleteFunc(l.items, match)
	}
}

// removeAt removes the elements at places, which ascend.
func (l *elements) removeAt(places []int) {
	if len(places) == 0 {
		return
	}
	l.own()
	kept := l.items[:0]
	for i, e := range l.items {
		if len(places) > 0 && places[0] == i {
			places = places[1:]
			continue
		}
		kept = append(kept, e)
	}
	clear(l.items[len(kept):])
	l.items = kept
}

// add appends the elements that are not there yet. One that is there is merged into it, so that what is not said anew is kept.
func (l *elements) add(list []any) {
	for _, e := range list {
		o, ok := e.(Object)
		i := l.find(e)
		switch {
		case i >= 0 && ok:
			l.merge(i, o)
		case i < 0:
			l.own()
			l.items = append(l.items, e)
			if ok {
				l.onlyPrimary(len(l.items)-1, o)
			}
		}
	}
}

// find returns the place of the element that an added one is: one that has all that is said, or else one that is the same.
func (l *elements) find(added any) int {
	if i := slices.IndexFunc(l.items, func(old any) bool { return l.describes(added, old) && l.same(old, added) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(l.items, func(old any) bool { return l.same(old, added) })
}

// same tells whether an added element is one that is there: an equal value, and no other type. Without values (addresses)
// all of it must be equal.
func (l *elements) same(old, added any) bool {
	a, ok := old.(Object)
	b, ok2 := added.(Object)
	if !ok || !ok2 {
		return ok == ok2 && l.equal(l.attribute, old, added)
	}
	if isNothing(a["value"]) || isNothing(b["value"]) {
		return l.describes(a, b) && l.describes(b, a)
	}
	return l.equalSub("value", a, b) && (isNothing(a["type"]) || isNothing(b["type"]) || l.equalSub("type", a, b))
}

// describes tells whether an element has everything that another one, of which only a part may be given, says.
func (l *elements) describes(part, element any) bool {
	a, ok := part.(Object)
	b, ok2 := element.(Object)
	if !ok || !ok2 {
		return ok == ok2 && l.equal(l.attribute, part, element)
	}
	if !isNothing(a["value"]) { // the value alone decides, and the type if it is said: display and $ref are only hints
		return l.equalSub("value", a, b) && (isNothing(a["type"]) || l.equalSub("type", a, b))
	}
	said := false
	for name, v := range a {
		if isNothing(v) {
			continue
		}
		if said = true; !l.equalSub(name, a, b) {
			return false
		}
	}
	return said
}

func (l *elements) equalSub(name string, a, b Object) bool {
	sub := l.attribute.SubAttribute(name)
	return sub != nil && l.equal(sub, a[name], b[name])
}

func (l *elements) equal(a *Attribute, x, y any) bool {
	s, ok := x.(string)
	t, ok2 := y.(string)
	if ok && ok2 && !a.CaseExact {
		return strings.EqualFold(s, t)
	}
	return asText(x) == asText(y) && isNothing(x) == isNothing(y)
}

// merge writes the sub-attributes of o over those of the element at place i.
func (l *elements) merge(i int, o Object) {
	old, _ := l.items[i].(Object)
	merged := maps.Clone(old)
	for name, v := range o {
		if merged[name] = v; v == nil {
			delete(merged, name) // elements hold what they have and nothing else
		}
	}
	if maps.EqualFunc(old, merged, func(a, b any) bool { return a == b }) {
		return
	}
	l.own()
	l.items[i] = merged
	if old["primary"] != true { // two that were sent as primary stay so until another one becomes it
		l.onlyPrimary(i, o)
	}
}

// onlyPrimary makes the element at place i the only primary one if o says that it is primary (RFC 7644 section 3.5.2).
func (l *elements) onlyPrimary(i int, o Object) {
	if o["primary"] != true {
		return
	}
	for j, e := range l.items {
		if other, ok := e.(Object); ok && j != i && other["primary"] == true {
			other = maps.Clone(other)
			other["primary"] = false
			l.items[j] = other
		}
	}
}

// prune drops those of the elements just written that have nothing left but what only describes a value.
func (l *elements) prune(places []int) {
	hollowed := slices.DeleteFunc(places, func(i int) bool {
		o, ok := l.items[i].(Object)
		return !ok || !hollow(o)
	})
	l.removeAt(hollowed)
}

func (l *elements) addUnlessHollow(element Object) {
	if !hollow(element) {
		l.add([]any{element})
	}
}

func hollow(element Object) bool {
	for name, v := range element {
		if name != "type" && name != "primary" && name != "display" && !isNothing(v) {
			return false
		}
	}
	return true
}
