package scim

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Patch applies the operations of a PATCH in their order to a copy of doc, which is canonical, and returns the copy. Either
// all are applied or, on an error, none; doc itself is never changed. What an operation does not name stays as it is.
//
// What is cleared becomes nil and keeps its key; an extension that is cleared as a whole has nil for each of its attributes. ignored lists paths and keys that t does not have, as they were written, in
// order; they are no error, because sources send attributes of other products. Read-only attributes inside a value
// (id, meta, schemas, groups) are passed over, as is the password, which is never kept.
//
// The error is a *TooManyError for more than MaxComparisons, or else an *Error that names the operation: InvalidValue (wrong type, missing value, a required attribute cleared, more than
// MaxValues elements), InvalidPath and InvalidFilter (brackets that make no sense), Mutability (a path names a read-only attribute, or removes
// a required one or active, by whose lack nobody could tell a leaver), NoTarget (remove
// without a path; a filter that matches nothing and does not say what the new element should be).
func (t *ResourceType) Patch(doc Object, ops []Operation) (out Object, ignored []string, err error) {
	p := patcher{t: t, doc: maps.Clone(doc)}
	if p.doc == nil {
		p.doc = Object{}
	}
	for i := range ops {
		if err := p.apply(&ops[i]); err != nil {
			if fault := (*Error)(nil); errors.As(err, &fault) {
				err = Errorf(fault.Type, "%s: %s", ops[i].describe(), fault.Detail)
			}
			return nil, nil, err
		}
	}
	return p.doc, p.ignored, nil
}

// patcher holds the document while operations are applied. Nested values are never changed in place: they may belong to the
// document that was given.
type patcher struct {
	t           *ResourceType
	doc         Object
	ignored     []string
	comparisons int // made so far
	// owned are the lists of doc that were copied before, by their attributes: their places may be written to.
	owned map[*Attribute]bool
}

// change is what one operation, or one key of its value, does to one path.
type change struct {
	kind     OperationKind
	path     Path
	value    any
	hasValue bool
	embedded bool // the path is a key of the operation's value
	target   Target
}

// where names the target for messages of CanonicalValue.
func (c *change) where() string {
	if c.target.Sub == nil {
		return c.target.Attribute.Name
	}
	return c.target.Attribute.Name + "." + c.target.Sub.Name
}

// clears reports whether the change gives no value.
func (c *change) clears() bool { return c.kind == OpRemove || c.value == nil }

func (p *patcher) apply(op *Operation) error {
	if op.Path != nil {
		return p.change(&change{kind: op.Kind, path: *op.Path, value: op.Value, hasValue: op.HasValue})
	}
	if op.Kind == OpRemove {
		return Errorf(NoTarget, "remove needs a path that says what to remove")
	}
	value, ok := op.Value.(Object)
	if !ok {
		return Errorf(InvalidValue, "without a path the value must be an object of attributes, it is %s", describe(op.Value))
	}
	return p.object(op.Kind, "", value)
}

// object applies a value whose keys are paths: of attributes, sub-attributes (name.givenName), elements
// (emails[type eq "work"].value), extensions and attributes with a URN. If urn is not empty, the keys are attributes of that schema.
func (p *patcher) object(kind OperationKind, urn string, value Object) error {
	for _, key := range keysInOrder(value) {
		path, ok := pathOfKey(key)
		if !ok || urn != "" && path.Name == "" {
			p.ignore(urn, key)
			continue
		}
		if path.URN == "" {
			path.URN = urn
		}
		if err := p.change(&change{kind: kind, path: path, value: value[key], hasValue: true, embedded: true}); err != nil {
			return err
		}
	}
	return nil
}

// keysInOrder puts a shorter path before one that begins with it: name before name.givenName.
func keysInOrder(o Object) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	if len(keys) > 1 {
		slices.SortFunc(keys, func(a, b string) int {
			if order := compareFolded(a, b); order != 0 {
				return order
			}
			return strings.Compare(a, b)
		})
	}
	return keys
}

