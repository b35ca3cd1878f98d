package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Credential is one way in which a source proves who it is: by a static bearer token or by JSON web tokens. A source may have several,
// so that a token can be replaced without a gap.
type Credential struct {
	Source string
	// Name tells the credentials of a source apart in logs and records. It is no secret.
	Name string
	// ReadOnly: who presents it may read and search, and change nothing.
	ReadOnly bool
	// TokenHash is the SHA-256 of a static bearer token. The token itself is not kept. Unused if JWT is set.
	TokenHash [sha256.Size]byte
	// JWT says which JSON web tokens prove the source.
	JWT *JWT
}

// Token makes the credential of a static bearer token.
func Token(source, token string) Credential {
	return Credential{Source: source, Name: "token", TokenHash: sha256.Sum256([]byte(token))}
}

// maxToken is how much of an Authorization header is looked at: somebody unknown chose its length (CVE-2025-30204).
const maxToken = 16 << 10

// keyring tells sources by what they present. It is immutable.
type keyring struct {
	static []Credential
	signed []signedCredential
}

type signedCredential struct {
	Credential
	verifier *verifier
}

func (c Credential) caller() Caller {
	return Caller{Source: c.Source, Credential: c.Name, ReadOnly: c.ReadOnly}
}

func newKeyring(credentials []Credential) (*keyring, error) {
	k := &keyring{}
	var faults []error
	if len(credentials) == 0 {
		faults = append(faults, errors.New("no source has a credential: nobody could push"))
	}
	owner := map[[sha256.Size]byte]string{}
	for _, c := range credentials {
		if c.Source == "" {
			faults = append(faults, errors.New("a credential names no source"))
			continue
		}
		if c.JWT != nil {
			v, err := newVerifier(*c.JWT)
			if err != nil {
				faults = append(faults, fmt.Errorf("the JWT of source %s: %w", c.Source, err))
			}
			k.signed = append(k.signed, signedCredential{c, v})
			continue
		}
		if c.TokenHash == ([sha256.Size]byte{}) || c.TokenHash == sha256.Sum256(nil) {
			faults = append(faults, fmt.Errorf("the token of source %s is empty", c.Source))
		}
		if other, taken := owner[c.TokenHash]; taken && other != c.Source {
			faults = append(faults, fmt.Errorf("the sources %s and %s have the same token: nobody could tell who is calling", other, c.Source))
		}
		owner[c.TokenHash] = c.Source
		k.static = append(k.static, c)
	}
	return k, errors.Join(faults...)
}

// errAnonymous is said to whoever presents nothing or nothing valid. It does not say what was wrong with it.
var errAnonymous = errors.New("present the bearer token of a source as Authorization: Bearer TOKEN")

// admit returns who a request proves to come from. The error says for the log why it is nobody; nothing of a token is in it.
func (k *keyring) admit(r *http.Request) (Caller, error) {
	return k.byAuthorization(r.Header.Values(echo.HeaderAuthorization))
}

func (k *keyring) byAuthorization(headers []string) (Caller, error) {
	if len(headers) != 1 {
		return Caller{}, fmt.Errorf("%d Authorization headers", len(headers))
	}
	if len(headers[0]) > maxToken {
		return Caller{}, errors.New("the Authorization header is too long")
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Caller{}, errors.New("no bearer token")
	}
	if c := k.byToken(token); c != nil {
		return c.caller(), nil
	}
	return k.byJWT(token)
}

// byToken compares hashes, and all of them, so that the time it takes tells nothing of any token.
func (k *keyring) byToken(token string) (found *Credential) {
	presented := sha256.Sum256([]byte(token))
	for i := range k.static {
		if subtle.ConstantTimeCompare(presented[:], k.static[i].TokenHash[:]) == 1 {
			found = &k.static[i]
		}
	}
	return found
}

func (k *keyring) byJWT(token string) (Caller, error) {
	if strings.Count(token, ".") != 2 { // before any parsing: a token of many dots is an attack
		return Caller{}, errors.New("unknown token")
	}
	reason := "unknown token"
	for _, c := range k.signed {
		err := c.verifier.verify(token)
		if err == nil {
			return c.caller(), nil
		}
		reason += fmt.Sprintf("; as a JWT of %s: %v", c.Source, err)
	}
	return Caller{}, errors.New(reason)
}
