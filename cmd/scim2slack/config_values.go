package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("is empty: give a value, or leave the key out")
	}
	return nil
}

func checkListen(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("is %s: use an address and a port, such as 127.0.0.1:8080", quoteValue(text))
	}
	return nil
}

// isLoopback reports whether only this machine reaches the address.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkData never shows the text: a URL has a password in it.
func checkData(text string) error {
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		return errors.New("is the URL of a PostgreSQL database, which is not built in yet: use the name of a file, such as scim2slack.db")
	}
	if strings.Contains(text, "://") {
		return errors.New("is a URL: use the name of a file, such as scim2slack.db")
	}
	if err := notEmpty(text); err != nil {
		return err
	}
	if info, err := os.Stat(text); err == nil && info.IsDir() {
		return fmt.Errorf("is the directory %s: use the name of a file, such as scim2slack.db", quoteValue(text))
	}
	return nil
}

// checkURL never shows the text: a URL may have a password in it.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("is not an http or https URL: use one such as https://api.slack.com/scim")
	case u.User != nil:
		return errors.New("has a user or password in it: leave them out, the token identifies us")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("has a query or fragment in it: end the URL with its path")
	}
	return nil
}

// checkToken never shows the text.
func checkToken(text string) error {
	if text == "" {
		return errors.New("is empty: give a token, or leave the key out")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("has a blank, a line break or a letter outside ASCII in it: a token has none")
	}
	return nil
}

func checkSlackID(text string) error {
	if !slackID.MatchString(text) {
		return fmt.Errorf("lists %s: use Slack user ids, such as U0123ABCD", quoteValue(text))
	}
	return nil
}

var slackID = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

func checkSourceName(text string) error {
	if strings.HasPrefix(text, "xox") {
		return errors.New("looks like a Slack token: names are shown in logs and metrics")
	}
	if !sourceName.MatchString(text) {
		return fmt.Errorf("is %s: use up to 63 letters, digits, dots, dashes and underscores, a letter or digit first", quoteValue(text))
	}
	return nil
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// algorithms that a public key verifies. A shared secret (HS256) would let whoever checks also sign.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

func checkAlgorithm(text string) error {
	if slices.Contains(algorithms, text) {
		return nil
	}
	return fmt.Errorf("is %s: use %s", quoteValue(text), alternatives(algorithms))
}
