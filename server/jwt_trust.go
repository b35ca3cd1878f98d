package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockLeeway is how far the clocks of who signs and of the gateway may be apart.
const clockLeeway = 30 * time.Second

// trust is a credential by JWT, ready to verify.
type trust struct {
	Credential
	method    jwt.SigningMethod
	validator *jwt.Validator
	key       any     // of the configuration; nil if the issuer publishes them
	keys      *keySet // those that the issuer publishes
}

func newTrust(c Credential) (*trust, error) {
	j := c.JWT
	if err := j.check(); err != nil {
		return nil, err
	}
	t := &trust{Credential: c, validator: newValidator(j.Issuer, j.Audience)}
	var err error
	if j.KeysURL != "" {
		err = j.checkKeysURL()
	} else {
		t.key, err = j.verificationKey()
	}
	if err != nil {
		return nil, err
	}
	t.method = jwt.GetSigningMethod(j.Algorithm)
	return t, nil
}

func newValidator(issuer, audience string) *jwt.Validator {
	return jwt.NewValidator(jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockLeeway))
}

// overlaps returns a fault for each two trusts of two sources of which one covers the other.
func overlaps(trusts []*trust) (faults []error) {
	for i, a := range trusts {
		for _, b := range trusts[:i] {
			if a.Source != b.Source && (a.JWT.Covers(*b.JWT) || b.JWT.Covers(*a.JWT)) {
				faults = append(faults, fmt.Errorf("the sources %s and %s accept the same JWTs: require a claim that tells them apart", b.Source, a.Source))
			}
		}
	}
	return faults
}

var (
	errAlgorithm = errors.New("it is signed by another algorithm")
	errType      = errors.New("its type is not that of an access token")
	errRequired  = errors.New("a claim that is required is missing or another one")
	errUnknown   = errors.New("it is signed by a key that the issuer does not publish")
	errUnnamed   = errors.New("it does not name its key, and the issuer publishes several")
	errNoKeys    = errors.New("the keys of the issuer are not known")
	errAmbiguous = errors.New("the JWT proves two sources")
)

// proves checks a token: all that is cheap first, the signature last. What it says means nothing before the whole of it passed.
func (t *trust) proves(token *signedToken) error {
	if token.algorithm != t.JWT.Algorithm {
		return errAlgorithm
	}
	if !t.JWT.acceptsType(token.kind) {
		return errType
	}
	if err := known(t.validator.Validate(token.claims)); err != nil {
		return err
	}
	for name, want := range t.JWT.Claims {
		if texts, ok := textsOf(token.claims[name]); !ok || !slices.Contains(texts, want) {
			return errRequired
		}
	}
	key, err := t.keyFor(token)
	if err != nil {
		return err
	}
	if t.method.Verify(token.signed, token.signature, key) != nil {
		return jwt.ErrTokenSignatureInvalid
	}
	return nil
}

func (t *trust) keyFor(token *signedToken) (any, error) {
	if t.keys != nil {
		return t.keys.find(t.JWT.Algorithm, token.keyID)
	}
	if t.key == nil {
		return nil, errNoKeys
	}
	return t.key, nil
}

// known reduces what the library says of claims to what has nothing of the token in it.
func known(err error) error {
	if err == nil {
		return nil
	}
	for _, e := range []error{jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidIssuer,
		jwt.ErrTokenInvalidAudience, jwt.ErrTokenRequiredClaimMissing} {
		if errors.Is(err, e) {
			return e
		}
	}
	return errClaims
}

// byJWT returns the one source that a JWT proves. Several trusts of a source may accept it, such as the old and the new key of an issuer; then
// the first that grants anything counts.
func (k *keyring) byJWT(text string) (Caller, error) {
	token, err := parseToken(text)
	if err != nil {
		return Caller{}, err
	}
	if token.claims["iss"] == tokenIssuer {
		return k.byIssued(token)
	}
	var proven []*trust
	var reasons strings.Builder
	for _, t := range k.trusts {
		if err := t.proves(token); err != nil {
			fmt.Fprintf(&reasons, "; as a JWT of %s: %v", t.Source, err)
			continue
		}
		proven = append(proven, t)
	}
	if len(proven) == 0 {
		return Caller{}, errors.New(errNoToken.Error() + reasons.String())
	}
	if slices.ContainsFunc(proven, func(t *trust) bool { return t.Source != proven[0].Source }) {
		return Caller{}, errAmbiguous
	}
	for _, t := range proven {
		var readOnly bool
		if readOnly, err = t.JWT.Scopes.readOnly(token.claims); err == nil {
			caller := t.caller()
			caller.ReadOnly = caller.ReadOnly || readOnly
			return caller, nil
		}
	}
	return Caller{}, err
}
