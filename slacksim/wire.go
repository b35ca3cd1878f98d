package slacksim

import (
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// Schema URNs.
const (
	urnCore1       = "urn:scim:schemas:core:1.0"
	urnEnterprise1 = "urn:scim:schemas:extension:enterprise:1.0"
	urnGuest1      = "urn:scim:schemas:extension:slack:guest:1.0"
	urnProfile1    = "urn:scim:schemas:extension:slack:profile:1.0"

	urnUser2       = "urn:ietf:params:scim:schemas:core:2.0:User"
	urnGroup2      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	urnEnterprise2 = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	urnGuest2      = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"
	urnProfile2    = "urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User"

	urnList  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	urnPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	urnError = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// urns are the schemas of one version.
type urns struct{ user, group, enterprise, guest, profile string }

func (v version) urns() urns {
	if v == v1 {
		return urns{urnCore1, urnCore1, urnEnterprise1, urnGuest1, urnProfile1}
	}
	return urns{urnUser2, urnGroup2, urnEnterprise2, urnGuest2, urnProfile2}
}

// location is the URL of a resource. Slack names api.slack.com everywhere,
// Enterprise organizations included (LIVE).
func (v version) location(kind, id string) string {
	if v == v1 {
		return "https://api.slack.com/scim/v1/" + kind + "/" + id
	}
	return "https://api.slack.com/scim/v2/" + kind + "/" + id
}

// object is a JSON object with its keys in order.
type object []member

type member struct {
	key   string
	value any
}

// appendJSON writes a document as Slack does: compact, with slashes escaped
// (LIVE) and nothing escaped for HTML. It knows the types that documents are
// made of.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case []string:
		return appendList(b, v)
	case []object:
		return appendList(b, v)
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.key), ':')
			b = appendJSON(b, m.value)
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("slacksim: cannot render %T", v))
}

func appendList[T any](b []byte, list []T) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, ']')
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i, r := range s {
		switch {
		case r == '"', r == '\\', r == '/':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		case r == utf8.RuneError:
			b = append(b, "\uFFFD"...) // also for bytes that are not UTF-8
		default:
			b = append(b, s[i:i+utf8.RuneLen(r)]...)
		}
	}
	return append(b, '"')
}

// orNull is what the long form shows for an attribute: null when unset (LIVE).
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// answer is what the client gets.
type answer struct {
	status int
	header http.Header
	body   []byte
	loss   loss
	err    error // the client's context ended
}

// loss is what happens to an answer on its way.
type loss int

const (
	lossNone      loss = iota
	lossRefused        // no connection at all
	lossDropped        // the connection ends before the answer
	lossTruncated      // the connection ends within the body
)

// jsonAnswer renders a body. Slack says application/json rather than
// application/scim+json (LIVE).
func jsonAnswer(status int, body object) *answer {
	return rawAnswer(status, appendJSON(nil, body))
}

func rawAnswer(status int, body []byte) *answer {
	a := emptyAnswer(status)
	a.body = body
	a.header.Set("Content-Type", "application/json; charset=utf-8")
	return a
}

// emptyAnswer has no body. Its server header says that this is not Slack.
func emptyAnswer(status int) *answer {
	return &answer{status: status, header: http.Header{"Server": {"slacksim"}}}
}

// htmlAnswer is what Slack's edge sends when something behind it broke (CODE).
func htmlAnswer(status int) *answer {
	a := emptyAnswer(status)
	text := http.StatusText(status)
	a.body = []byte("<!DOCTYPE html>\n<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n")
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	return a
}
