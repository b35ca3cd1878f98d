package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"scim2slack/scim"
)

// Bounds of a token. Who wrote it is not known yet, so it must be cheap whatever it holds.
var (
	headerLimits = scim.Limits{Bytes: maxToken, Depth: 4, Values: 48}
	claimsLimits = scim.Limits{Bytes: maxToken, Depth: 8, Values: 96}
)

// maxKeyID is how long a kid may be; longer ones are no names of keys.
const maxKeyID = 512

// signedToken is a JWT as it was presented. Nothing of it is verified.
type signedToken struct {
	algorithm string
	keyID     string // "" if it names none
	kind      string // typ, or ""
	claims    jwt.MapClaims
	signed    string // what the signature is over
	signature []byte
}

// The reasons for which a token is none. They have nothing of it in them, for the log.
var (
	errNoToken  = errors.New("unknown token")
	errHeader   = errors.New("the header of the JWT cannot be read")
	errCritical = errors.New("the JWT has critical headers")
	errClaims   = errors.New("the claims of the JWT cannot be read")
	errTooMany  = fmt.Errorf("the JWT has more than %d values in its claims", claimsLimits.Values)
	errTimes    = errors.New("a time of the JWT is no time")
)

// parseToken reads a JWT in its compact form (RFC 7515 section 7.1), strictly: a name comes once in the header and once in the claims, nothing
// stands after them, and base64 has one form for each content. Two programs that read the same token must not see two.
func parseToken(text string) (*signedToken, error) {
	if len(text) > maxToken || strings.Count(text, ".") != 2 { // before any parsing: a token of many dots is an attack
		return nil, errNoToken
	}
	end := strings.LastIndexByte(text, '.')
	head, body, _ := strings.Cut(text[:end], ".")
	t := &signedToken{signed: text[:end]}
	header, err := decodePart(head, headerLimits)
	if err != nil {
		return nil, errHeader
	}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	claims, err := decodePart(body, claimsLimits)
	if tooMany := (*scim.TooManyError)(nil); errors.As(err, &tooMany) {
		return nil, errTooMany
	}
	if err != nil {
		return nil, errClaims
	}
	t.claims = jwt.MapClaims(claims)
	if t.signature, err = decodeBase64(text[end+1:]); err != nil || len(t.signature) == 0 {
		return nil, jwt.ErrTokenSignatureInvalid
	}
	if err := checkTimes(claims); err != nil {
		return nil, err
	}
	return t, nil
}

func decodePart(part string, limits scim.Limits) (scim.Object, error) {
	raw, err := decodeBase64(part)
	if err != nil {
		return nil, err
	}
	return scim.Decode(raw, limits)
}

func decodeBase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips
		return nil, errNoToken
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// readHeader takes what counts of a header. Keys and addresses of keys in it (jwk, jku, x5c, x5u) are what an attacker would like to be believed:
// nobody looks at them.
func (t *signedToken) readHeader(header scim.Object) error {
	for _, name := range []string{"crit", "b64", "zip", "enc"} { // RFC 7515 section 4.1.11: we understand no extension; the others go with one, or with encryption
		if _, there := header[name]; there {
			return errCritical
		}
	}
	ok := true
	text := func(name string) string {
		value, there := header[name]
		s, isText := value.(string)
		ok = ok && (isText || !there)
		return s
	}
	t.algorithm, t.keyID, t.kind = text("alg"), text("kid"), text("typ")
	if !ok || t.algorithm == "" || len(t.keyID) > maxKeyID {
		return errHeader
	}
	return nil
}

// checkTimes wants times that are times: whole or broken seconds since 1970 (RFC 7519 section 2) before the year 10000. What is missing is for the
// validator to miss.
func checkTimes(claims scim.Object) error {
	const year10000 = 253402300800
	for _, name := range []string{"exp", "nbf", "iat"} {
		value, there := claims[name]
		if seconds, ok := value.(float64); there && !(ok && seconds > 0 && seconds < year10000) {
			return errTimes
		}
	}
	return nil
}
