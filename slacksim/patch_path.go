package slacksim

import (
	"encoding/json"
	"regexp"
	"strings"
)

// patchOp is one operation of a v2 PATCH.
type patchOp struct {
	op    operation
	path  patchPath
	value any
	// valueGiven tells a value of null from none.
	valueGiven bool
	pathless   bool
}

// patchPath is the path of an operation.
type patchPath struct {
	urn       string // of an extension, or ""
	attribute string // in lower case; "" is the extension as a whole
	filtered  bool
	filterBy  string // value or primary
	filterVal string
	sub       string // in lower case; may have a dot
}

// pathForm is attribute[filterBy eq filterVal].sub, of which the middle and
// the end are optional.
var pathForm = regexp.MustCompile(`^([A-Za-z]+)(?:\[(\w+) (?i:eq) ("(?:[^"\\]|\\.)*"|[^"\]\s]+)\])?(?:\.([A-Za-z.]+))?$`)

// parsePath reads the forms of paths that Slack's samples and its clients
// show. Filter values may be quoted (CODE) or bare (DOC). An extension's
// attribute follows its URN after a colon or a dot (DOC has both).
func parsePath(s string) (patchPath, *apiError) {
	for _, urn := range []string{urnUser2, urnGroup2, urnEnterprise2, urnGuest2, urnProfile2} {
		rest, ok := cutPrefixFold(s, urn)
		if !ok {
			continue
		}
		if rest == "" {
			return patchPath{urn: urn}, nil
		}
		if rest[0] != ':' && rest[0] != '.' {
			continue
		}
		p, refusal := parsePath(rest[1:])
		if refusal != nil || p.urn != "" {
			return p, invalidPath(s)
		}
		if urn != urnUser2 && urn != urnGroup2 {
			p.urn = urn
		}
		return p, nil
	}
	m := pathForm.FindStringSubmatch(s)
	if m == nil {
		return patchPath{}, invalidPath(s)
	}
	p := patchPath{attribute: strings.ToLower(m[1]), filtered: m[2] != "", filterBy: strings.ToLower(m[2]), sub: strings.ToLower(m[4])}
	p.filterVal = m[3]
	if strings.HasPrefix(m[3], `"`) && json.Unmarshal([]byte(m[3]), &p.filterVal) != nil {
		return patchPath{}, invalidPath(s)
	}
	return p, nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func invalidPath(path string) *apiError { return bad("invalid_attribute_format", "path", path) }

// operations reads the operations of a v2 PATCH.
func (c *call) operations(body map[string]any) ([]patchOp, *apiError) {
	if refusal := requireSchema(body, urnPatch); refusal != nil {
		return nil, refusal
	}
	list, ok := body["Operations"].([]any)
	if !ok || len(list) == 0 {
		return nil, bad("invalid_request_payload")
	}
	var out []patchOp
	for _, v := range list {
		fields, ok := v.(map[string]any)
		if !ok {
			return nil, bad("invalid_request_payload")
		}
		op, refusal := c.operation(fields)
		if refusal != nil {
			return nil, refusal
		}
		if op.pathless && c.sim.opts.Pathless == PathlessIgnored {
			continue
		}
		out = append(out, op)
	}
	return out, nil
}

// operation reads one operation. The case of op does not matter (CODE).
func (c *call) operation(fields map[string]any) (op patchOp, refusal *apiError) {
	name, _ := fields["op"].(string)
	op.op = map[string]operation{"add": opAdd, "replace": opReplace, "remove": opRemove}[strings.ToLower(name)]
	if op.op == 0 {
		return op, bad("invalid_request_payload")
	}
	op.value, op.valueGiven = fields["value"]
	path, ok := fields["path"].(string)
	if ok && path != "" {
		op.path, refusal = parsePath(path)
		return op, refusal
	}
	op.pathless = true
	if c.sim.opts.Pathless == PathlessRefused {
		return op, invalidPath("")
	}
	return op, nil
}
