package scimhandlers

import (
	"strconv"
	"strings"

	"scim2slack/scim"
)

// searchBody is how many bytes a SearchRequest may have.
const searchBody = 64 << 10

// searchRequest answers POST of .search (RFC 7644 section 3.4.3): the question of a GET in a body, where personal data
// is in no log of addresses.
func (x *exchange) searchRequest(kinds ...*resourceType) error {
	body, err := x.readBody(searchBody)
	if err != nil {
		return err
	}
	q := query{}
	for name, value := range body {
		name = strings.ToLower(name)
		switch name {
		case "attributes", "excludedattributes", "filter", "sortby", "sortorder", "startindex", "count", "cursor":
		default:
			continue // schemas, and what others add
		}
		if value == nil {
			continue
		}
		text, ok := parameterText(value)
		if !ok {
			return scim.Errorf(scim.InvalidSyntax, "%s of the search request is of a type that it cannot have", name)
		}
		q[name] = text
	}
	return x.find(q, kinds)
}

// parameterText writes the value of a SearchRequest as a parameter of a URL would.
func parameterText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case []any:
		names := make([]string, len(v))
		for i, name := range v {
			text, ok := name.(string)
			if !ok {
				return "", false
			}
			names[i] = text
		}
		return strings.Join(names, ","), true
	}
	return "", false
}
