package scim

// Check reports whether the filter makes sense for t. It returns an *Error of type InvalidFilter that names the fault: an attribute
// that t does not have or that cannot be searched (password), brackets after a single-valued attribute, an operator that the attribute's
// type forbids (RFC 7644 section 3.4.2.2), or a value that is not of the type.
func (f *Filter) Check(t *ResourceType) error {
	switch f.Op {
	case And, Or, Not:
		for _, term := range f.Terms {
			if err := term.Check(t); err != nil {
				return err
			}
		}
		return nil
	}
	target, err := t.Resolve(f.Path)
	if err != nil {
		return Errorf(InvalidFilter, "in the filter %s", asFault(err).Detail)
	}
	if hidden(target.Attribute) {
		return Errorf(InvalidFilter, "%s cannot be searched", f.Path)
	}
	if err := f.Path.checkElements(target.Attribute); err != nil {
		return err
	}
	a := target.Attribute
	if target.Sub != nil {
		a = target.Sub
	} else if value := a.SubAttribute("value"); value != nil {
		a = value
	}
	return f.checkOperator(a)
}

// checkElements checks the filter between the brackets of attr[filter].
func (p Path) checkElements(a *Attribute) error {
	if p.Filter == nil {
		return nil
	}
	if !a.MultiValued {
		return Errorf(InvalidFilter, "%s has one value only, so %s is not possible", a.Name, quoteExcerpt(p.String()))
	}
	return p.Filter.checkElement(a)
}

func (f *Filter) checkElement(a *Attribute) error {
	switch f.Op {
	case And, Or, Not:
		for _, term := range f.Terms {
			if err := term.checkElement(a); err != nil {
				return err
			}
		}
		return nil
	}
	if a.Type != TypeComplex && f.Path.Name == "value" {
		return f.checkOperator(a)
	}
	sub := a.SubAttribute(f.Path.Name)
	if sub == nil || f.Path.Sub != "" || f.Path.URN != "" {
		return Errorf(InvalidFilter, "%s is not a sub-attribute of %s", quoteExcerpt(f.Path.String()), a.Name)
	}
	return f.checkOperator(sub)
}

func (f *Filter) checkOperator(a *Attribute) error {
	if f.Op == Pr || f.Op == Has {
		return nil
	}
	if f.Value == nil {
		if f.Op == Eq || f.Op == Ne {
			return nil
		}
		return Errorf(InvalidFilter, "null can be compared with eq and ne only, not in %s", quoteExcerpt(f.String()))
	}
	if a.Type == TypeBoolean || a.Type == TypeBinary || a.Type == TypeComplex {
		ordering := f.Op == Gt || f.Op == Ge || f.Op == Lt || f.Op == Le
		if ordering || a.Type == TypeBoolean && textual(f.Op) {
			return Errorf(InvalidFilter, "%s is %s, which does not allow the operator %s", a.Name, a.Type, f.Op)
		}
	}
	if _, ok := asBool(f.Value); a.Type == TypeBoolean && !ok {
		return Errorf(InvalidFilter, "%s is true or false and cannot be compared with %s", a.Name, quoteExcerpt(asText(f.Value)))
	}
	if _, ok := asTime(f.Value); a.Type == TypeDateTime && !textual(f.Op) && !ok {
		return Errorf(InvalidFilter, "%s is a time and cannot be compared with %s; a time is written 2026-01-31T09:00:00Z",
			a.Name, quoteExcerpt(asText(f.Value)))
	}
	return nil
}

// Uses reports whether the filter looks at the core attribute or enterprise attribute of that name, so that a caller can leave out of
// the documents what costs much to load (members).
func (f *Filter) Uses(t *ResourceType, name string) bool {
	for _, term := range f.Terms {
		if term.Uses(t, name) {
			return true
		}
	}
	if f.Path.Name == "" {
		return false
	}
	target, err := t.Resolve(Path{URN: f.Path.URN, Name: f.Path.Name})
	wanted, err2 := t.Resolve(Path{Name: name})
	return err == nil && err2 == nil && target.Attribute == wanted.Attribute
}

// Equality is a comparison attr eq "value" that every document must satisfy which satisfies a filter.
type Equality struct {
	URN       string     // canonical URN of the extension, "" for the core schema
	Attribute *Attribute // canonical
	Sub       *Attribute // sub-attribute that is compared, nil for a simple attribute
	Value     string
	Alone     bool // the filter asks for nothing more
}

// Name returns the attribute's canonical name, with a dot and the sub-attribute if there is one: userName, emails.value.
func (e Equality) Name() string {
	if e.Sub == nil {
		return e.Attribute.Name
	}
	return e.Attribute.Name + "." + e.Sub.Name
}

// Equalities returns the equalities with text that the filter demands, in its order: an index on any of them holds all
// the documents that match, and Match decides on those found unless the equality is Alone. They come from a filter that is one comparison
// (userName eq "x"; emails eq "x" and emails.value eq "x" are both emails.value), from the terms of an and, and from value
// filters (emails[type eq "work"].value eq "x" and emails[value eq "x" and type eq "work"] are emails.value as well).
func (f *Filter) Equalities(t *ResourceType) []Equality {
	switch f.Op {
	case And:
		var found []Equality
		for _, term := range f.Terms {
			for _, e := range term.Equalities(t) {
				e.Alone = false
				found = append(found, e)
			}
		}
		return found
	case Eq, Has:
		target, err := t.Resolve(f.Path)
		if err != nil || hidden(target.Attribute) {
			return nil
		}
		if f.Op == Eq {
			return f.equality(target)
		}
		return f.Path.Filter.elementEqualities(target)
	}
	return nil
}

func (f *Filter) equality(target Target) []Equality {
	a := target.Attribute
	if target.Sub == nil && a.Type == TypeComplex {
		target.Sub = a.SubAttribute("value")
		if target.Sub == nil {
			return nil
		}
	}
	value, ok := equalityText(f.Value)
	if !ok {
		return nil
	}
	return []Equality{{URN: target.URN, Attribute: a, Sub: target.Sub, Value: value, Alone: f.Path.Filter == nil}}
}

// elementEqualities are those of the filter between brackets. They concern one and the same element, so none is Alone
// unless it is the only term.
func (f *Filter) elementEqualities(target Target) []Equality {
	switch f.Op {
	case And:
		var found []Equality
		for _, term := range f.Terms {
			for _, e := range term.elementEqualities(target) {
				e.Alone = false
				found = append(found, e)
			}
		}
		return found
	case Eq:
		sub := target.Attribute.SubAttribute(f.Path.Name)
		value, ok := equalityText(f.Value)
		if sub == nil || f.Path.Sub != "" || !ok {
			return nil
		}
		return []Equality{{URN: target.URN, Attribute: target.Attribute, Sub: sub, Value: value, Alone: true}}
	}
	return nil
}

// equalityText returns a literal that is text or a number as text. "" is no value, which no index holds.
func equalityText(literal any) (string, bool) {
	switch literal.(type) {
	case nil, bool:
		return "", false
	}
	text := asText(literal)
	return text, text != ""
}
