package slackapi

import (
	"net/url"
	"strings"

	"scim2slack/scim"
)

// Slack offers SCIM 2.0 not to everybody: where it answers unsupported_version, and on its government hosts, whose connectors speak 1.1
// (CODE), the same calls are written in 1.1. Answers are read in either form everywhere. A change of 1.1 is a partial resource: what is there
// overwrites, elements of lists are added, and what meta.attributes names is cleared before (DOC).

const (
	coreV1       = "urn:scim:schemas:core:1.0"
	enterpriseV1 = "urn:scim:schemas:extension:enterprise:1.0"
	guestV1      = "urn:scim:schemas:extension:slack:guest:1.0"
	profileV1    = "urn:scim:schemas:extension:slack:profile:1.0"
)

// urnsV1 are the schemas of 2.0 in 1.1.
var urnsV1 = map[string]string{
	scim.UserSchema: coreV1, scim.GroupSchema: coreV1, scim.EnterpriseSchema: enterpriseV1,
	scim.SlackGuestSchema: guestV1, scim.SlackProfileSchema: profileV1,
}

// governmentHost is where Slack's government edition is, which BATON addresses in version 1 (CODE).
const governmentHost = "slack-gov.com"

// startsWithV1 reports whether an address is known to speak 1.1.
func startsWithV1(scimURL string) bool {
	u, err := url.Parse(scimURL)
	return err == nil && (u.Hostname() == governmentHost || strings.HasSuffix(u.Hostname(), "."+governmentHost))
}

// bodyV1 writes the body of a request of 2.0 as 1.1 has it.
func bodyV1(body any) any {
	object, ok := body.(map[string]any)
	if !ok {
		return body
	}
	if operations, patch := object["Operations"].([]operation); patch {
		return partialV1(operations)
	}
	out := map[string]any{}
	for name, value := range object {
		if urn, known := urnsV1[name]; known {
			name = urn
		}
		out[name] = value
	}
	out["schemas"] = schemasV1(out)
	return out
}

// schemasV1 lists the core schema and the extensions in use.
func schemasV1(body map[string]any) []string {
	schemas := []string{coreV1}
	for _, urn := range []string{enterpriseV1, profileV1, guestV1} {
		if _, used := body[urn]; used {
			schemas = append(schemas, urn)
		}
	}
	return schemas
}

// partial is a partial resource in the making.
type partial struct {
	body    map[string]any
	cleared []string
}

// partialV1 writes operations as a partial resource.
func partialV1(operations []operation) map[string]any {
	p := partial{body: map[string]any{}}
	for _, op := range operations {
		p.apply(op)
	}
	if len(p.cleared) > 0 {
		p.body["meta"] = map[string]any{"attributes": p.cleared}
	}
	p.body["schemas"] = schemasV1(p.body)
	return p.body
}

func (p *partial) apply(op operation) {
	if id, ok := strings.CutPrefix(op.Path, `members[value eq "`); ok {
		p.element("members", map[string]any{"value": strings.TrimSuffix(id, `"]`), "operation": "delete"})
		return
	}
	for v2, v1 := range urnsV1 {
		if rest, ok := strings.CutPrefix(op.Path, v2); ok {
			p.extension(v1, strings.TrimLeft(rest, ":."), op)
			return
		}
	}
	list, isList := op.Value.([]any)
	name, sub, nested := strings.Cut(op.Path, ".")
	switch {
	case op.Op == "remove":
		p.cleared = append(p.cleared, op.Path)
	case op.Path == "members":
		for _, member := range list {
			p.element("members", member)
		}
	case isList: // elements are added, so the old ones go first
		p.cleared = append(p.cleared, op.Path)
		if len(list) > 0 {
			p.body[op.Path] = list
		}
	case nested:
		p.part(name)[sub] = op.Value
	default:
		p.body[op.Path] = op.Value
	}
}

// extension changes one attribute of an extension, or with an empty path the whole of it.
func (p *partial) extension(urn, path string, op operation) {
	name, sub, nested := strings.Cut(path, ".")
	switch {
	case op.Op == "remove" && path == "":
		p.cleared = append(p.cleared, urn)
	case op.Op == "remove":
		p.cleared = append(p.cleared, urn+"."+path) // with a dot (DOC)
	case path == "":
		p.body[urn] = op.Value
	case nested:
		p.part(urn)[name] = map[string]any{sub: op.Value}
	default:
		p.part(urn)[name] = op.Value
		if urn == guestV1 { // the kind of guest is mandatory beside it, and there is one kind (DOC)
			p.part(urn)["type"] = "multi"
		}
	}
}

func (p *partial) part(name string) map[string]any {
	part, ok := p.body[name].(map[string]any)
	if !ok {
		part = map[string]any{}
		p.body[name] = part
	}
	return part
}

func (p *partial) element(name string, element any) {
	list, _ := p.body[name].([]any)
	p.body[name] = append(list, element)
}
