package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// readYAML reads the file key by key, so that every fault is found with its place. Anchors, aliases, tags and merge
// keys are refused: they hide what the configuration says.
func (l *loader) readYAML(content []byte) {
	l.lines = strings.Split(string(content), "\n")
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		l.unparsed = true
		// The error's own text has the excerpt of the file in it, and so perhaps a token.
		if e := yaml.Error(nil); errors.As(err, &e) {
			l.report(at(e.GetToken()), "", "not YAML: %s", e.GetMessage())
		} else {
			l.report(origin{}, "", "not YAML")
		}
		return
	}
	bodies := 0
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		if bodies++; bodies > 1 {
			l.report(at(document.Body.GetToken()), "", "begins a second document: keep one")
			return
		}
		l.readMapping(document.Body, "", l.gatewayReaders())
	}
}

// readers say, for each key of a mapping, what becomes of its value.
type readers map[string]func(path string, value ast.Node)

func (l *loader) gatewayReaders() readers {
	r := l.keyReaders(gatewayKeys(l.config), "")
	r["slack.limits"] = l.readLimits
	r["admin.tokens"] = l.readAdminTokens
	r["sources"] = l.readSources
	return r
}

// keyReaders makes readers of keys. prefix stands before their paths, with its dot.
func (l *loader) keyReaders(keys []key, prefix string) readers {
	r := readers{}
	for _, k := range keys {
		r[prefix+k.path] = func(path string, value ast.Node) { l.readKey(path, k, value) }
	}
	return r
}

// readMapping reads the mapping at path ("" is the whole file) with the readers, whose keys are full paths.
func (l *loader) readMapping(node ast.Node, path string, r readers) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		if _, null := node.(*ast.NullNode); !null { // "slack:" with nothing below says nothing
			l.report(at(node.GetToken()), path, "is %s: use keys with values below it", describe(node))
		}
		return
	}
	seen := map[string]origin{}
	for _, entry := range mapping.Values {
		name, place := keyText(entry.Key), at(entry.Key.GetToken())
		full := strings.TrimPrefix(path+"."+name, ".")
		if before, twice := seen[name]; twice {
			l.report(place, full, "is given twice, first in line %d: leave one out", before.line)
			continue
		}
		read, known := r[full]
		inner := slices.ContainsFunc(sortedNames(r), func(k string) bool { return strings.HasPrefix(k, full+".") })
		if !known && !inner {
			l.reportUnknown(place, path, name, r)
			continue
		}
		seen[name] = place
		l.origins[full] = place
		if known {
			read(full, entry.Value)
		} else {
			l.readMapping(entry.Value, full, r)
		}
	}
}

func (l *loader) reportUnknown(place origin, path, name string, r readers) {
	var known []string
	for full := range r {
		rest, below := strings.CutPrefix(full, path+".")
		if path == "" {
			rest, below = full, true
		}
		if first, _, _ := strings.Cut(rest, "."); below && !slices.Contains(known, first) {
			known = append(known, first)
		}
	}
	slices.Sort(known)
	full := path
	problem := "a key that does not exist here"
	if showable.MatchString(name) && !strings.HasPrefix(name, "xox") {
		full = strings.TrimPrefix(path+"."+name, ".")
		problem = "no such key"
	}
	l.report(place, full, "%s: use %s", problem, alternatives(known))
}

// showable is a name that somebody meant as a key. Anything else may be a token in the wrong place, and is not shown.
var showable = regexp.MustCompile(`^[A-Za-z_.-]{1,32}$`)

func (l *loader) readSources(path string, node ast.Node) {
	l.readEach(path, node, "source", func(_ int, here string) readers {
		source := newSourceConfig("")
		l.config.Sources = append(l.config.Sources, source)
		all := l.keyReaders(sourceKeys(source), here+".")
		maps.Copy(all, l.staticReaders(source, here+"."))
		maps.Copy(all, l.jwtReaders(source, here+"."))
		maps.Copy(all, l.clientReaders(source, here+"."))
		maps.Copy(all, l.rulesReaders(&source.Rules, here+"."))
		return all
	})
}

// readEach reads a list of mappings. add is called for each, makes room for it and returns the readers of its keys, which are full paths
// and so begin with here, such as sources[0].
func (l *loader) readEach(path string, node ast.Node, what string, add func(i int, here string) readers) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		l.report(at(node.GetToken()), path, "is %s: use a list, each %s after a dash", describe(node), what)
		return
	}
	for i, item := range list.Values {
		here := fmt.Sprintf("%s[%d]", path, i)
		l.origins[here] = at(item.GetToken())
		if mapping, ok := item.(*ast.MappingNode); ok && len(mapping.Values) > 0 {
			l.origins[here] = at(mapping.Values[0].Key.GetToken())
		}
		l.readMapping(item, here, add(i, here))
	}
}

func (l *loader) readKey(path string, k key, node ast.Node) {
	texts, problem := textsOf(node, k.kind)
	if problem == "" {
		if err := k.set(texts); err != nil {
			problem = err.Error()
		}
	}
	if problem != "" {
		l.report(at(node.GetToken()), path, "%s", problem)
	}
}

// wanted is what each kind of value looks like in the file.
var wanted = map[kind]string{
	kindText: "a string", kindBoolean: "true or false", kindNumber: "a number",
	kindDuration: "a number with a unit, such as 3s", kindList: "a list of strings, such as [a, b]",
}

// textsOf returns the text of a scalar, or those of a list. Otherwise it says what is wrong.
func textsOf(node ast.Node, k kind) (texts []string, problem string) {
	if list, ok := node.(*ast.SequenceNode); ok && k == kindList {
		texts = []string{}
		for _, item := range list.Values {
			text, ok := stringOf(item)
			if !ok {
				return nil, fmt.Sprintf("holds %s: use %s", describe(item), wanted[k])
			}
			texts = append(texts, text)
		}
		return texts, ""
	}
	text, isString := stringOf(node)
	switch n := node.(type) {
	case *ast.BoolNode:
		if k == kindBoolean {
			return []string{fmt.Sprint(n.Value)}, ""
		}
	case *ast.IntegerNode:
		if text = n.GetToken().Value; k == kindNumber || k == kindDuration && text == "0" {
			return []string{text}, ""
		}
		if k == kindText {
			return nil, "is a number: put it in quotes"
		}
	case *ast.FloatNode:
		if k == kindNumber {
			return []string{n.GetToken().Value}, ""
		}
		if k == kindText {
			return nil, "is a number: put it in quotes"
		}
	}
	if isString && (k == kindText || k == kindDuration) {
		return []string{text}, ""
	}
	return nil, fmt.Sprintf("is %s: use %s", describe(node), wanted[k])
}

func stringOf(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	}
	return "", false
}

func keyText(node ast.MapKeyNode) string {
	if s, ok := node.(*ast.StringNode); ok {
		return s.Value
	}
	return ""
}

// describe names the kind of a value without showing it.
func describe(node ast.Node) string {
	switch node.(type) {
	case *ast.NullNode:
		return "empty"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "a string"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which are not understood here"
	}
	return "something else"
}

func at(t *token.Token) origin {
	if t == nil || t.Position == nil {
		return origin{line: 1, column: 1}
	}
	return origin{line: max(1, t.Position.Line), column: max(1, t.Position.Column)}
}
