package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBasic bounds the user and the password, each, in bytes.
const maxBasic = 1024

var errNotBasic = errors.New("the Basic credential is not the base64 of USER:PASSWORD")

// parseBasic reads what follows the word Basic (RFC 7617): base64 with its padding of a user, a colon and a password. The first colon ends the user,
// so that a password may have others. Both are UTF-8, as the challenge says. Nothing of them is in the error.
func parseBasic(text string) (user, password string, err error) {
	if len(text) > base64.StdEncoding.EncodedLen(2*maxBasic+1) {
		return "", "", errors.New("the Basic credential is too long")
	}
	if strings.ContainsAny(text, "\r\n") { // which the decoder would overlook
		return "", "", errNotBasic
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", "", errNotBasic
	}
	user, password, found := strings.Cut(string(raw), ":")
	if !found {
		return "", "", errNotBasic
	}
	if err := errors.Join(CheckUser(user), CheckPassword(password)); err != nil {
		return "", "", fmt.Errorf("the Basic credential: %w", err)
	}
	return user, password, nil
}

// CheckUser returns what is wrong with a user of HTTP Basic.
func CheckUser(user string) error {
	if strings.Contains(user, ":") {
		return errors.New("the user has a colon in it, which ends the user (RFC 7617)")
	}
	return checkBasic("user", user)
}

// CheckPassword returns what is wrong with the form of a password of HTTP Basic. Whether it can be guessed is not looked at.
func CheckPassword(password string) error { return checkBasic("password", password) }

func checkBasic(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("the %s is empty", what)
	case len(text) > maxBasic:
		return fmt.Errorf("the %s has more than %d bytes", what, maxBasic)
	case !utf8.ValidString(text):
		return fmt.Errorf("the %s is not UTF-8", what)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("the %s has a control character in it", what)
	}
	return nil
}
