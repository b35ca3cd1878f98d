package slacksim

import "strings"

// merge applies a v1 PATCH: what is there overwrites, what is absent stays, and
// meta.attributes names what goes (DOC). schemas is not demanded: a bare
// {"active":false} works (LIVE).
func (e *edit) merge(body map[string]any) *apiError {
	for _, path := range metaAttributes(body) {
		if refusal := e.removeByName(path); refusal != nil {
			return refusal
		}
	}
	return e.setBody(body, opAdd)
}

// metaAttributes returns meta.attributes of a v1 PATCH.
func metaAttributes(body map[string]any) []string {
	meta, _ := body["meta"].(map[string]any)
	list, _ := meta["attributes"].([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// removeByName removes an attribute by its name: roles, name.familyName, or an
// extension with an attribute of it after a dot (DOC).
func (e *edit) removeByName(path string) *apiError {
	for old, urn := range map[string]string{
		urnEnterprise1: urnEnterprise2, urnGuest1: urnGuest2, urnProfile1: urnProfile2,
	} {
		if rest, ok := cutPrefixFold(path, old); ok && (rest == "" || rest[0] == '.' || rest[0] == ':') {
			path = urn + rest
			break
		}
	}
	p, refusal := parsePath(path)
	if refusal != nil {
		return refusal
	}
	if p.filtered || strings.EqualFold(p.attribute, "username") {
		return invalidPath(path)
	}
	return e.apply(patchOp{op: opRemove, path: p})
}
