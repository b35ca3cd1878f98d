package server

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// Credential is one way in which a source proves who it is: by a static token, by a user and password (HTTP Basic), by JSON web tokens, as a
// client of OAuth 2, or by a client certificate. A source may have several, so that one can be replaced without a gap.
type Credential struct {
	Source string
	// Name tells the credentials of a source apart in logs and records. It is no secret.
	Name string
	// ReadOnly: who presents it may read and search, and change nothing.
	ReadOnly bool
	// TokenHash is the SHA-256 of a static token, or of the password of User. The secret itself is not kept. Unused if JWT or Client is set.
	TokenHash [sha256.Size]byte
	// User makes the secret the password of this user of HTTP Basic. "": it is a token.
	User string
	// Form is how a token may be presented beside Authorization: Bearer TOKEN. The zero Form is no other way.
	Form Form
	// Expires is when a static secret stops to open anything; zero is never.
	Expires time.Time
	// LastUse, if it is there, is kept up to date with when the secret was presented, in Unix seconds, to lastUseGrain.
	LastUse *atomic.Int64
	// JWT says which JSON web tokens prove the source.
	JWT *JWT
	// Client gets tokens of the gateway's own by OAuth 2.
	Client *Client
	// SANs are the names by which a client certificate proves the source, one of them in it is enough: DNS:host, URI:uri or email:address, as it
	// stands in the certificate.
	SANs []string
}

// Token makes the credential of a static bearer token.
func Token(source, token string) Credential {
	return Credential{Source: source, Name: "token", TokenHash: sha256.Sum256([]byte(token))}
}

// maxToken is how much of a header with a credential is looked at: somebody unknown chose its length (CVE-2025-30204).
const maxToken = 16 << 10

// keyring tells sources by what they present. It is immutable.
type keyring struct {
	static  []lock // of the configuration
	tokens  []lock // of the store: see withTokens
	trusts  []*trust
	clients []Credential // of OAuth 2
	mint    *mint        // made and knows the tokens of the clients
	// certified are the credentials of client certificates, by their names.
	certified map[string]Credential

	headers    []string // in which a credential may stand, canonical
	challenges []string // for WWW-Authenticate (RFC 9110 section 11.6.1)
}

func (c *Credential) caller() Caller {
	return Caller{Source: c.Source, Credential: c.Name, ReadOnly: c.ReadOnly}
}

func newKeyring(credentials []Credential) (*keyring, error) {
	k := &keyring{certified: map[string]Credential{}}
	var faults []error
	for _, c := range credentials {
		switch {
		case c.Source == "":
			faults = append(faults, errors.New("a credential names no source"))
		case len(c.SANs) > 0:
			faults = append(faults, k.addCertified(c))
		case c.JWT != nil:
			t, err := newTrust(c)
			if err != nil {
				faults = append(faults, fmt.Errorf("the JWT of source %s: %w", c.Source, err))
				continue
			}
			k.trusts = append(k.trusts, t)
		case c.Client != nil:
			k.clients = append(k.clients, c)
		default:
			locks, err := locksOf(c)
			faults = append(faults, err)
			k.static = append(k.static, locks...)
		}
	}
	k.prepare()
	faults = slices.Concat(faults, overlaps(k.trusts), checkClients(k.clients))
	return k, errors.Join(append(faults, apart(k.static))...)
}

// withTokens returns a keyring that also takes the tokens, in place of those that k took before.
func (k *keyring) withTokens(tokens []Credential) (*keyring, error) {
	next, faults := *k, []error(nil)
	next.tokens = nil
	for _, c := range tokens {
		locks, err := locksOf(c)
		faults = append(faults, err)
		next.tokens = append(next.tokens, locks...)
	}
	next.prepare()
	return &next, errors.Join(append(faults, apart(slices.Concat(k.static, next.tokens)))...)
}

// errAnonymous is said to whoever presents nothing or nothing valid. It does not say what was wrong with it.
var errAnonymous = errors.New("present a credential of a source, such as its token as Authorization: Bearer TOKEN")

// admit returns who a request proves to come from. The error says for the log why it is nobody; nothing of a secret is in it.
func (k *keyring) admit(r *http.Request) (Caller, error) {
	if certified, err := k.byCertificate(r.TLS); certified.Source != "" || err != nil {
		return k.besides(certified, err, r.Header)
	}
	return k.byHeader(r.Header)
}

// byHeader takes the one header with a credential that there must be. A bearer token that no lock knows may be a JWT.
func (k *keyring) byHeader(h http.Header) (Caller, error) {
	form, text, err := k.presented(h)
	if err != nil {
		return Caller{}, err
	}
	user, secret := "", text
	if form == basic {
		if user, secret, err = parseBasic(text); err != nil {
			return Caller{}, err
		}
	}
	c := k.byProof(form.proof(user, sha256.Sum256([]byte(secret))))
	switch {
	case c == nil && form == bearer:
		return k.byJWT(text)
	case c == nil:
		return Caller{}, errors.New("an unknown token, or user and password")
	}
	return c.present(time.Now())
}
