package scim

import (
	"time"
)

// Meta is what an answer tells about a resource beside its document (RFC 7643 section 3.1). What is empty or zero is left out.
type Meta struct {
	ID       string
	Location string // absolute URL
	Version  string // entity tag, as in the ETag header
	Created  time.Time
	Modified time.Time
}

// Render makes the answer of a document: schemas (the core's and those of the extensions that have a value), id, meta with
// times in UTC to the millisecond, and what has a value. Attributes that are nil or empty are left out at every depth,
// and so are the password and whatever the schemas do not know. groups of a user and members of a group
// are rendered if the caller put them into doc. The result shares nothing with doc.
func (t *ResourceType) Render(doc Object, m Meta) Object {
	out := make(Object, len(doc)+3)
	schemas := append(make([]any, 0, 1+len(t.Extensions)), t.CoreURN())
	t.renderAttributes(out, "", doc)
	for _, e := range t.Extensions {
		attributes := doc.Object(e.ID)
		if attributes == nil {
			continue
		}
		extension := make(Object, len(attributes))
		if t.renderAttributes(extension, e.ID, attributes); len(extension) > 0 {
			out[e.ID] = extension
			schemas = append(schemas, e.ID)
		}
	}
	out["schemas"] = schemas
	setText(out, "id", m.ID)
	out["meta"] = t.meta(m)
	return out
}

func (t *ResourceType) renderAttributes(out Object, urn string, attributes Object) {
	for name, value := range attributes {
		a := t.Attribute(urn, name)
		if a == nil || a.Name != name || a.Returned == "never" {
			continue
		}
		if v := withoutEmpty(value); v != nil {
			out[name] = v
		}
	}
}

func (t *ResourceType) meta(m Meta) Object {
	meta := Object{"resourceType": t.Name}
	setText(meta, "location", m.Location)
	setText(meta, "version", m.Version)
	if !m.Created.IsZero() {
		meta["created"] = dateTime(m.Created)
	}
	if !m.Modified.IsZero() {
		meta["lastModified"] = dateTime(m.Modified)
	}
	return meta
}

func setText(o Object, name, value string) {
	delete(o, name)
	if value != "" {
		o[name] = value
	}
}

// dateTimeLayout is RFC 3339, always with three decimals, so that texts sort like times.
const dateTimeLayout = "2006-01-02T15:04:05.000Z"

func dateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// withoutEmpty returns a deep copy without what is nil or empty, or nil if nothing is left.
func withoutEmpty(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case Object:
		out := make(Object, len(v))
		for name, part := range v {
			if kept := withoutEmpty(part); kept != nil {
				out[name] = kept
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, part := range v {
			if kept := withoutEmpty(part); kept != nil {
				out = append(out, kept)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return value
}
