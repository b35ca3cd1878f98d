package slackapi

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	defaultRetryAfter = 30 * time.Second // a 429 without a usable Retry-After
	maxRetryAfter     = 15 * time.Minute // what an answer may keep us waiting; longer is taken for a mistake
	maxDetail         = 1000             // bytes of somebody else's text that we keep
)

// fault is what an error body says.
type fault struct {
	id       string // leading identifier, "" if there is none
	detail   string // the whole description
	existing string // existing_user=
	scim     bool   // the body has one of Slack's own error shapes
}

// parseFault reads the error shapes that Slack is known to use, on both versions of the API (LIVE, DOC):
//
//	{"Errors":{"description":"id (k=v, ...)","code":400}}    SCIM 1.1, and authentication faults of 2.0; Errors may be an array
//	{"schemas":[...],"detail":"id ...","status":400}         SCIM 2.0; status may be a string
//	{"ok":false,"error":"id"}                                Web API, seen when the edge answers
//
// Anything else (HTML, nothing, other JSON) is kept as a short text. A body that holds a resource or a list is no fault,
// even if it has an empty Errors beside it.
func parseFault(a answer) fault {
	if a.object == nil {
		return fault{detail: plainText(a.body)}
	}
	text, found := faultText(a.object)
	if !found {
		return fault{}
	}
	text = shorten(text)
	f := fault{id: identifier(text), detail: text, scim: true}
	if m := existingUser.FindStringSubmatch(text); m != nil {
		f.existing = m[1]
	}
	return f
}

func faultText(object document) (text string, found bool) {
	if object.text("id") != "" || object["Resources"] != nil {
		return "", false
	}
	for _, entry := range object.list("Errors") {
		if text := entry.text("description"); text != "" {
			return text, true
		}
	}
	if text := object.text("detail"); text != "" {
		return text, true
	}
	if ok, said := object.truth("ok"); said && !ok {
		return object.text("error"), true
	}
	if _, is := object["Errors"]; is {
		return "", true
	}
	for _, urn := range object.strings("schemas") {
		if strings.HasSuffix(urn, ":Error") {
			return "", true
		}
	}
	return "", false
}

var (
	existingUser = regexp.MustCompile(`existing_user=["']?([A-Za-z0-9]+)`)
	identifiers  = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*`)
)

// identifier returns the leading token of a description. Prose ("the user was ...") has none: a token counts if it has an
// underscore or stands alone.
func identifier(description string) string {
	id := identifiers.FindString(strings.TrimSpace(description))
	rest := strings.TrimSpace(description)[len(id):]
	if strings.Contains(id, "_") || rest == "" || strings.HasPrefix(strings.TrimSpace(rest), "(") {
		return id
	}
	return ""
}

// parameters reads the first "(k=v, k=v)" of a description.
func parameters(description string) map[string]string {
	_, inner, found := strings.Cut(description, "(")
	if !found {
		return nil
	}
	if end := strings.LastIndexByte(inner, ')'); end >= 0 {
		inner = inner[:end]
	}
	out := map[string]string{}
	for part := range strings.SplitSeq(inner, ",") {
		if key, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			out[key] = strings.TrimSpace(value)
		}
	}
	return out
}

// plainText keeps the beginning of a body that is no JSON object, without its markup's line breaks.
func plainText(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	if body[0] == '<' {
		return "an HTML or XML page instead of a SCIM answer (a proxy or a wrong URL?)"
	}
	if json.Valid(body) {
		return "JSON that is not a SCIM answer"
	}
	return shorten("no SCIM answer but: " + string(body[:min(len(body), 200)]))
}

func shorten(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	if len(text) <= maxDetail {
		return text
	}
	cut := maxDetail
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// retryAfter reads the header Retry-After: seconds or an HTTP date (RFC 9110 section 10.2.3). ok is false if it is missing
// or unreadable. The result is between a second and maxRetryAfter: "0" would only bring the next refusal.
func retryAfter(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && !math.IsNaN(seconds) {
		wait = time.Duration(math.Ceil(min(max(seconds, 0), maxRetryAfter.Seconds()))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	} else {
		return 0, false
	}
	return min(max(wait, time.Second), maxRetryAfter), true
}
