package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// signer makes keys, and tokens that they sign.
type signer struct{ *testing.T }

func newSigner(t *testing.T) signer { return signer{t} }

// rotate makes a key pair, and returns the public key in PEM and a token that the private one signed.
func (s signer) rotate() (public, token string) {
	key, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		s.Fatal(err)
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "me", "aud": "you", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(private)
	if err != nil {
		s.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})), token
}
