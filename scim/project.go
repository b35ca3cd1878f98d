package scim

import (
	"maps"
	"strings"
)

// Projection chooses the attributes of an answer (RFC 7644 section 3.9). The zero Projection chooses all that are returned by default.
type Projection struct {
	mode   projectionMode
	chosen map[string]*selection // by canonical URN of an extension, "" for the core schema
}

type projectionMode int

const (
	byDefault projectionMode = iota
	only
	except
)

// selection holds the attributes of one schema that a projection names.
type selection struct {
	whole      bool                       // the schema itself was named
	attributes map[string]map[string]bool // sub-attributes by canonical attribute; an empty map means the attribute as a whole
}

// All reports whether the projection leaves nothing out.
func (p Projection) All() bool { return p.mode == byDefault }

// ParseProjection reads the parameters attributes and excludedAttributes, lists of paths with commas between them. Names may be in
// any letter case, with or without a schema URN. Names that t does not have are passed over, and brackets (emails[type eq "work"])
// stand for the whole attribute. It returns an *Error of type InvalidValue if both parameters are given or one is longer than MaxFilterLength.
func ParseProjection(attributes, excluded string, t *ResourceType) (Projection, error) {
	attributes, excluded = strings.TrimSpace(attributes), strings.TrimSpace(excluded)
	p := Projection{mode: only}
	text := attributes
	switch {
	case attributes != "" && excluded != "":
		return Projection{}, Errorf(InvalidValue, "attributes and excludedAttributes cannot be used together")
	case excluded != "":
		p.mode, text = except, excluded
	case attributes == "":
		return Projection{}, nil
	}
	if len(text) > MaxFilterLength {
		return Projection{}, Errorf(InvalidValue, "the list of attributes is %d bytes long; at most %d are read", len(text), MaxFilterLength)
	}
	for item := range splitOutsideBrackets(text) {
		path, err := ParsePath(item)
		if err != nil {
			continue
		}
		if target, err := t.Resolve(path); err == nil {
			p.choose(target)
		}
	}
	return p, nil
}

// splitOutsideBrackets yields the items of a list, whose filters may hold commas of their own.
func splitOutsideBrackets(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, depth, quoted := 0, 0, false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case quoted && c == '\\':
				i++
			case c == '"' && depth > 0:
				quoted = !quoted
			case quoted:
			case c == '[':
				depth++
			case c == ']':
				depth--
			case c == ',' && depth <= 0:
				if !yield(text[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(text[start:])
	}
}

func (p *Projection) choose(target Target) {
	if p.chosen == nil {
		p.chosen = map[string]*selection{}
	}
	s := p.chosen[target.URN]
	if s == nil {
		s = &selection{attributes: map[string]map[string]bool{}}
		p.chosen[target.URN] = s
	}
	if target.Attribute == nil {
		s.whole = true
		return
	}
	name := target.Attribute.Name
	subs, known := s.attributes[name]
	switch {
	case target.Sub == nil:
		s.attributes[name] = map[string]bool{}
	case !known:
		s.attributes[name] = map[string]bool{target.Sub.Name: true}
	case len(subs) > 0:
		subs[target.Sub.Name] = true
	}
}

// Wants reports whether the core attribute of that name, in any letter case, is part of the answer, at least in part. A
// caller need not load what is not wanted.
func (p Projection) Wants(attribute string) bool {
	s := p.chosen[""]
	if p.mode == byDefault {
		return true
	}
	if s == nil {
		return p.mode == except
	}
	if s.whole {
		return p.mode == only
	}
	for name, subs := range s.attributes {
		if strings.EqualFold(name, attribute) {
			return p.mode == only || len(subs) > 0
		}
	}
	return p.mode == except
}

// Apply returns the part of o, a rendered document, that the projection chooses. id and schemas are always part of it, the password
// never. o is not changed; the result may share values with it.
func (p Projection) Apply(o Object) Object {
	if p.mode == byDefault {
		return withoutPassword(o)
	}
	out := make(Object, len(o))
	for name, value := range o {
		switch {
		case name == "password":
		case name == "id" || name == "schemas":
			out[name] = value
		case isURN(name):
			if extension, ok := value.(Object); ok {
				putUnlessEmpty(out, name, p.filter(p.chosen[name], extension))
			}
		default:
			if kept, ok := p.attribute(p.chosen[""], name, value); ok {
				out[name] = kept
			}
		}
	}
	return out
}

func withoutPassword(o Object) Object {
	if _, ok := o["password"]; !ok {
		return o
	}
	o = maps.Clone(o)
	delete(o, "password")
	return o
}

func isURN(name string) bool { return strings.Contains(name, ":") }

func putUnlessEmpty(o Object, name string, value Object) {
	if len(value) > 0 {
		o[name] = value
	}
}

// filter projects the attributes of an extension.
func (p Projection) filter(s *selection, extension Object) Object {
	out := make(Object, len(extension))
	for name, value := range extension {
		if kept, ok := p.attribute(s, name, value); ok {
			out[name] = kept
		}
	}
	return out
}

// attribute projects one attribute; ok is false if nothing of it is chosen.
func (p Projection) attribute(s *selection, name string, value any) (kept any, ok bool) {
	if s == nil {
		return value, p.mode == except
	}
	subs, named := s.attributes[name]
	switch {
	case !named || s.whole:
		return value, s.whole == (p.mode == only)
	case len(subs) == 0:
		return value, p.mode == only
	}
	kept = p.subAttributes(subs, value)
	return kept, !isNothing(kept)
}

func (p Projection) subAttributes(subs map[string]bool, value any) any {
	switch v := value.(type) {
	case Object:
		out := make(Object, len(subs))
		for name, sub := range v {
			if subs[name] == (p.mode == only) {
				out[name] = sub
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, element := range v {
			if part := p.subAttributes(subs, element); !isNothing(part) {
				out = append(out, part)
			}
		}
		return out
	}
	return value
}
