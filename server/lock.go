package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// Form is how a token is presented: in a header, after a word. Clients let their administrators choose both: PingOne and PingFederate the
// word before the token, Okta and OneLogin the whole text.
type Form struct {
	Header string // such as Authorization or X-Api-Key
	Word   string // in any letter case; "" if the token stands alone
}

var (
	bearer = Form{echo.HeaderAuthorization, "bearer"} // RFC 6750
	basic  = Form{echo.HeaderAuthorization, "basic"}  // RFC 7617
)

// maxWord is how long a word before a token may be.
const maxWord = 64

// canonical spells a form in the one way in which forms are compared. Schemes are compared without letter case (RFC 9110 section 11.1).
func (f Form) canonical() Form {
	return Form{http.CanonicalHeaderKey(f.Header), strings.ToLower(f.Word)}
}

// proof makes one text of a fixed length of all that is presented, so that comparing two tells nothing by the time that it takes. No
// word and no user has a NUL in it, so two that differ have different proofs.
func (f Form) proof(user string, secret [sha256.Size]byte) [sha256.Size]byte {
	text := make([]byte, 0, 256)
	for _, part := range []string{f.Header, f.Word, user} {
		text = append(append(text, part...), 0)
	}
	return sha256.Sum256(append(text, secret[:]...))
}

// lock is one way to present a static secret.
type lock struct {
	proof [sha256.Size]byte
	form  Form
	*Credential
}

// locksOf makes the locks of a static secret.
func locksOf(c Credential) ([]lock, error) {
	switch {
	case c.Source == "":
		return nil, errors.New("a credential names no source")
	case c.TokenHash == ([sha256.Size]byte{}) || c.TokenHash == sha256.Sum256(nil):
		return nil, fmt.Errorf("the %s of source %s is empty", c.Name, c.Source)
	}
	forms := []Form{bearer}
	if c.User != "" {
		forms = []Form{basic}
	} else if other := c.Form.canonical(); other != (Form{}) && other != bearer {
		forms = append(forms, other)
	}
	locks := make([]lock, len(forms))
	for i, f := range forms {
		locks[i] = lock{f.proof(c.User, c.TokenHash), f, &c}
	}
	return locks, nil
}

// apart returns an error for each two locks that one key opens.
func apart(locks []lock) error {
	var faults []error
	owner := map[[sha256.Size]byte]*Credential{}
	for _, l := range locks {
		if other, taken := owner[l.proof]; taken {
			faults = append(faults, fmt.Errorf("%s of source %s and %s of source %s have the same secret: nobody could tell who is calling",
				other.Name, other.Source, l.Name, l.Source))
		}
		owner[l.proof] = l.Credential
	}
	return errors.Join(faults...)
}

// prepare finds out where credentials are looked for, and what is asked of who has none.
func (k *keyring) prepare() {
	k.headers, k.challenges = []string{bearer.Header}, []string{`Bearer realm="scim"`}
	for _, l := range slices.Concat(k.static, k.tokens) {
		challenge := ""
		switch {
		case l.form.Header != echo.HeaderAuthorization:
			if !slices.Contains(k.headers, l.form.Header) {
				k.headers = append(k.headers, l.form.Header)
			}
		case l.form == basic:
			challenge = `Basic realm="scim", charset="UTF-8"`
		case l.form != bearer && l.form.Word != "":
			challenge = l.Form.Word + ` realm="scim"`
		}
		if challenge != "" && !slices.Contains(k.challenges, challenge) {
			k.challenges = append(k.challenges, challenge)
		}
	}
}

// presented returns what a request presents, and how. A request with two credentials is refused, whatever they are: of two readers of it, each could
// believe another one.
func (k *keyring) presented(h http.Header) (form Form, text string, err error) {
	found := 0
	for _, name := range k.headers {
		for _, value := range h[name] {
			found++
			form.Header, text = name, value
		}
	}
	switch {
	case found == 0:
		return form, "", errors.New("no credential")
	case found > 1:
		return form, "", fmt.Errorf("%d headers with a credential", found)
	case len(text) > maxToken:
		return form, "", fmt.Errorf("the %s header is too long", form.Header)
	}
	if word, rest, cut := strings.Cut(text, " "); cut {
		if !isToken(word) {
			return form, "", fmt.Errorf("the %s header has no word before its token", form.Header)
		}
		text = strings.Trim(rest, " ")
		if form.Word = bearer.Word; !strings.EqualFold(word, bearer.Word) { // as nearly all are
			form.Word = strings.ToLower(word)
		}
	}
	if text == "" {
		return form, "", fmt.Errorf("the %s header is empty", form.Header)
	}
	return form, text, nil
}

// presentsAny reports whether a request presents any credential in a header, be it good or not.
func (k *keyring) presentsAny(h http.Header) bool {
	return slices.ContainsFunc(k.headers, func(name string) bool { return len(h[name]) > 0 })
}

// isToken reports whether a word is a token of RFC 9110 section 5.6.2, of a length that a word has.
func isToken(word string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return word != "" && len(word) <= maxWord && !strings.ContainsFunc(word, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(marks, r)
	})
}

// byProof compares all proofs, so that the time it takes tells nothing of any. A thousand take about 25 µs (BenchmarkAdmit), little beside what a
// request does next.
func (k *keyring) byProof(proof [sha256.Size]byte) (found *Credential) {
	for _, locks := range [][]lock{k.static, k.tokens} {
		for i := range locks {
			if subtle.ConstantTimeCompare(proof[:], locks[i].proof[:]) == 1 {
				found = locks[i].Credential
			}
		}
	}
	return found
}

// lastUseGrain is how exactly it is known when a token was used last. A finer grain would cost more and tell an administrator no more.
const lastUseGrain = time.Hour

// present returns who presents the secret now, unless that is too late.
func (c *Credential) present(now time.Time) (Caller, error) {
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return Caller{}, fmt.Errorf("%s of source %s, which expired at %s", c.Name, c.Source, c.Expires.UTC().Format(time.RFC3339))
	}
	if c.LastUse != nil {
		if hour := now.Truncate(lastUseGrain).Unix(); c.LastUse.Load() != hour {
			c.LastUse.Store(hour)
		}
	}
	return c.caller(), nil
}