// compareFolded compares as if all letters of ASCII were small.
func compareFolded(a, b string) int {
	for i := range min(len(a), len(b)) {
		if order := int(lower(a[i])) - int(lower(b[i])); order != 0 {
			return order
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func (p *patcher) ignore(urn, name string) {
	if urn != "" {
		name = urn + ":" + name
	}
	p.ignored = append(p.ignored, name)
}

func (p *patcher) change(c *change) error {
	target, err := p.t.Resolve(c.path)
	if err != nil {
		p.ignore("", c.path.String())
		return nil //nolint:nilerr // what the schema does not have is ignored, and named to the caller
	}
	c.target = target
	if target.Attribute == nil {
		return p.schema(c)
	}
	if skip, err := c.check(); skip || err != nil {
		return err
	}
	old, present := target.value(p.doc)
	var value any
	keep := false
	switch a := target.Attribute; {
	case a.MultiValued:
		value, keep, err = p.list(c, old)
	case a.Type == TypeComplex:
		value, keep, err = p.complex(c, old, present)
	default:
		value, err = p.single(a, c)
	}
	if err != nil || keep {
		return err
	}
	if value == nil && target.Attribute.Required {
		return Errorf(InvalidValue, "%s is required and cannot be cleared", target.Attribute.Name)
	}
	p.set(value, c)
	return nil
}

// check tells whether the change is to be passed over, or is not allowed.
func (c *change) check() (skip bool, err error) {
	a, sub := c.target.Attribute, c.target.Sub
	if a.Mutability == "readOnly" || sub != nil && sub.Mutability == "readOnly" {
		if c.embedded {
			return true, nil
		}
		return true, Errorf(Mutability, "%s is read-only", c.where())
	}
	if !a.kept() || sub != nil && !sub.kept() {
		return true, nil // the password, and $ref which follows from the value
	}
	if c.path.Filter != nil && !a.MultiValued {
		return true, Errorf(InvalidPath, "%s has one value only; leave the brackets out", a.Name)
	}
	if c.kind == OpRemove && (a.Required || a.Name == "active") { // RFC 7644 section 3.5.2.2
		return true, Errorf(Mutability, "%s is required and cannot be removed; replace it", a.Name)
	}
	if err := c.path.checkElements(a); err != nil {
		return true, err
	}
	if !c.hasValue && c.kind != OpRemove {
		return true, Errorf(InvalidValue, "%s needs a value", c.kind)
	}
	return false, nil
}

// schema applies a change whose path is the URN of a whole schema.
func (p *patcher) schema(c *change) error {
	if value, ok := c.value.(Object); ok && c.kind != OpRemove {
		if c.target.URN == "" {
			return p.object(c.kind, p.t.Schema.ID, value)
		}
		return p.object(c.kind, c.target.URN, value)
	}
	switch {
	case c.target.URN == "" && c.kind == OpRemove:
		return Errorf(NoTarget, "the attributes of %s cannot be removed all at once", c.path.URN)
	case c.target.URN == "" || !c.clears() || !c.hasValue && c.kind != OpRemove:
		return Errorf(InvalidValue, "the value of %s must be an object of its attributes, it is %s", c.path.URN, describe(c.value))
	}
	p.doc[c.target.URN] = cleared(slices.Collect(maps.Values(p.t.attributes[strings.ToLower(c.target.URN)])))
	return nil
}

// set writes the attribute's new value into the document.
func (p *patcher) set(value any, c *change) {
	name := c.target.Attribute.Name
	if c.target.URN == "" {
		p.doc[name] = value
		return
	}
	extension := maps.Clone(p.doc.Object(c.target.URN))
	if extension == nil {
		extension = Object{}
	}
	extension[name] = value
	p.doc[c.target.URN] = extension
}

// cleared returns an object in which every attribute that a source may write is nil: an extension that is cleared as a whole, or
// a complex attribute that was, and of which one part gets a value again while the others are still cleared, not unspoken of.
func cleared(attributes []*Attribute) Object {
	o := make(Object, len(attributes))
	for _, a := range attributes {
		if a.kept() {
			o[a.Name] = nil
		}
	}
	return o
}
