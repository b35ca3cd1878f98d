package scim

// Match reports whether doc, a canonical or rendered document of t, satisfies the filter. A missing attribute, nil, "" and
// an empty list are all no value (RFC 7643 section 2.5): pr is false for them, eq null and ne with any value are true.
// A multi-valued attribute matches if one of its elements does. A complex attribute that is compared
// without a sub-attribute stands for its value, or if it has none for any of its text sub-attributes. An attribute that
// t does not know has no value; Check tells of it beforehand.
func (f *Filter) Match(t *ResourceType, doc Object) bool {
	switch f.Op {
	case And:
		for _, term := range f.Terms {
			if !term.Match(t, doc) {
				return false
			}
		}
		return true
	case Or:
		for _, term := range f.Terms {
			if term.Match(t, doc) {
				return true
			}
		}
		return false
	case Not:
		return !f.Terms[0].Match(t, doc)
	}
	target, err := t.Resolve(f.Path)
	if err != nil || hidden(target.Attribute) {
		return f.matchesNothing()
	}
	value, _ := target.value(doc)
	return f.matchAttribute(target.Attribute, target.Sub, value)
}

// MatchElement reports whether one element of the multi-valued attribute a satisfies the filter, whose attributes are
// the sub-attributes of a: the filter of attr[filter].
func (f *Filter) MatchElement(a *Attribute, element Object) bool {
	switch f.Op {
	case And:
		for _, term := range f.Terms {
			if !term.MatchElement(a, element) {
				return false
			}
		}
		return true
	case Or:
		for _, term := range f.Terms {
			if term.MatchElement(a, element) {
				return true
			}
		}
		return false
	case Not:
		return !f.Terms[0].MatchElement(a, element)
	}
	sub := a.SubAttribute(f.Path.Name)
	if sub == nil || f.Path.Sub != "" {
		return f.matchesNothing()
	}
	return f.matchScalar(sub, element[sub.Name])
}

func (f *Filter) matchAttribute(a, sub *Attribute, value any) bool {
	if !a.MultiValued {
		return f.Path.Filter == nil && f.matchOne(a, sub, value)
	}
	list, _ := value.([]any)
	seen := false
	for _, element := range list {
		if f.Path.Filter != nil && !f.Path.Filter.matchListed(a, element) {
			continue
		}
		if f.Op == Has || f.matchOne(a, sub, element) {
			return true
		}
		seen = true
	}
	return !seen && f.matchesNothing()
}

// matchListed is MatchElement for an element that may be a simple value, which its filter calls value.
func (f *Filter) matchListed(a *Attribute, element any) bool {
	if o, ok := element.(Object); ok {
		return f.MatchElement(a, o)
	}
	return a.Type != TypeComplex && f.matchSimple(a, element)
}

// matchOne compares one element or the value of a single-valued attribute.
func (f *Filter) matchOne(a, sub *Attribute, value any) bool {
	if a.Type != TypeComplex {
		return f.matchScalar(a, value)
	}
	o, _ := value.(Object)
	if sub == nil && f.Op != Pr {
		sub = a.SubAttribute("value")
	}
	if sub != nil {
		return f.matchScalar(sub, o[sub.Name])
	}
	seen := false
	for _, s := range a.Sub {
		v := o[s.Name]
		if isNothing(v) || f.Op != Pr && s.Type != TypeString {
			continue
		}
		if f.matchScalar(s, v) {
			return true
		}
		seen = true
	}
	return !seen && f.matchesNothing()
}

// matchSimple evaluates a filter on an element of a simple multi-valued attribute.
func (f *Filter) matchSimple(a *Attribute, element any) bool {
	switch f.Op {
	case And:
		for _, term := range f.Terms {
			if !term.matchSimple(a, element) {
				return false
			}
		}
		return true
	case Or:
		for _, term := range f.Terms {
			if term.matchSimple(a, element) {
				return true
			}
		}
		return false
	case Not:
		return !f.Terms[0].matchSimple(a, element)
	}
	return f.matchScalar(a, element)
}

// matchesNothing is the outcome of a comparison where there is no value.
func (f *Filter) matchesNothing() bool {
	switch f.Op {
	case Ne:
		return f.Value != nil
	case Eq:
		return f.Value == nil
	}
	return false
}

func (f *Filter) matchScalar(a *Attribute, value any) bool {
	if isNothing(value) {
		return f.matchesNothing()
	}
	switch {
	case f.Op == Pr:
		return true
	case f.Value == nil:
		return f.Op == Ne
	}
	return compare(a, f.Op, value, f.Value)
}

func isNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case Object:
		for _, sub := range v {
			if !isNothing(sub) {
				return false
			}
		}
		return true
	}
	return false
}

// hidden tells whether an attribute must not be found out by filtering: passwords.
func hidden(a *Attribute) bool { return a == nil || a.Returned == "never" }
