package scim

import "maps"

// single returns the new value of a simple single-valued attribute.
func (p *patcher) single(a *Attribute, c *change) (any, error) {
	if c.kind == OpRemove {
		return nil, nil
	}
	value := onlyElement(c.value)
	if o, ok := value.(Object); ok && a.Type != TypeComplex {
		if v, ok := member(o, "value"); ok {
			value = v // older jobs of Entra: [{"$ref": null, "value": "ann"}]
		}
	}
	return p.t.CanonicalValue(a, value, c.where())
}

// onlyElement takes the value out of a list that holds just one, or none: Entra sends a manager so.
func onlyElement(value any) any {
	if list, ok := value.([]any); ok {
		switch len(list) {
		case 0:
			return nil
		case 1:
			return list[0]
		}
	}
	return value
}

// complex returns the new value of a single-valued complex attribute, or keep if it stays as it is. Sub-attributes that
// the change does not name are kept, for add and for replace (RFC 7644 section 3.5.2.3).
func (p *patcher) complex(c *change, old any, present bool) (value any, keep bool, err error) {
	a := c.target.Attribute
	wasCleared := present && old == nil
	if sub := c.target.Sub; sub != nil {
		v, err := p.single(sub, c)
		if err != nil || v == nil && wasCleared {
			return nil, true, err
		}
		o := writable(old, present, a)
		o[sub.Name] = v
		return whole(a, o), false, nil
	}
	if c.kind == OpRemove {
		return nil, false, nil
	}
	named, ok := onlyElement(c.value).(Object)
	if !ok {
		value, err = p.t.CanonicalValue(a, onlyElement(c.value), c.where())
		return value, false, err
	}
	named, err = p.subAttributes(c, named)
	if err != nil || len(named) == 0 || wasCleared && isNothing(named) {
		return nil, true, err
	}
	if v := named["value"]; v != nil && old != nil {
		if before, _ := old.(Object); before["value"] != v {
			return named, false, nil // another manager: nothing that was said of the old one holds
		}
	}
	o := writable(old, present, a)
	maps.Copy(o, named)
	return whole(a, o), false, nil
}

// whole returns nil for a complex attribute whose value is cleared: a manager without a value is none.
func whole(a *Attribute, o Object) any {
	if a.SubAttribute("value") != nil && o.Presence("value") == Null {
		return nil
	}
	return o
}

// subAttributes returns the canonical values of the sub-attributes that an object names. Those that are not a source's to
// write are passed over.
func (p *patcher) subAttributes(c *change, value Object) (Object, error) {
	a := c.target.Attribute
	named := make(Object, len(value))
	for _, key := range keysInOrder(value) {
		sub := subAttribute(a, key)
		if sub == nil {
			p.ignore(c.target.URN, a.Name+"."+key)
			continue
		}
		if !sub.kept() {
			continue
		}
		v, err := p.t.CanonicalValue(sub, onlyElement(value[key]), a.Name+"."+sub.Name)
		if err != nil {
			return nil, err
		}
		named[sub.Name] = v
	}
	return named, nil
}

// writable returns a copy of a complex value to write sub-attributes into.
func writable(old any, present bool, a *Attribute) Object {
	if o, ok := old.(Object); ok {
		return maps.Clone(o)
	}
	if present {
		return cleared(a.Sub)
	}
	return Object{}
}
