package translate

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// partsOf counts the parts of an expression where a variable, and the # of a condition, count as all that they stand for. What is made of a few texts by
// naming them again and again grows with this number and not with the length of the expression. It stops counting beyond maxNodes. An expression that is none has 0 parts.
func partsOf(expression string) int {
	tree, err := parser.Parse(expression)
	if err != nil {
		return 0
	}
	c := counter{variables: map[string]ast.Node{}, lists: map[ast.Node]ast.Node{}, counted: map[ast.Node]int{}}
	ast.Walk(&tree.Node, &c)
	return c.count(tree.Node)
}

// counter knows what stands for what.
type counter struct {
	variables map[string]ast.Node
	lists     map[ast.Node]ast.Node // of each # the list
	counted   map[ast.Node]int
}

// Visit notes what a node says of others.
func (c *counter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.VariableDeclaratorNode:
		c.variables[n.Name] = n.Value
	case *ast.BuiltinNode:
		for i := 1; i < len(n.Arguments); i++ {
			ast.Walk(&n.Arguments[i], visitor(func(inner ast.Node) {
				if _, is := inner.(*ast.PointerNode); is {
					c.lists[inner] = n.Arguments[0]
				}
			}))
		}
	}
}

func (c *counter) count(node ast.Node) int {
	if known, is := c.counted[node]; is {
		return known
	}
	c.counted[node] = 0 // a variable that names itself, which the compiler refuses, ends here
	parts := 0
	ast.Walk(&node, visitor(func(n ast.Node) {
		parts++
		stands := c.lists[n]
		if name, is := n.(*ast.IdentifierNode); is {
			stands = c.variables[name.Value]
		}
		if stands != nil && parts <= maxNodes {
			parts += c.count(stands)
		}
	}))
	c.counted[node] = min(parts, maxNodes+1)
	return c.counted[node]
}

// visitor is called for every node.
type visitor func(ast.Node)

// Visit is called for every node.
func (v visitor) Visit(node *ast.Node) { v(*node) }
