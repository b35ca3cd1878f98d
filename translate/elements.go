package translate

import (
	"slices"
	"strings"

	"scim2slack/scim"
)

// element is one value of a multi-valued attribute.
type element struct {
	text    string // the trimmed text of the first of the wanted sub-attributes that has any; "" if none has
	spoken  bool   // one of the wanted sub-attributes is there, if only to say that it has no value
	kind    string // type in lower case: sources differ in its spelling (push-clients, 2.2)
	primary bool
	object  scim.Object // nil if the source sent a bare value
}

// elements reads a multi-valued attribute; wanted names the sub-attributes whose text counts, the best first. A single object or text
// is taken for a list of one. Values that are neither object nor text are passed over.
func elements(value any, wanted ...string) []element {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	out := make([]element, 0, len(list))
	for _, item := range list {
		o, isObject := item.(scim.Object)
		if !isObject {
			if text, ok := textOf(item); ok && item != nil {
				out = append(out, element{text: strings.TrimSpace(text), spoken: true})
			}
			continue
		}
		if len(o) == 0 {
			continue
		}
		e := element{object: o, kind: strings.ToLower(strings.TrimSpace(o.String("type")))}
		flag, _ := textOf(o["primary"]) // "True" as well: push-clients, 3.2
		e.primary = strings.EqualFold(flag, "true")
		for _, name := range wanted {
			if sub, there := o[name]; there {
				text, _ := textOf(sub)
				e.spoken = true
				e.text = strings.TrimSpace(text)
			}
			if e.text != "" {
				break
			}
		}
		out = append(out, e)
	}
	return out
}

// test is a question about an element.
type test func(element) bool

func anyElement(element) bool  { return true }
func isPrimary(e element) bool { return e.primary }
func hasText(e element) bool   { return e.text != "" }
func isType(kinds ...string) test {
	return func(e element) bool { return slices.Contains(kinds, e.kind) }
}

// pick returns the first element that passes the first test that any element passes.
func pick(list []element, preferences ...test) (element, bool) {
	for _, preferred := range preferences {
		if i := slices.IndexFunc(list, preferred); i >= 0 {
			return list[i], true
		}
	}
	return element{}, false
}

// pickAmong is pick among the elements that are eligible.
func pickAmong(list []element, eligible test, preferences ...test) (element, bool) {
	for _, preferred := range preferences {
		for _, e := range list {
			if eligible(e) && preferred(e) {
				return e, true
			}
		}
	}
	return element{}, false
}

// only returns the elements that pass the test.
func only(list []element, wanted test) []element {
	out := make([]element, 0, len(list))
	for _, e := range list {
		if wanted(e) {
			out = append(out, e)
		}
	}
	return out
}

// choose maps a multi-valued attribute of which Slack keeps one: of the eligible elements with a text the one that the preferences
// pick, through the cleaner.
//
// Absent is left alone, and a list without an eligible element says nothing. null, an empty list, and an eligible element
// that is said to have no value clear it.
func (t *translation) choose(m *mapping, wanted []string, eligible test, clean cleaner, preferences ...test) {
	value, spoken := lookup(t.doc, m.schema, m.attribute, "")
	if !spoken {
		return
	}
	candidates := only(elements(value, wanted...), eligible)
	chosen, ok := pickAmong(candidates, hasText, preferences...)
	if !ok {
		if saysNone(value, candidates) {
			t.set(m, "")
		}
		return
	}
	s, ok := t.text(m, chosen.text)
	if !ok {
		return
	}
	if clean != nil {
		if s, ok = clean(t, m, s); !ok {
			return
		}
	}
	t.set(m, s)
}

// saysNone reports that a multi-valued attribute, of which no candidate has a text, is to be cleared: it is null or an empty list, or
// a candidate is said to have no value. An element that has a type and nothing else says nothing of its value.
func saysNone(value any, candidates []element) bool {
	if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(candidates, func(e element) bool { return e.spoken })
}
