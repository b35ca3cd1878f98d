package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Client is how a source gets short tokens at TokenPath: by OAuth 2 client credentials (RFC 6749 section 4.4). Two with the same id and other
// secrets are one client whose secret is being replaced.
type Client struct {
	ID string
	// SecretHash is the SHA-256 of the secret. The secret itself is not kept.
	SecretHash [sha256.Size]byte
}

const (
	// TokenLifetime is how long an access token opens the door, if its client stays.
	TokenLifetime = 10 * time.Minute

	// tokenIssuer and tokenAudience name the gateway in its own tokens. No other issuer can be configured by that name.
	tokenIssuer     = "urn:scim2slack"
	tokenAudience   = "urn:scim2slack:scim"
	accessTokenType = "at+jwt" // RFC 9068 section 2.1
)

// mint makes access tokens and knows its own again: JWTs as in RFC 9068, by HMAC with a key that is made at the start and that nobody else has.
// After a restart the clients fetch new ones.
type mint struct {
	key       []byte
	validator *jwt.Validator
}

func newMint() *mint {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return &mint{key: key, validator: newValidator(tokenIssuer, tokenAudience)}
}

var mintMethod = jwt.SigningMethodHS256

// seal ties a token to a client and its secret: when either is gone, nothing matches it. It tells nothing of the secret to whoever has a token.
func (m *mint) seal(c *Credential) []byte {
	mac := hmac.New(sha256.New, m.key)
	fmt.Fprintf(mac, "client %q %q %x", c.Source, c.Client.ID, c.Client.SecretHash)
	return mac.Sum(nil)
}

// issue makes a token for the client.
func (m *mint) issue(c *Credential, scope string) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(mintMethod, jwt.MapClaims{
		"iss": tokenIssuer, "aud": tokenAudience, "sub": c.Client.ID, "client_id": c.Client.ID, "scope": scope, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(TokenLifetime).Unix(), "seal": base64.RawURLEncoding.EncodeToString(m.seal(c)),
	})
	token.Header["typ"] = accessTokenType
	return token.SignedString(m.key)
}

var errSeal = errors.New("its client, or the secret of the client, is not there any more")

// open returns the client of a token of our own. The scopes are for the caller to look at.
func (m *mint) open(token *signedToken, clients []Credential) (*Credential, error) {
	if token.algorithm != mintMethod.Alg() || token.kind != accessTokenType {
		return nil, errAlgorithm
	}
	if mintMethod.Verify(token.signed, token.signature, m.key) != nil {
		return nil, jwt.ErrTokenSignatureInvalid
	}
	if err := known(m.validator.Validate(token.claims)); err != nil {
		return nil, err
	}
	text, _ := token.claims["seal"].(string)
	seal, err := decodeBase64(text)
	if err != nil {
		return nil, errClaims
	}
	for i := range clients {
		if subtle.ConstantTimeCompare(seal, m.seal(&clients[i])) == 1 {
			return &clients[i], nil
		}
	}
	return nil, errSeal
}

// byIssued returns who holds a token of our own. A client that may only read by now does not write with a token of earlier.
func (k *keyring) byIssued(token *signedToken) (Caller, error) {
	if k.mint == nil {
		return Caller{}, errNoToken
	}
	client, err := k.mint.open(token, k.clients)
	if err != nil {
		return Caller{}, fmt.Errorf("%w; as a token of our own: %w", errNoToken, err)
	}
	readOnly, err := ScopesRequired.readOnly(token.claims)
	if err != nil {
		return Caller{}, err
	}
	caller := client.caller()
	caller.ReadOnly = caller.ReadOnly || readOnly
	return caller, nil
}

// byClient returns the client with that id and secret, or nil. It compares hashes, and all of them, so that the time it takes tells nothing.
func (k *keyring) byClient(id, secret string) (found *Credential) {
	presented := clientProof(id, sha256.Sum256([]byte(secret)))
	for i := range k.clients {
		own := clientProof(k.clients[i].Client.ID, k.clients[i].Client.SecretHash)
		if subtle.ConstantTimeCompare(presented[:], own[:]) == 1 {
			found = &k.clients[i]
		}
	}
	return found
}

func clientProof(id string, secretHash [sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(id), secretHash[:]...))
}

// checkClients finds what is wrong with the clients: one that is nobody, and two of which nobody could say which is calling.
func checkClients(clients []Credential) (faults []error) {
	owner, seen := map[string]string{}, map[[sha256.Size]byte]bool{}
	for _, c := range clients {
		if c.Client.ID == "" {
			faults = append(faults, fmt.Errorf("a client of source %s has no id", c.Source))
		}
		if c.Client.SecretHash == ([sha256.Size]byte{}) || c.Client.SecretHash == sha256.Sum256(nil) {
			faults = append(faults, fmt.Errorf("the secret of the client %q is empty", c.Client.ID))
		}
		if other, taken := owner[c.Client.ID]; taken && other != c.Source {
			faults = append(faults, fmt.Errorf("the sources %s and %s have the same client %q: nobody could tell who is calling", other, c.Source, c.Client.ID))
		}
		proof := clientProof(c.Client.ID, c.Client.SecretHash)
		if seen[proof] {
			faults = append(faults, fmt.Errorf("the client %q is there twice with the same secret", c.Client.ID))
		}
		owner[c.Client.ID], seen[proof] = c.Source, true
	}
	return faults
}
