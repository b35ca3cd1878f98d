package scim

import (
	"maps"
	"slices"
	"strings"
)

// Canonical turns what a client sent as the body of a POST or PUT into the one form in which documents are kept. It is lenient in
// what it takes, as far as the meaning is beyond doubt:
//
//   - Names of attributes, sub-attributes and schemas come in any letter case, schemas also as in urnAliases.
//   - An attribute of an extension stands inside the object of the extension, or at the top as URN:name or URN.name;
//     a sub-attribute inside its attribute, or at the top as name.sub; an attribute of the core may carry the core's URN.
//   - Values are taken as CanonicalValue tells.
//
// What is kept are the attributes that a client may write. Those it may not (id, meta, schemas, groups, display names of
// managers, every $ref) and the password are left out silently. What the schemas do not know is left out too, and its names
// are returned in ignored, sorted.
//
// An attribute that the client cleared is there as nil, one it did not name is missing. An extension is a container, never
// nil: clearing it as a whole (null) is written as nil for each of its attributes. An object or list
// in which nothing is kept says nothing: {"manager":{"displayName":"Ann"}} does not clear the manager.
//
// doc shares nothing with in. The error is an *Error of type InvalidValue that names the attribute; an attribute that is
// given twice in different spellings with different values is one.
// Canonical documents come out as they went in.
func (t *ResourceType) Canonical(in Object) (doc Object, ignored []string, err error) {
	c := canonicalizer{t: t, doc: make(Object, len(in))}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		target, ok := t.resolve(key)
		if !ok {
			c.ignore(key)
			continue
		}
		if err := c.put(target, in[key]); err != nil {
			return nil, nil, err
		}
	}
	return c.doc, slices.Sorted(maps.Keys(c.ignored)), nil
}

type canonicalizer struct {
	t       *ResourceType
	doc     Object
	ignored map[string]struct{}
}

func (c *canonicalizer) ignore(name string) {
	if c.ignored == nil {
		c.ignored = make(map[string]struct{})
	}
	c.ignored[name] = struct{}{}
}

// keyTarget is what a key at the top of a document, or in the object of an extension, names.
type keyTarget struct {
	urn       string     // canonical; "" is the core schema
	attribute *Attribute // nil: the schema as a whole
	sub       *Attribute // nil: the attribute as a whole
}

func (k keyTarget) name() string {
	switch {
	case k.attribute == nil:
		return k.urn
	case k.sub != nil:
		return qualified(k.urn, k.attribute.Name) + "." + k.sub.Name
	}
	return qualified(k.urn, k.attribute.Name)
}

// qualified names an attribute as RFC 7644 section 3.10 does.
func qualified(urn, name string) string {
	if urn == "" {
		return name
	}
	return urn + ":" + name
}

// resolve finds what a key at the top of a document names.
func (t *ResourceType) resolve(key string) (keyTarget, bool) {
	urn, rest := t.cutURN(key)
	if urn == "" {
		return t.resolveIn(t.CoreURN(), key)
	}
	if rest == "" {
		return keyTarget{urn: t.extension(urn)}, true
	}
	return t.resolveIn(urn, rest)
}

// resolveIn finds name or name.sub in one schema.
func (t *ResourceType) resolveIn(urn, key string) (keyTarget, bool) {
	target := keyTarget{urn: t.extension(urn), attribute: t.Attribute(urn, key)}
	if target.attribute != nil {
		return target, true
	}
	name, sub, dotted := strings.Cut(key, ".")
	if !dotted {
		return target, false
	}
	if target.attribute = t.Attribute(urn, name); target.attribute == nil || target.attribute.MultiValued {
		return target, false
	}
	target.sub = subAttribute(target.attribute, sub)
	return target, target.sub != nil
}

// extension returns the URN of an extension, and "" for that of the core.
func (t *ResourceType) extension(urn string) string {
	if urn == t.CoreURN() {
		return ""
	}
	return urn
}

// cutURN splits a key into the canonical URN before it, if there is one, and the rest: URN, URN:name or URN.name.
// The longest URN counts, because some begin with another one.
func (t *ResourceType) cutURN(key string) (urn, rest string) {
	if len(key) < 4 || !strings.EqualFold(key[:4], "urn:") {
		return "", key
	}
	if urn = t.URN(key); urn != "" {
		return urn, ""
	}
	for i := len(key) - 1; i > 0; i-- {
		if key[i] != ':' && key[i] != '.' {
			continue
		}
		if urn = t.URN(key[:i]); urn != "" {
			return urn, key[i+1:]
		}
	}
	return "", key
}

// subAttribute finds a sub-attribute. Slack calls the manager's value managerId, also in SCIM 2.0 (DOC).
func subAttribute(a *Attribute, name string) *Attribute {
	if a.Name == "manager" && strings.EqualFold(name, "managerId") {
		name = "value"
	}
	return a.SubAttribute(name)
}

// kept reports whether a client may write the attribute, and it is stored. A $ref follows from the value beside it.
func (a *Attribute) kept() bool {
	return a.Mutability != "readOnly" && a.Mutability != "writeOnly" && a.Returned != "never" && a.Name != "$ref"
}

func (c *canonicalizer) put(target keyTarget, value any) error {
	if target.attribute == nil {
		return c.putSchema(target.urn, value)
	}
	attribute := target.attribute
	if !attribute.kept() {
		return nil
	}
	if target.sub != nil {
		if !target.sub.kept() {
			return nil
		}
		value = Object{target.sub.Name: value}
	}
	name := qualified(target.urn, attribute.Name)
	out, fault := c.attribute(attribute, value, name)
	if fault != nil {
		return fault.asError(name)
	}
	if saysNothing(out) {
		return nil
	}
	into := c.doc
	if target.urn != "" {
		if into = c.doc.Object(target.urn); into == nil {
			into = make(Object)
			c.doc[target.urn] = into
		}
	}
	if !unite(into, attribute.Name, out) {
		return Errorf(InvalidValue, "%s is given more than once, with different values", target.name())
	}
	return nil
}

// putSchema takes the object of an extension, or one in which a client wrapped the core.
func (c *canonicalizer) putSchema(urn string, value any) error {
	schema := urn
	if urn == "" {
		schema = c.t.CoreURN()
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	switch v := value.(type) {
	case Object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			target, ok := c.t.resolveIn(schema, key)
			if !ok {
				c.ignore(qualified(urn, key))
				continue
			}
			if err := c.put(target, v[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(v) == 0 {
			return nil // an empty object, as PHP writes it
		}
	case nil:
		return c.clearExtension(urn)
	case string:
		if v == "" {
			return c.clearExtension(urn)
		}
	}
	return Errorf(InvalidValue, "%s must be an object with the attributes of that schema", schema)
}

func (c *canonicalizer) clearExtension(urn string) error {
	for _, name := range c.t.parts("", urn) {
		if err := c.put(keyTarget{urn: urn, attribute: c.t.Attribute(urn, name)}, nil); err != nil {
			return err
		}
	}
	return nil
}

// unite adds the value of an attribute that may have come before in another spelling. It reports false if the two disagree.
func unite(into Object, name string, value any) bool {
	earlier, ok := into[name]
	if !ok {
		into[name] = value
		return true
	}
	a, okA := earlier.(Object)
	b, okB := value.(Object)
	if !okA || !okB {
		return equalValue(earlier, value)
	}
	for k, v := range b {
		if !unite(a, k, v) {
			return false
		}
	}
	return true
}

// saysNothing reports whether a value that a client sent holds nothing that is kept, and does not clear anything either.
func saysNothing(value any) bool {
	switch v := value.(type) {
	case Object:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}
