package scimhandlers

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// Operations of a bulk refer to what others make by bulkId:ID in the place of an id (RFC 7644 section 3.7.2): in the path of the
// operation, as the value of a member or manager, and in the filter of a PATCH path.

const bulkPrefix = "bulkId:"

// quotedReference is a reference in the filter of a path.
var quotedReference = regexp.MustCompile(`"bulkId:([^"\\]+)"`)

// references returns the bulkIds that an operation refers to, each once, in the order of their names.
func (op *bulkOperation) references() []string {
	found := map[string]bool{}
	for segment := range strings.SplitSeq(op.path, "/") {
		if id, ok := strings.CutPrefix(segment, bulkPrefix); ok {
			found[id] = true
		}
	}
	eachReference("", op.data, func(id string) { found[id] = true })
	return slices.Sorted(maps.Keys(found))
}

// refers reports whether the value of a key may be a reference: value, members, manager and managerId, also behind a URN or a dot.
func refers(key string) bool {
	key = strings.ToLower(key[strings.LastIndexAny(key, ":.")+1:])
	return key == "value" || key == "members" || key == "manager" || key == "managerid"
}

// eachReference finds the references in a value. key is that of the value, or of the list that it is in.
func eachReference(key string, value any, found func(id string)) {
	switch v := value.(type) {
	case string:
		if id, ok := strings.CutPrefix(v, bulkPrefix); ok && refers(key) {
			found(id)
		}
		if strings.EqualFold(key, "path") {
			for _, match := range quotedReference.FindAllStringSubmatch(v, -1) {
				found(match[1])
			}
		}
	case scim.Object:
		for name, part := range v {
			eachReference(name, part, found)
		}
	case []any:
		for _, element := range v {
			eachReference(key, element, found)
		}
	}
}

// lookUp returns the id that a bulkId stands for. It is "" for one that is still under way, because it refers back.
func (b *bulk) lookUp(id string) (string, error) {
	switch other := b.byID[id]; {
	case other == nil:
		return "", unresolved(id, "no operation of this bulk has it")
	case other.state == underWay:
		return "", nil
	case other.made == "":
		return "", unresolved(id, "its operation made nothing")
	default:
		return other.made, nil
	}
}

func unresolved(id, why string) error {
	return &httpError{status: http.StatusConflict, detail: fmt.Sprintf("the operation refers to the bulkId %s, and %s", shorten(id), why)}
}

func (b *bulk) resolvePath(op *bulkOperation) (string, error) {
	segments := strings.Split(op.path, "/")
	for i, segment := range segments {
		name, ok := strings.CutPrefix(segment, bulkPrefix)
		if !ok {
			continue
		}
		id, err := b.lookUp(name)
		if err != nil {
			return "", err
		}
		if id == "" {
			return "", unresolved(name, "it refers back to this one")
		}
		segments[i] = id
	}
	return strings.Join(segments, "/"), nil
}

// resolve puts ids in the place of references. What refers to an operation that is still under way is left out of data, and
// returned in missing in the same structure, so that it can be added later.
func (b *bulk) resolve(op *bulkOperation, in scim.Object) (data, missing scim.Object, err error) {
	if len(op.needs) == 0 || in == nil {
		return in, nil, nil
	}
	kept, left, err := b.resolveValue("", in)
	if err != nil {
		return nil, nil, err
	}
	data, _ = kept.(scim.Object)
	missing, _ = left.(scim.Object)
	if missing != nil && op.method != http.MethodPost {
		return nil, nil, unresolved(op.needs[0], "it refers back to this one")
	}
	return data, missing, nil
}

// resolveValue returns what is kept of a value and what is left for later; nil if there is nothing.
func (b *bulk) resolveValue(key string, value any) (kept, left any, err error) {
	switch v := value.(type) {
	case string:
		return b.resolveText(key, v)
	case scim.Object:
		return b.resolveObject(v)
	case []any:
		var keep, leave []any
		for _, element := range v {
			k, l, err := b.resolveValue(key, element)
			if err != nil {
				return nil, nil, err
			}
			if l != nil {
				leave = append(leave, l)
			} else {
				keep = append(keep, k)
			}
		}
		if leave == nil {
			return append([]any{}, keep...), nil, nil
		}
		return append([]any{}, keep...), leave, nil
	}
	return value, nil, nil
}

func (b *bulk) resolveText(key, text string) (kept, left any, err error) {
	if strings.EqualFold(key, "path") {
		resolved := quotedReference.ReplaceAllStringFunc(text, func(match string) string {
			name := quotedReference.FindStringSubmatch(match)[1]
			id, fault := b.lookUp(name)
			if fault == nil && id == "" {
				fault = unresolved(name, "it refers back to this one")
			}
			if fault != nil {
				err = fault
			}
			return `"` + id + `"`
		})
		return resolved, nil, err
	}
	name, ok := strings.CutPrefix(text, bulkPrefix)
	if !ok || !refers(key) {
		return text, nil, nil
	}
	id, err := b.lookUp(name)
	if err != nil || id != "" {
		return id, nil, err
	}
	return nil, text, nil
}

// resolveObject leaves a member or manager whose value is left for later out as a whole, and of any other object the part.
func (b *bulk) resolveObject(o scim.Object) (kept, left any, err error) {
	keep, leave := make(scim.Object, len(o)), scim.Object{}
	for name, part := range o {
		k, l, err := b.resolveValue(name, part)
		if err != nil {
			return nil, nil, err
		}
		if _, whole := l.(string); whole && !strings.HasSuffix(strings.ToLower(name), "manager") {
			return nil, o, nil
		}
		if l != nil {
			leave[name] = l
		}
		if k != nil || l == nil {
			keep[name] = k
		}
	}
	if len(leave) == 0 {
		return keep, nil, nil
	}
	return keep, leave, nil
}

// closeCircles adds what was left out because operations refer to each other. Where that cannot be done, what the operation made is
// taken back: a failed operation leaves nothing behind.
func (b *bulk) closeCircles() {
	for _, op := range b.operations {
		if op.missing == nil || op.made == "" {
			continue
		}
		path := op.path + "/" + op.made
		value, _, err := b.resolve(op, op.missing)
		var w *bulkWriter
		if err == nil {
			w, err = b.request(http.MethodPatch, path, "", scim.Object{"Operations": []any{scim.Object{"op": "add", "value": value}}})
		}
		if err == nil {
			if tag := w.header.Get("ETag"); tag != "" {
				op.answer["version"] = tag
			}
			continue
		}
		if _, fault := b.request(http.MethodDelete, path, "", nil); fault != nil {
			err = fault
		}
		b.made = slices.DeleteFunc(b.made, func(key store.Key) bool {
			if key.ID == op.made {
				b.x.h.creations.end(key)
			}
			return key.ID == op.made
		})
		op.made = ""
		b.note(op, nil, err)
	}
}
