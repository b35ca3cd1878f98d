package translate

import (
	"github.com/expr-lang/expr/vm"

	"scim2slack/scim"
)

// bench is what one evaluation works with. It is used again for the next person.
type bench struct {
	machine vm.VM
	doc     scim.Object
	lists   map[string][]element // those that were read, by their names
	person  map[string]any       // what the program sees, by the paths of readable
}

func newBench() any {
	b := &bench{lists: map[string][]element{}, person: map[string]any{}}
	b.person["attr"] = func(path string) string { return attrText(b.doc, path) }
	return b
}

// begin lays out what rules read of a document.
func (r *Rules) begin(doc scim.Object, groups []string, reads []attribute) *bench {
	b := r.pool.Get().(*bench)
	b.doc = doc
	active, said := doc["active"].(bool)
	b.person["active"] = active || !said
	b.person["groups"] = groups[:min(len(groups), maxList)]
	for _, a := range reads {
		if a.value != nil {
			b.person[a.path] = a.value(b)
		}
	}
	return b
}

// end forgets the person.
func (r *Rules) end(b *bench) {
	attr := b.person["attr"]
	clear(b.lists)
	clear(b.person)
	b.person["attr"], b.doc = attr, nil
	r.pool.Put(b)
}

// list is a multi-valued attribute of the document, read once for all rules.
func (b *bench) list(name string) []element {
	list, known := b.lists[name]
	if !known {
		wanted := listTexts
		if name == "addresses" {
			wanted = addressTexts
		}
		list = elements(b.doc[name], wanted...)
		b.lists[name] = list
	}
	return list
}

// listTexts are the parts whose text stands for a value of a list, the best first.
var listTexts = []string{"value", "display"}
