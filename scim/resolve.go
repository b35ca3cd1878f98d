package scim

// Target is what a path names in a resource type.
type Target struct {
	URN       string     // canonical URN of the extension that holds the attribute; "" for the core schema
	Attribute *Attribute // nil if the path names a whole schema
	Sub       *Attribute // nil if the path names no sub-attribute
}

// Resolve finds what p names; its filter is not looked at (Filter.Check does that). Names and URNs are compared in any
// letter case. The URN of the core schema may be left out or given. Attributes of the enterprise extension are
// found without its URN, because clients write department and manager alone; those of Slack's extensions are not,
// because their names (type, expiration) are too common to guess from. The error is an *Error of type InvalidPath.
func (t *ResourceType) Resolve(p Path) (Target, error) {
	urn, known := t.pathURN(p.URN)
	if !known {
		return Target{}, Errorf(InvalidPath, "%s is not a schema of the resource type %s", quoteExcerpt(p.URN), t.Name)
	}
	if p.Name == "" {
		return Target{URN: urn}, nil
	}
	a := t.Attribute(urn, p.Name)
	if a == nil && p.URN == "" {
		urn = EnterpriseSchema
		a = t.Attribute(urn, p.Name)
	}
	if a == nil {
		return Target{}, Errorf(InvalidPath, "%s is not an attribute of the resource type %s", quoteExcerpt(p.String()), t.Name)
	}
	target := Target{URN: urn, Attribute: a}
	if p.Sub == "" {
		return target, nil
	}
	if target.Sub = subAttribute(a, p.Sub); target.Sub == nil {
		return Target{}, Errorf(InvalidPath, "%s is not a sub-attribute of %s", quoteExcerpt(p.Sub), a.Name)
	}
	return target, nil
}

// pathURN returns the canonical URN of the extension that a path's URN means, and "" for the core schema.
func (t *ResourceType) pathURN(written string) (urn string, known bool) {
	if written == "" {
		return "", true
	}
	urn = t.URN(written)
	return t.extension(urn), urn != ""
}

// value returns what doc holds for the target's attribute, and whether doc has the key at all.
func (target Target) value(doc Object) (value any, present bool) {
	if target.URN != "" {
		doc = doc.Object(target.URN)
	}
	value, present = doc[target.Attribute.Name]
	return value, present
}
