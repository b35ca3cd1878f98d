package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Token is a bearer token of the admin API over TCP. Somebody may have several at once, so that one can be replaced without a gap.
type Token struct {
	Name string // for records; no secret
	Role Role
	// Hash is the SHA-256 of the token. The token itself is not kept.
	Hash [sha256.Size]byte
	// Expires is when it stops to open anything; zero is never.
	Expires time.Time
}

// NewToken makes the Token of a text.
func NewToken(name string, role Role, text string) Token {
	return Token{Name: name, Role: role, Hash: sha256.Sum256([]byte(text))}
}

// longestToken is how much is hashed: somebody unknown chose its length.
const longestToken = 1 << 10

// SetTokens replaces the tokens for the requests that come from now on. Without any the API is closed over TCP.
func (h *Handler) SetTokens(tokens []Token) { h.tokens.Store(&tokens) }

// holderOf returns whose token it is. All are compared, by their hashes, so that the time it takes tells nothing of any. The error says for
// the log why it is nobody's.
func holderOf(tokens []Token, text string, now time.Time) (caller, error) {
	presented := sha256.Sum256([]byte(text))
	var found *Token
	for i := range tokens {
		if subtle.ConstantTimeCompare(presented[:], tokens[i].Hash[:]) == 1 {
			found = &tokens[i]
		}
	}
	switch {
	case found == nil:
		return caller{}, errors.New("an unknown token")
	case !found.Expires.IsZero() && !now.Before(found.Expires):
		return caller{}, fmt.Errorf("the token %s, which expired at %s", found.Name, found.Expires.UTC().Format(time.RFC3339))
	}
	return caller{found.Name, found.Role}, nil
}

// admitByToken lets in who presents a token of the admin API. Whoever presents wrong ones too often waits, with right ones too: else the
// answer would tell which is right.
func (h *Handler) admitByToken(r *http.Request) (who caller, no *refusal) {
	tokens := *h.tokens.Load()
	if len(tokens) == 0 {
		return who, &refusal{status: http.StatusForbidden, reason: "no admin token is configured",
			message: "the admin API over TCP is closed because no admin token is configured: set SCIM2SLACK_ADMIN_TOKEN, admin.token or admin.tokens, " +
				"or use the socket beside the data file, as scim2slack status does"}
	}
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return who, unauthorized(fmt.Sprintf("%d Authorization headers", len(headers)))
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" || len(text) > longestToken {
		return who, unauthorized("no bearer token")
	}
	var err error
	wait := h.guesses.attempt(addressOf(r), func() bool {
		who, err = holderOf(tokens, text, time.Now())
		return err == nil
	})
	switch {
	case wait > 0:
		return caller{}, &refusal{status: http.StatusTooManyRequests, reason: "too many wrong tokens from this address", retryAfter: wait,
			message: "too many wrong tokens came from this address: wait as long as Retry-After says, or use the socket beside the data file"}
	case err != nil:
		return caller{}, unauthorized(err.Error())
	}
	return who, nil
}

func unauthorized(reason string) *refusal {
	return &refusal{status: http.StatusUnauthorized, reason: reason,
		message: "present the admin token as Authorization: Bearer TOKEN; the tokens of sources open nothing here"}
}
