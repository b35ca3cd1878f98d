package scim

import (
	"encoding/json"
	"maps"
	"slices"
)

// list returns the new value of a multi-valued attribute, or keep if it stays as it is.
func (p *patcher) list(c *change, old any) (value any, keep bool, err error) {
	l := elements{attribute: c.target.Attribute, owned: p.owned[c.target.Attribute]}
	l.items, _ = old.([]any)
	if err := p.afford(c, l.items); err != nil {
		return nil, true, err
	}
	switch {
	case c.target.Sub != nil:
		err = p.changeSub(c, &l)
	case c.kind == OpRemove:
		err = p.removeElements(c, &l)
	default:
		err = p.writeElements(c, &l)
	}
	if err != nil || !l.changed {
		return nil, true, err
	}
	if before, _ := old.([]any); len(l.items) > MaxValues && len(l.items) > len(before) {
		return nil, true, Errorf(InvalidValue, "%s would have %d values; at most %d are kept", l.attribute.Name, len(l.items), MaxValues)
	}
	if len(l.items) == 0 {
		return nil, false, nil
	}
	if p.owned == nil {
		p.owned = make(map[*Attribute]bool)
	}
	p.owned[l.attribute] = true
	return l.items, false, nil
}

// removeElements removes all elements, those that the filter chooses, or those that the value lists (an older form of Entra).
func (p *patcher) removeElements(c *change, l *elements) error {
	if c.path.Filter != nil {
		l.remove(func(e any) bool { return c.path.Filter.matchListed(l.attribute, e) })
		return nil
	}
	if c.value == nil {
		l.set(nil)
		return nil
	}
	listed, err := p.canonicalList(c)
	if err != nil {
		return err
	}
	l.remove(func(e any) bool {
		return slices.ContainsFunc(listed, func(wanted any) bool { return l.describes(wanted, e) })
	})
	return nil
}

// writeElements applies add and replace of whole elements.
func (p *patcher) writeElements(c *change, l *elements) error {
	list, err := p.canonicalList(c)
	if err != nil || list != nil && len(list) == 0 {
		return err // elements of which nothing is known say nothing
	}
	switch {
	case c.path.Filter != nil:
		return p.writeChosen(c, l, list)
	case c.kind == OpReplace:
		l.set(list)
	default:
		l.add(list)
	}
	return nil
}

// writeChosen applies add and replace of the elements that a filter chooses. One object is merged into each of them, for it
// need not repeat what the filter says; if there is none it becomes a new element, with what the filter says.
func (p *patcher) writeChosen(c *change, l *elements, list []any) error {
	chosen := l.choose(c.path.Filter)
	if len(list) == 0 {
		if c.kind == OpReplace {
			l.removeAt(chosen)
		}
		return nil
	}
	object, single := list[0].(Object)
	if !single || len(list) > 1 {
		if c.kind == OpReplace {
			l.removeAt(chosen)
		}
		l.add(list)
		return nil
	}
	if len(chosen) == 0 {
		element, err := p.elementOf(c)
		if err != nil {
			return err
		}
		maps.Copy(element, object)
		l.addUnlessHollow(element)
		return nil
	}
	for _, i := range chosen {
		l.merge(i, object)
	}
	l.prune(chosen)
	return nil
}

// changeSub sets or clears a sub-attribute of the elements that the filter chooses. Without a filter there must be no doubt which
// element is meant. If the filter chooses none, an element is made from what the filter says and the value.
func (p *patcher) changeSub(c *change, l *elements) error {
	sub := c.target.Sub
	value, err := p.single(sub, c)
	if err != nil {
		return err
	}
	chosen, err := l.target(c)
	if err != nil {
		return err
	}
	if len(chosen) > 0 {
		for _, i := range chosen {
			l.merge(i, Object{sub.Name: value})
		}
		l.prune(chosen)
		return nil
	}
	if value == nil {
		return nil
	}
	element, err := p.elementOf(c)
	if err != nil {
		return err
	}
	element[sub.Name] = value
	l.addUnlessHollow(element)
	return nil
}

// elementOf makes the element that a filter describes: [type eq "work" and primary eq true] is {type: work, primary: true}.
// It returns NoTarget if the filter describes none, or one by its value: whoever names an element by its value means one
// that is there.
func (p *patcher) elementOf(c *change) (Object, error) {
	element := Object{}
	f := c.path.Filter
	if f == nil {
		return element, nil
	}
	missing := Errorf(NoTarget, "%s matches no value", excerpt(c.path.String()))
	terms := []*Filter{f}
	if f.Op == And {
		terms = f.Terms
	}
	for _, term := range terms {
		sub := c.target.Attribute.SubAttribute(term.Path.Name)
		if term.Op != Eq || sub == nil || term.Value == nil || sub.Name == "value" {
			return nil, missing
		}
		literal := term.Value
		if n, ok := literal.(json.Number); ok {
			literal = n.String()
		}
		value, err := p.t.CanonicalValue(sub, literal, c.target.Attribute.Name+"."+sub.Name)
		if err != nil {
			return nil, err
		}
		element[sub.Name] = value
	}
	if !f.MatchElement(c.target.Attribute, element) {
		return nil, missing
	}
	return element, nil
}

// canonicalList returns the elements of the change's value: nil if they are cleared, empty if nothing is known of them.
func (p *patcher) canonicalList(c *change) ([]any, error) {
	if list, ok := c.value.([]any); ok && len(list) > MaxValues && c.kind != OpRemove {
		return nil, Errorf(InvalidValue, "%s is given %d values; at most %d are kept", c.where(), len(list), MaxValues)
	}
	value, err := p.t.CanonicalValue(c.target.Attribute, c.value, c.where())
	if err != nil {
		return nil, err
	}
	list, _ := value.([]any)
	return list, nil
}
