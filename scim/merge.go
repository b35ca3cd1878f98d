package scim

// Merge returns what a PUT makes of a stored document when it keeps what it does not mention (the default, because
// PingFederate sends only what it maps): attributes that sent holds replace the stored ones, also those that are nil.
// Extensions and single-valued complex attributes are merged by their parts; multi-valued attributes are replaced whole.
// Both documents are canonical. The result shares nothing with them.
func (t *ResourceType) Merge(stored, sent Object) Object {
	out := make(Object, len(stored)+len(sent))
	for name, v := range stored {
		out[name] = cloneValue(v)
	}
	t.merge("", out, sent)
	return out
}

// merge works on the attributes of one schema; urn is that of an extension. In a canonical document an Object that is not an element
// of a list is an extension or a single-valued complex attribute.
func (t *ResourceType) merge(urn string, into, sent Object) {
	for name, v := range sent {
		part, ok := v.(Object)
		if !ok {
			into[name] = cloneValue(v)
			continue
		}
		stored, mentioned := into[name]
		kept, ok := stored.(Object)
		if !ok {
			kept = make(Object, len(part))
			into[name] = kept
		}
		if mentioned && !ok {
			// It was cleared as a whole. The parts that sent does not name stay cleared.
			for _, p := range t.parts(urn, name) {
				kept[p] = nil
			}
		}
		if t.isExtension(name) {
			t.merge(name, kept, part)
			continue
		}
		for sub, v := range part {
			kept[sub] = cloneValue(v)
		}
	}
}

// Replacement returns what a PUT makes of a stored document when it clears what it does not mention (RFC 7644
// section 3.5.1): sent, with nil for every attribute and sub-attribute that stored had and sent has not. A manager that
// sent does not mention is nil; an extension that it does not mention has nil for each of the attributes it had.
// Both documents are canonical. The result shares nothing with them.
func (t *ResourceType) Replacement(stored, sent Object) Object {
	out := make(Object, len(stored)+len(sent))
	for name, v := range sent {
		out[name] = cloneValue(v)
	}
	for name, v := range stored {
		had, _ := v.(Object)
		now, mentioned := out[name]
		switch {
		case had != nil && t.isExtension(name):
			extension, _ := now.(Object)
			out[name] = t.Replacement(had, extension)
		case !mentioned:
			out[name] = nil
		case had != nil:
			if o, ok := now.(Object); ok {
				clearMissing(o, had)
			}
		}
	}
	return out
}

// clearMissing sets the sub-attributes that stored had and out has not to nil.
func clearMissing(out, stored Object) {
	for name := range stored {
		if _, ok := out[name]; !ok {
			out[name] = nil
		}
	}
}

// parts returns the names of the attributes of an extension, or of the sub-attributes of a complex attribute of the schema urn.
func (t *ResourceType) parts(urn, name string) []string {
	var names []string
	for _, e := range t.Extensions {
		if e.ID == name {
			for _, a := range e.Attributes {
				names = append(names, a.Name())
			}
			return names
		}
	}
	if a := t.Attribute(urn, name); a != nil {
		for _, sub := range a.Sub {
			if sub.kept() {
				names = append(names, sub.Name)
			}
		}
	}
	return names
}

func (t *ResourceType) isExtension(urn string) bool {
	for _, e := range t.Extensions {
		if e.ID == urn {
			return true
		}
	}
	return false
}
