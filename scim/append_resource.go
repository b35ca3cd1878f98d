package scim

import (
	"bytes"
	"slices"
)

// AppendResource appends the answer of a document, as AppendJSON(dst, t.Render(doc, m)) would, without the copy that Render makes. Lists
// spend most of their time here.
func (t *ResourceType) AppendResource(dst []byte, doc Object, m Meta) []byte {
	dst = append(dst, `{"schemas":[`...)
	dst = appendString(dst, t.CoreURN())
	for _, e := range t.Extensions {
		if attributes := doc.Object(e.ID); attributes != nil && t.says(e.ID, attributes) {
			dst = append(dst, ',')
			dst = appendString(dst, e.ID)
		}
	}
	dst = append(dst, ']')
	if m.ID != "" {
		dst = append(dst, `,"id":`...)
		dst = appendString(dst, m.ID)
	}
	dst = t.appendMeta(dst, m)
	var buffer [24]string
	keys := buffer[:0]
	for name := range doc {
		if name != "id" && name != "schemas" && name != "meta" {
			keys = append(keys, name)
		}
	}
	slices.SortFunc(keys, compareKeys)
	for _, name := range keys {
		start := len(dst)
		dst = append(dst, ',')
		dst = appendString(dst, name)
		dst = append(dst, ':')
		var kept bool
		if dst, kept = t.appendTop(dst, name, doc[name]); !kept {
			dst = dst[:start]
		}
	}
	return append(dst, '}')
}

// says reports whether anything of an extension is answered.
func (t *ResourceType) says(urn string, attributes Object) bool {
	for name, value := range attributes {
		if t.answers(urn, name) && !isEmpty(value) {
			return true
		}
	}
	return false
}

// answers reports whether an attribute, by its canonical name, is known and may be answered.
func (t *ResourceType) answers(urn, name string) bool {
	a := t.Attribute(urn, name)
	return a != nil && a.Name == name && a.Returned != "never"
}

// appendTop appends the value of an attribute of the core, or of a whole extension.
func (t *ResourceType) appendTop(dst []byte, name string, value any) (out []byte, kept bool) {
	if t.answers("", name) {
		return appendFilled(dst, value)
	}
	extension, ok := value.(Object)
	if !ok || !t.isExtension(name) {
		return dst, false
	}
	return appendParts(dst, extension, func(part string) bool { return t.answers(name, part) })
}

func (t *ResourceType) appendMeta(dst []byte, m Meta) []byte {
	dst = append(dst, `,"meta":{`...)
	if !m.Created.IsZero() {
		dst = append(m.Created.UTC().AppendFormat(append(dst, `"created":"`...), dateTimeLayout), `",`...)
	}
	if !m.Modified.IsZero() {
		dst = append(m.Modified.UTC().AppendFormat(append(dst, `"lastModified":"`...), dateTimeLayout), `",`...)
	}
	if m.Location != "" {
		dst = append(appendString(append(dst, `"location":`...), m.Location), ',')
	}
	dst = appendString(append(dst, `"resourceType":`...), t.Name)
	if m.Version != "" {
		dst = appendString(append(dst, `,"version":`...), m.Version)
	}
	return append(dst, '}')
}

// appendFilled appends a value without what is nil or empty in it, or nothing if nothing is left.
func appendFilled(dst []byte, value any) (out []byte, kept bool) {
	switch v := value.(type) {
	case nil:
		return dst, false
	case string:
		if v == "" {
			return dst, false
		}
	case Object:
		return appendParts(dst, v, func(string) bool { return true })
	case []any:
		start := len(dst)
		dst = append(dst, '[')
		for i := range v {
			before := len(dst)
			if kept {
				dst = append(dst, ',')
			}
			var filled bool
			if dst, filled = appendFilled(dst, v[i]); !filled {
				dst = dst[:before]
			}
			kept = kept || filled
		}
		if !kept {
			return dst[:start], false
		}
		return append(dst, ']'), true
	}
	return appendValue(dst, value), true
}

// appendParts appends an object of those parts that have a value and are wanted.
func appendParts(dst []byte, o Object, wanted func(string) bool) (out []byte, kept bool) {
	var buffer [24]string
	keys := buffer[:0]
	for k := range o {
		if wanted(k) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, compareKeys)
	start := len(dst)
	dst = append(dst, '{')
	for _, k := range keys {
		before := len(dst)
		if kept {
			dst = append(dst, ',')
		}
		dst = appendString(dst, k)
		dst = append(dst, ':')
		var filled bool
		if dst, filled = appendFilled(dst, o[k]); !filled {
			dst = dst[:before]
		}
		kept = kept || filled
	}
	if !kept {
		return dst[:start], false
	}
	return append(dst, '}'), true
}

// isEmpty reports whether nothing is in a value at any depth.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case Object:
		for _, part := range v {
			if !isEmpty(part) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(part any) bool { return !isEmpty(part) })
	}
	return false
}

// AppendStored appends the answer of a document that is there as AppendJSON wrote it, without reading it, as AppendResource
// would. groups is the JSON of that attribute, or nil. It reports false, and appends nothing, if the document may hold what an answer leaves
// out: null, "", [] or {}.
func (t *ResourceType) AppendStored(dst, document []byte, groups []byte, m Meta) (out []byte, ok bool) {
	var says [8]bool // by the index of the extension
	if len(document) < len(`{"a":1}`) || !t.inspect(document, says[:len(t.Extensions)]) {
		return dst, false
	}
	dst = append(dst, `{"schemas":[`...)
	dst = appendString(dst, t.CoreURN())
	for i, e := range t.Extensions {
		if says[i] {
			dst = append(dst, ',')
			dst = appendString(dst, e.ID)
		}
	}
	dst = append(dst, ']')
	if m.ID != "" {
		dst = append(dst, `,"id":`...)
		dst = appendString(dst, m.ID)
	}
	dst = t.appendMeta(dst, m)
	if groups != nil {
		dst = append(append(dst, `,"groups":`...), groups...)
	}
	return append(append(dst, ','), document[1:]...), true
}

// inspect notes the extensions of a stored document. It reports false if something in it may be empty; in doubt, for a text may
// look like it, it does so too.
func (t *ResourceType) inspect(document []byte, says []bool) (filled bool) {
	for i := range len(document) - 1 {
		switch c, next := document[i], document[i+1]; {
		case c > '{' || c < '"':
		case c == '"':
			if next == '"' {
				return false
			}
			if next == 'u' { // in a text a quotation mark has a backslash before it, and the key would end with one
				for e, key := range t.extensionKeys {
					says[e] = says[e] || bytes.HasPrefix(document[i:], key)
				}
			}
		case c == '[' && next == ']', c == '{' && next == '}', next == 'n' && (c == ':' || c == ',' || c == '['):
			return false
		}
	}
	return true
}
