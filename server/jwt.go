package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// JWT says which JSON web tokens (RFC 7519) prove a source. Algorithm and key are pinned here: nothing in a token's header (kid, jku,
// jwk, x5u, x5c) chooses either (RFC 8725 sections 3.1 to 3.3). A token must have an expiry and may have no critical headers.
type JWT struct {
	Algorithm string // RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384 or HS512
	Key       []byte // the public key in PEM; for HS256, HS384 and HS512 the secret itself, 32 bytes or more
	Issuer    string // what iss must be
	Audience  string // what aud must name
}

// Validate returns what is wrong with the settings.
func (j JWT) Validate() error {
	_, err := newVerifier(j)
	return err
}

const (
	// clockLeeway is how far the clocks of who signs and of the gateway may be apart.
	clockLeeway = 30 * time.Second
	minSecret   = 32   // bytes, RFC 7518 section 3.2
	minRSA      = 2048 // bits, RFC 7518 section 3.3
)

type verifier struct {
	parser *jwt.Parser
	key    any
}

func newVerifier(j JWT) (*verifier, error) {
	if j.Issuer == "" || j.Audience == "" {
		return nil, errors.New("issuer and audience must be set: a token made for somebody else must not open this door")
	}
	key, err := j.verificationKey()
	if err != nil {
		return nil, err
	}
	return &verifier{key: key, parser: jwt.NewParser(jwt.WithValidMethods([]string{j.Algorithm}), jwt.WithIssuer(j.Issuer),
		jwt.WithAudience(j.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockLeeway), jwt.WithStrictDecoding())}, nil
}

// verify checks signature and claims. The error has nothing of the token in it.
func (v *verifier) verify(token string) error {
	_, err := v.parser.Parse(token, func(t *jwt.Token) (any, error) {
		if _, critical := t.Header["crit"]; critical { // RFC 7515 section 4.1.11: we understand none
			return nil, errCritical
		}
		return v.key, nil
	})
	for _, known := range []error{errCritical, jwt.ErrTokenMalformed, jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidAudience, jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenSignatureInvalid} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return errors.New("the JWT is not valid")
	}
	return nil
}

var errCritical = errors.New("the JWT has critical headers")

func (j JWT) verificationKey() (any, error) {
	if strings.HasPrefix(j.Algorithm, "HS") && jwt.GetSigningMethod(j.Algorithm) != nil {
		if bytes.Contains(j.Key, []byte("-----BEGIN")) { // what everybody knows would be the secret
			return nil, fmt.Errorf("the key is in PEM, but %s takes a secret", j.Algorithm)
		}
		if len(j.Key) < minSecret {
			return nil, fmt.Errorf("the secret for %s has %d bytes and needs %d or more", j.Algorithm, len(j.Key), minSecret)
		}
		return j.Key, nil
	}
	block, _ := pem.Decode(j.Key)
	if block == nil {
		return nil, errors.New("the key is no public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key is no public key in PEM: %w", err)
	}
	return key, j.checkKey(key)
}

// checkKey makes sure that the key is one of the algorithm, and not a weak one.
func (j JWT) checkKey(key any) error {
	var fits bool
	switch method := jwt.GetSigningMethod(j.Algorithm).(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		k, ok := key.(*rsa.PublicKey)
		if ok && k.N.BitLen() < minRSA {
			return fmt.Errorf("the RSA key has %d bits and needs %d or more", k.N.BitLen(), minRSA)
		}
		fits = ok
	case *jwt.SigningMethodECDSA:
		k, ok := key.(*ecdsa.PublicKey)
		fits = ok && k.Curve.Params().BitSize == method.CurveBits
	case *jwt.SigningMethodEd25519:
		_, fits = key.(ed25519.PublicKey)
	default:
		return fmt.Errorf("the algorithm %q is not known", j.Algorithm)
	}
	if !fits {
		return fmt.Errorf("the key is not one for %s", j.Algorithm)
	}
	return nil
}
