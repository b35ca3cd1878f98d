package scimhandlers

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// answerType is application/scim+json, unless the client takes application/json and does not speak of the former.
func (x *exchange) answerType() string {
	const full, plain = "application/scim+json", "application/json"
	accept := strings.ToLower(strings.Join(x.r.Header.Values("Accept"), ","))
	if strings.Contains(accept, plain) && !strings.Contains(accept, full) {
		return plain
	}
	return full
}

// write sends an answer. An error means that the client did not get it; nil means that it probably did.
func (x *exchange) write(status int, body []byte) error {
	header := x.w.Header()
	header.Set("Content-Type", x.mediaType(x))
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		if _, err := x.w.Write(body); err != nil {
			return err
		}
	}
	return x.r.Context().Err()
}

func (x *exchange) writeObject(status int, o scim.Object) error {
	return x.write(status, scim.AppendJSON(make([]byte, 0, 1024), o))
}

func (x *exchange) writeList(total, start int, resources []any) error {
	return x.writeObject(http.StatusOK, scim.Object{
		"schemas": []any{x.listSchema}, "totalResults": float64(total), "startIndex": float64(start),
		"itemsPerPage": float64(len(resources)), "Resources": resources,
	})
}

// etag is the entity tag of a resource (RFC 7644 section 3.14): weak, because an answer may show a part only, and because
// the groups of a user are not part of what it is a version of.
func etag(r store.Resource) string { return `W/"` + strconv.FormatUint(r.Generation, 10) + `"` }

// matchesTag reports whether a list of entity tags has the tag, compared weakly (RFC 9110 section 8.8.3.2). No tag of ours has a comma in it.
func matchesTag(header []string, tag string) bool {
	for _, line := range header {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// precondition checks If-Match and If-None-Match of a change (RFC 7644 section 3.14, RFC 9110 section 13.1).
func (x *exchange) precondition(r store.Resource) error {
	if wanted := x.r.Header.Values("If-Match"); len(wanted) > 0 && !matchesTag(wanted, etag(r)) {
		return &httpError{status: http.StatusPreconditionFailed,
			detail: fmt.Sprintf("the resource is at version %s and not at that of If-Match; read it again and repeat the change", etag(r))}
	}
	if unwanted := x.r.Header.Values("If-None-Match"); len(unwanted) > 0 && matchesTag(unwanted, etag(r)) {
		return &httpError{status: http.StatusPreconditionFailed, detail: fmt.Sprintf("the resource is at version %s, which If-None-Match excludes", etag(r))}
	}
	return nil
}
