package server

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"scim2slack/scim"
)

const maxKeys = 100 // of one issuer

var errKeySet = errors.New("the answer is no JWK Set")

// publishedKey is a public key as an issuer publishes it.
type publishedKey struct {
	id        string // kid, or ""
	algorithm string // the only one that it may be used for; "": any that fits
	key       any
}

func (k publishedKey) fits(algorithm string) bool {
	return (k.algorithm == "" || k.algorithm == algorithm) && checkKey(algorithm, k.key) == nil
}

// parseKeys reads a JWK Set (RFC 7517 section 5). Keys that are of no use here are left out: of other kinds, for other ends, weak, or not public.
// A set may be empty: then the issuer has withdrawn its keys.
func parseKeys(body []byte) ([]publishedKey, error) {
	set, err := scim.Decode(body, scim.Limits{Bytes: maxKeysBody, Depth: 8, Values: 100 * maxKeys})
	if err != nil {
		return nil, errKeySet
	}
	list, ok := set["keys"].([]any)
	if !ok {
		return nil, errKeySet
	}
	if len(list) > maxKeys {
		return nil, fmt.Errorf("there are %d keys, and %d are the most", len(list), maxKeys)
	}
	var keys []publishedKey
	for _, item := range list {
		object, ok := item.(scim.Object)
		if !ok {
			return nil, errKeySet
		}
		if k, usable := parseKey(object); usable {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// parseKey reads a JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2). It reports whether the key may be used: not one with a private
// part, which others may have read as well.
func parseKey(o scim.Object) (k publishedKey, usable bool) {
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, there := o[private]; there {
			return k, false
		}
	}
	texts := map[string]string{}
	for _, name := range []string{"kty", "kid", "alg", "use", "crv"} {
		text, isText := o[name].(string)
		if _, there := o[name]; there && !isText {
			return k, false
		}
		texts[name] = text
	}
	if use := texts["use"]; use != "" && use != "sig" {
		return k, false
	}
	if ops, there := o["key_ops"]; there {
		if list, ok := textsOf(ops); !ok || !slices.Contains(list, "verify") {
			return k, false
		}
	}
	k.id, k.algorithm = texts["kid"], texts["alg"]
	switch texts["kty"] {
	case "RSA":
		k.key = rsaKey(o)
	case "EC":
		k.key = ecKey(texts["crv"], o)
	case "OKP":
		k.key = edKey(texts["crv"], o)
	}
	return k, k.key != nil && len(k.id) <= maxKeyID
}

func octets(o scim.Object, name string) []byte {
	text, _ := o[name].(string)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// rsaKey returns nil for a key that is none, or a weak one.
func rsaKey(o scim.Object) any {
	n, e := new(big.Int).SetBytes(octets(o, "n")), new(big.Int).SetBytes(octets(o, "e"))
	if bits := n.BitLen(); bits < minRSA || bits > maxRSA || n.Bit(0) == 0 {
		return nil
	}
	if e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func ecKey(curve string, o scim.Object) any {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	c, ok := curves[curve]
	if !ok {
		return nil
	}
	size := (c.Params().BitSize + 7) / 8
	x, y := octets(o, "x"), octets(o, "y")
	if len(x) != size || len(y) != size {
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(c, slices.Concat([]byte{4}, x, y)) // it must be on the curve
	if err != nil {
		return nil
	}
	return key
}

func edKey(curve string, o scim.Object) any {
	if x := octets(o, "x"); curve == "Ed25519" && len(x) == ed25519.PublicKeySize {
		return ed25519.PublicKey(x)
	}
	return nil
}
