package translate

import (
	"errors"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// reader finds out what an expression reads, and refuses what could take for ever or cannot be known before it runs.
type reader struct {
	reads   []attribute
	problem error
}

// Visit is called for every node, parts before their whole.
func (r *reader) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.note(n.Value)
	case *ast.MemberNode:
		parent, isName := n.Node.(*ast.IdentifierNode)
		part, isText := n.Property.(*ast.StringNode)
		if isName && isText && r.note(parent.Value+"."+part.Value) {
			ast.Patch(node, &ast.IdentifierNode{Value: parent.Value + "." + part.Value})
		}
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok && name.Value == "attr" {
			r.noteCall(n)
		}
	case *ast.BinaryNode:
		if _, written := n.Right.(*ast.StringNode); n.Operator == "matches" && !written {
			r.refuse("matches wants its pattern in quotes")
		}
		if n.Operator == ".." {
			r.refuse("has a range of numbers, of which nothing of a person is made")
		}
	case *ast.PredicateNode:
		ast.Walk(&n.Node, visitor(func(inner ast.Node) {
			if _, is := inner.(*ast.PredicateNode); is {
				r.refuse("has a condition on a list within another one: use one at a time")
			}
		}))
	}
}

func (r *reader) refuse(why string) {
	if r.problem == nil {
		r.problem = errors.New(why)
	}
}

// note remembers that an attribute is read, and reports whether there is one of this path.
func (r *reader) note(path string) bool {
	a, known := attributeNamed(path)
	if known && !slices.ContainsFunc(r.reads, func(b attribute) bool { return b.path == path }) {
		r.reads = append(r.reads, a)
	}
	return known
}

func (r *reader) noteCall(n *ast.CallNode) {
	if len(n.Arguments) != 1 {
		return // the compiler says so
	}
	path, ok := n.Arguments[0].(*ast.StringNode)
	if !ok || path.Value == "" {
		r.refuse("attr wants the path of an attribute in quotes, such as attr(\"urn:example:Badge:number\")")
		return
	}
	r.reads = append(r.reads, anyAttribute(path.Value))
}
