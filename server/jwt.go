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
	"net"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// JWT says which JSON web tokens (RFC 7519) prove a source. Algorithm, key, issuer and audience are pinned here, together: nothing in a token's
// header (jku, jwk, x5u, x5c) chooses any of them, and kid only chooses among the keys that KeysURL gave (RFC 8725 sections 3.1 to 3.10). A token
// must have an expiry and may have no critical headers.
type JWT struct {
	Algorithm string            // RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384 or HS512
	Key       []byte            // the public key in PEM; for HS256, HS384 and HS512 the secret itself, 32 bytes or more
	KeysURL   string            // instead of Key: where the issuer publishes its public keys as a JWK Set (RFC 7517)
	Issuer    string            // what iss must be
	Audience  string            // what aud must name
	Claims    map[string]string // further claims that a token must have: this text, or a list that holds it
	Type      string            // what typ must be; "": that of any access token
	Scopes    ScopeRule
}

// Validate returns what is wrong with the settings.
func (j JWT) Validate() error {
	_, err := newTrust(Credential{JWT: &j})
	return err
}

// Covers reports whether j accepts every token that other accepts, as far as keys and claims tell. If they are of two sources, nobody could say
// whose such a token is.
func (j JWT) Covers(other JWT) bool {
	if j.Algorithm != other.Algorithm || !bytes.Equal(j.Key, other.Key) || j.KeysURL != other.KeysURL || j.Issuer != other.Issuer ||
		j.Audience != other.Audience || !j.acceptsType(other.Type) {
		return false
	}
	for name, want := range j.Claims {
		if got, there := other.Claims[name]; !there || got != want {
			return false
		}
	}
	return true
}

const (
	minSecret = 32   // bytes, RFC 7518 section 3.2
	minRSA    = 2048 // bits, RFC 7518 section 3.3
	maxRSA    = 8192 // bits: beyond them each check takes milliseconds
)

// reserved claims have rules of their own.
var reserved = map[string]bool{"iss": true, "aud": true, "exp": true, "nbf": true, "iat": true, "scope": true, "scp": true}

func (j JWT) check() error {
	if j.Issuer == "" || j.Audience == "" {
		return errors.New("issuer and audience must be set: a token made for somebody else must not open this door")
	}
	if j.Issuer == tokenIssuer {
		return fmt.Errorf("the issuer is %s, which is the gateway itself", tokenIssuer)
	}
	for name, want := range j.Claims {
		if reserved[name] || name == "" || want == "" {
			return fmt.Errorf("the claim %q cannot be required so", name)
		}
	}
	if j.Scopes != ScopesOptional && j.Scopes != ScopesRequired && j.Scopes != ScopesIgnored {
		return fmt.Errorf("the rule for scopes %q is not known", j.Scopes)
	}
	if (j.KeysURL == "") == (len(j.Key) == 0) {
		return errors.New("there must be one of a key and the URL of the issuer's keys")
	}
	return nil
}

// checkKeysURL wants https, as whoever changes the answer chooses who comes in. Only this machine may be asked in the clear.
func (j JWT) checkKeysURL() error {
	if isHMAC(j.Algorithm) {
		return fmt.Errorf("%s has a secret, which no URL publishes", j.Algorithm)
	}
	if jwt.GetSigningMethod(j.Algorithm) == nil || j.Algorithm == "none" {
		return fmt.Errorf("the algorithm %q is not known", j.Algorithm)
	}
	u, err := url.Parse(j.KeysURL)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("the URL of the keys is not an https URL")
	case u.User != nil || u.Fragment != "":
		return errors.New("the URL of the keys has a user, password or fragment in it")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errors.New("the URL of the keys must begin with https, as whoever changes the answer chooses who comes in; http is for this machine alone")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isHMAC(algorithm string) bool {
	_, yes := jwt.GetSigningMethod(algorithm).(*jwt.SigningMethodHMAC)
	return yes
}

// verificationKey reads Key.
func (j JWT) verificationKey() (any, error) {
	if isHMAC(j.Algorithm) {
		if bytes.Contains(j.Key, []byte("-----BEGIN")) { // what everybody knows would be the secret
			return nil, fmt.Errorf("the key is in PEM, but %s takes a secret", j.Algorithm)
		}
		if len(j.Key) < minSecret {
			return nil, fmt.Errorf("the secret for %s has %d bytes and needs %d or more", j.Algorithm, len(j.Key), minSecret)
		}
		return j.Key, nil
	}
	block, rest := pem.Decode(j.Key)
	if block == nil {
		return nil, errors.New("the key is no public key in PEM")
	}
	if again, _ := pem.Decode(rest); again != nil {
		return nil, errors.New("there are several keys in the file: configure each by itself")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key is no public key in PEM: %w", err)
	}
	return key, checkKey(j.Algorithm, key)
}

// checkKey makes sure that the key is one of the algorithm, and not a weak one.
func checkKey(algorithm string, key any) error {
	var fits bool
	switch method := jwt.GetSigningMethod(algorithm).(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		k, ok := key.(*rsa.PublicKey)
		if ok && k.N.BitLen() < minRSA {
			return fmt.Errorf("the RSA key has %d bits and needs %d or more", k.N.BitLen(), minRSA)
		}
		if ok && k.N.BitLen() > maxRSA {
			return fmt.Errorf("the RSA key has %d bits, and %d are the most", k.N.BitLen(), maxRSA)
		}
		fits = ok
	case *jwt.SigningMethodECDSA:
		k, ok := key.(*ecdsa.PublicKey)
		fits = ok && k.Curve.Params().BitSize == method.CurveBits
	case *jwt.SigningMethodEd25519:
		_, fits = key.(ed25519.PublicKey)
	default:
		return fmt.Errorf("the algorithm %q is not known", algorithm)
	}
	if !fits {
		return fmt.Errorf("the key is not one for %s", algorithm)
	}
	return nil
}

// acceptsType keeps tokens that the issuer signs for other ends, such as a logout or an event, from opening the door (RFC 8725 section 3.11).
func (j JWT) acceptsType(kind string) bool {
	if j.Type != "" {
		return sameType(kind, j.Type)
	}
	return kind == "" || sameType(kind, "JWT") || sameType(kind, accessTokenType)
}

// sameType compares media types as RFC 7515 section 4.1.9 writes them: in any letter case, and "application/" may be left out.
func sameType(a, b string) bool {
	return strings.EqualFold(shortType(a), shortType(b))
}

func shortType(t string) string {
	const prefix = "application/"
	if len(t) > len(prefix) && strings.EqualFold(t[:len(prefix)], prefix) {
		return t[len(prefix):]
	}
	return t
}
