package main

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"scim2slack/server"
)

// headerConfig says how else than as Authorization: Bearer TOKEN the tokens of a source may be presented.
type headerConfig struct {
	Name, Word string
}

func (h headerConfig) form() server.Form {
	if h == (headerConfig{}) {
		return server.Form{}
	}
	if h.Name == "" {
		h.Name = "Authorization"
	}
	return server.Form{Header: h.Name, Word: h.Word}
}

// checkHeaderName refuses what has another meaning on the way, or may change on it.
func checkHeaderName(text string) error {
	if !headerName.MatchString(text) {
		return fmt.Errorf("is %s: use the name of a header, such as X-Api-Key: letters, digits and dashes, a letter first", quoteValue(text))
	}
	if name := http.CanonicalHeaderKey(text); slices.Contains(otherHeaders, name) ||
		slices.ContainsFunc(otherFamilies, func(family string) bool { return strings.HasPrefix(name, family) }) {
		return fmt.Errorf("is %s, which has another meaning: use a header of its own, such as X-Api-Key", quoteValue(text))
	}
	return nil
}

// No underscores: some proxies make dashes of them.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

var (
	otherHeaders = []string{"Age", "Allow", "Cache-Control", "Connection", "Cookie", "Date", "Etag", "Expect", "Forwarded", "From", "Host", "Keep-Alive",
		"Link", "Location", "Max-Forwards", "Origin", "Pragma", "Prefer", "Range", "Referer", "Retry-After", "Server", "Te", "Trailer", "Transfer-Encoding",
		"Upgrade", "User-Agent", "Vary", "Via", "Warning", "X-Http-Method-Override", "X-Real-Ip", "X-Request-Id"}
	otherFamilies = []string{"Accept", "Access-Control-", "Client-Cert", "Content-", "If-", "Proxy-", "Sec-", "X-Forwarded-"}
)

func checkWord(text string) error {
	if !headerWord.MatchString(text) {
		return fmt.Errorf("is no word of a header: use letters, digits, dashes and underscores, such as SSWS or Token, without a colon or blank")
	}
	if strings.EqualFold(text, "Basic") {
		return errors.New("is Basic, which takes a user and a password: list them under basic")
	}
	return nil
}

var headerWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,31}$`)
