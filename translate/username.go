package translate

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// userNameLimit is the longest userName in characters (slack-scim 3.2, DOC for v1; Okta saw long_username on longer ones, LIVE).
const userNameLimit = 21

// reduceLimit is the length in bytes beyond which a value is too long without looking closer: nobody's name has that many
// accents, and taking a megabyte of them apart takes seconds.
const reduceLimit = 1024

// letters are those that Unicode does not take apart into a base letter and marks, by their usual spelling in ASCII.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l",
	"ħ", "h", "ı", "i", "ŋ", "n", "ŧ", "t", "ĸ", "k")

// UserName returns the name that Slack gives to a person whose userName is value: of an e-mail the part before the @; in lower case;
// letters without their accents; and _ for any character but a-z 0-9 . _ - (slack-scim 3.2, DOC and LIVE). Slack does not cut a
// name of more than 21 characters, it refuses the person: such a name is fitted. The name of a name is itself.
//
// The error is an *Error if the name has no letter or digit, or if the value is longer than reduceLimit.
func UserName(value string) (string, error) {
	sent := strings.TrimSpace(value)
	if sent == "" {
		return "", &Error{Attribute: "userName", Problem: "is missing", Remedy: "map an attribute to userName that every person has"}
	}
	local := localPart(sent)
	if len(local) > reduceLimit {
		return "", &Error{Attribute: "userName", Value: excerpt(sent),
			Problem: fmt.Sprintf("has %d bytes, more than any name", len(local)), Remedy: "map an attribute to userName that is a name"}
	}
	name := reduce(local)
	if !strings.ContainsFunc(name, func(r rune) bool { return r != '.' && r != '_' && r != '-' }) {
		return "", &Error{Attribute: "userName", Value: excerpt(sent),
			Problem: "has none of the letters a-z and the digits that Slack takes in a name",
			Remedy:  "map an attribute to userName that is written in such letters"}
	}
	return fit(name), nil
}

// fitSuffix is how many characters tell names apart that begin alike: 25 bits, so that among 100 such names two are the same in one
// company of 6,000.
const fitSuffix = 5

// fit makes a name that is too long as short as Slack wants it: its beginning, and a suffix that depends on all of it and on nothing
// else, so that a person has the same name for ever.
func fit(name string) string {
	if len(name) <= userNameLimit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	suffix := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:fitSuffix]
	return name[:userNameLimit-fitSuffix-1] + "-" + suffix
}

// localPart returns the part of an e-mail before the @, and any other value as it is.
func localPart(s string) string {
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") {
		return s
	}
	return local
}

// reduce writes s in the characters that Slack takes in a userName.
func reduce(s string) string {
	var b strings.Builder
	for _, r := range letters.Replace(strings.ToLower(norm.NFKD.String(s))) {
		switch {
		case unicode.Is(unicode.Mn, r): // the accent that was taken off its letter
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// Tombstone recognises the name that Entra gives a user whom it deletes softly: the 32 hexadecimal digits of the object's id
// before the old user principal name (failures, row 11). It returns the old name.
func Tombstone(userName string) (old string, ok bool) {
	const digits = 32
	userName = strings.TrimSpace(userName)
	if len(userName) <= digits {
		return "", false
	}
	for i := range digits {
		c := userName[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return "", false
		}
	}
	old = userName[digits:]
	return old, plausible(old)
}

func userName(t *translation, m *mapping) {
	raw, ok := textOf(t.doc["userName"])
	if !ok {
		t.refuse("userName", "", "is not a text", "map an attribute to userName that has a single value")
		return
	}
	if t.dead(raw) {
		t.leaveOut(m, raw, "Entra gave this name to a user whom it deleted, and Slack keeps the name from before")
		return
	}
	name, err := UserName(raw)
	if err != nil {
		t.errs = append(t.errs, err)
		return
	}
	t.set(m, name)
	if full := reduce(localPart(strings.TrimSpace(raw))); full != name {
		t.warn(m, raw, fmt.Sprintf("its %d characters are more than the %d that Slack takes, so it became %s", len(full), userNameLimit, name))
	}
}
