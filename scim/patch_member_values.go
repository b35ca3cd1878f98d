package scim

import (
	"strconv"
	"strings"
)

// readMembers reads a list of members, one object or one id. null and "" are no members, and null in a list is passed over.
func readMembers(value any) ([]Object, *Error) {
	list, ok := value.([]any)
	if !ok {
		if value == nil || value == "" {
			return nil, nil
		}
		list = []any{value}
	}
	members := make([]Object, 0, len(list))
	for i, v := range list {
		m, fault := readMember(v)
		if fault != nil {
			return nil, Errorf(fault.Type, "member %d %s", i+1, fault.Detail)
		}
		if m != nil {
			members = append(members, m)
		}
	}
	return members, nil
}

func readMember(v any) (Object, *Error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(v) == "" {
			return nil, Errorf(InvalidValue, "is an empty text; it must be the id of a user or group")
		}
		return Object{"value": v}, nil
	case Object:
		m := make(Object, 3)
		for key, sub := range v {
			for _, name := range [...]string{"value", "type", "display"} {
				if !strings.EqualFold(key, name) || isNothing(sub) {
					continue
				}
				text, ok := memberText(sub)
				if !ok {
					return nil, Errorf(InvalidValue, "has a %s that is not text but %s", name, describe(sub))
				}
				m[name] = text
			}
		}
		if m["value"] == nil {
			if id := idOfReference(v); id != "" {
				m["value"] = id
			}
		}
		if m["value"] == nil && m["display"] == nil {
			return nil, Errorf(InvalidValue, "has no value; it must be the id of a user or group")
		}
		return m, nil
	}
	return nil, Errorf(InvalidValue, "is %s; it must be an object with a value", describe(v))
}

// idOfReference is the last part of a $ref, the URI of a member (RFC 7643 section 4.2); "" if there is none.
func idOfReference(member Object) string {
	for key, value := range member {
		if uri, ok := value.(string); ok && strings.EqualFold(key, "$ref") {
			uri = strings.TrimRight(uri, "/")
			return uri[strings.LastIndexByte(uri, '/')+1:]
		}
	}
	return ""
}

func memberText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
