package scimhandlers

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"scim2slack/scim"
)

// body returns the body of a request for a resource.
func (x *exchange) body(t *resourceType) (scim.Object, error) {
	if x.part != nil {
		return x.part.data, nil
	}
	return x.readBody(t.maxBody)
}

// bytesPerValue is how many bytes of the longest body there must be for each of its values. What clients send has about twice as many.
const bytesPerValue = 16

// readBody reads and decodes the request's body, of so many bytes at the most.
func (x *exchange) readBody(most int) (scim.Object, error) {
	if err := checkContentType(x.r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	if encoding := x.r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &httpError{status: http.StatusUnsupportedMediaType, detail: "a body that is compressed is not taken; send it as it is"}
	}
	if x.r.ContentLength > int64(most) {
		return nil, &scim.TooLargeError{Bytes: int(x.r.ContentLength), Limit: most}
	}
	data, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, int64(most)))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, err
	}
	if err != nil {
		return nil, scim.Errorf(scim.InvalidSyntax, "the body could not be read to its end")
	}
	return scim.Decode(data, scim.Limits{Bytes: most, Values: most / bytesPerValue})
}

// checkContentType takes the media types that clients send for JSON, and none at all (push-clients.md section 3.17).
func checkContentType(header string) error {
	if header == "" {
		return nil
	}
	media, params, err := mime.ParseMediaType(header)
	if err == nil {
		switch media {
		case "application/scim+json", "application/json", "text/json":
			if charset := params["charset"]; charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8") {
				return nil
			}
		}
	}
	return &httpError{status: http.StatusUnsupportedMediaType,
		detail: fmt.Sprintf("the content type %s is not taken; send application/scim+json in UTF-8", shorten(strconv.Quote(header)))}
}

// shorten keeps what a client sent at a length that fits into a message.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// query holds the parameters of the URL by their names in lower case, because clients write startindex too.
type query map[string]string

// query reads the parameters. A list of attributes may be given in several pieces; whatever else is given twice is refused, so that nobody
// has to guess which one counts.
func (x *exchange) query() (query, error) {
	q := query{}
	for part := range strings.SplitSeq(strings.TrimRight(x.r.URL.RawQuery, "&?"), "&") {
		name, raw, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, scim.Errorf(scim.InvalidValue, "the name of a query parameter is not properly encoded")
		}
		if name = strings.ToLower(name); name == "" {
			continue
		}
		value, err := parameter(name, raw)
		if err != nil {
			return nil, scim.Errorf(scim.InvalidValue, "the query parameter %s is not properly encoded", shorten(name))
		}
		earlier, twice := q[name]
		switch {
		case twice && (name == "attributes" || name == "excludedattributes"):
			value = earlier + "," + value
		case twice:
			return nil, scim.Errorf(scim.InvalidValue, "the query parameter %s is given more than once", shorten(name))
		}
		q[name] = value
	}
	return q, nil
}

func parameter(name, raw string) (string, error) {
	if name != "filter" {
		return url.QueryUnescape(raw)
	}
	return url.PathUnescape(encodeBlanks(raw))
}

// encodeBlanks writes the blanks of an encoded filter as %20. Clients that do so themselves leave the plus sign of a value such as
// "ann+test@x.test" as it is; with them only those outside quotation marks are blanks.
func encodeBlanks(raw string) string {
	if !strings.Contains(raw, "+") {
		return raw
	}
	keepQuoted := strings.Contains(raw, "%20")
	out := make([]byte, 0, len(raw)+16)
	quoted := false
	for i := 0; i < len(raw); i++ {
		rest := raw[i:]
		switch {
		case quoted && (rest[0] == '\\' || hasEncoded(rest, "%5C")): // the quotation mark after it does not end the text
			width := encodedWidth(rest)
			if len(rest) > width {
				width += encodedWidth(rest[width:])
			}
			out = append(out, raw[i:min(i+width, len(raw))]...)
			i += width - 1
			continue
		case rest[0] == '"' || hasEncoded(rest, "%22"):
			quoted = !quoted
		case rest[0] == '+' && (!quoted || !keepQuoted):
			out = append(out, "%20"...)
			continue
		}
		out = append(out, rest[0])
	}
	return string(out)
}

func hasEncoded(s, code string) bool {
	return len(s) >= len(code) && strings.EqualFold(s[:len(code)], code)
}

// encodedWidth is how many bytes the first character of an encoded text takes.
func encodedWidth(s string) int {
	if s[0] == '%' {
		return 3
	}
	return 1
}

func (q query) projection(t *resourceType) (scim.Projection, error) {
	return scim.ParseProjection(q["attributes"], q["excludedattributes"], t.schema)
}

const (
	defaultCount = 100
	maxCount     = 1000
)

// page returns what part of a list is asked for (RFC 7644 section 3.4.2.4).
func (q query) page() (start, count int, err error) {
	if start, err = q.integer("startIndex", 1); err != nil {
		return 0, 0, err
	}
	if count, err = q.integer("count", defaultCount); err != nil {
		return 0, 0, err
	}
	return min(max(start, 1), 1<<53), min(max(count, 0), maxCount), nil
}

func (q query) integer(name string, otherwise int) (int, error) {
	text := strings.TrimSpace(q[strings.ToLower(name)])
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text) // of a number too large for an int it returns the nearest
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, scim.Errorf(scim.InvalidValue, "%s must be a whole number, not %s", name, shorten(strconv.Quote(text)))
	}
	return n, nil
}

// filter reads the filter; nil if there is none.
func (q query) filter() (*scim.Filter, error) {
	if strings.TrimSpace(q["filter"]) == "" {
		return nil, nil
	}
	return scim.ParseFilter(q["filter"])
}
