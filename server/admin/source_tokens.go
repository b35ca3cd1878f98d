package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"scim2slack/store"
)

// SourceTokens puts the tokens that are made and revoked here in force.
type SourceTokens interface {
	// Refresh makes the tokens of the store, and no others, those that count. When it returns, they do.
	Refresh(ctx context.Context) error
	// LastUse returns when the token was presented last since the start, to the hour; the zero time if it was not.
	LastUse(id string) time.Time
}

// TokenRow is a token as it is listed. Nothing of its secret is in it.
type TokenRow struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Source   string    `json:"source"`
	ReadOnly bool      `json:"readOnly"`
	Created  time.Time `json:"created"`
	By       string    `json:"by"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUse  time.Time `json:"lastUse,omitzero"` // to the hour
	// Idle says why the token opens nothing: it expired, or its source is not configured. "" if it does.
	Idle string `json:"idle,omitempty"`
}

// NewSourceToken is the answer to POST /admin/v1/tokens. The token is told here and never again.
type NewSourceToken struct {
	TokenRow
	Token string `json:"token"`
}

// SourceTokenList is the answer to GET /admin/v1/tokens.
type SourceTokenList struct {
	Tokens []TokenRow `json:"tokens"`
}

// mostTokens bounds the tokens: they are compared with each request.
const mostTokens = 1000

func (h *Handler) tokenRow(t store.Token) TokenRow {
	row := TokenRow{ID: t.ID, Name: t.Name, Source: t.Source, ReadOnly: t.ReadOnly, Created: t.Created, By: t.By, Expires: t.Expires, LastUse: t.LastUse}
	if used := h.cfg.SourceTokens.LastUse(t.ID); used.After(row.LastUse) {
		row.LastUse = used
	}
	switch {
	case !slices.Contains(*h.sources.Load(), t.Source):
		row.Idle = "the source is not configured"
	case !t.Expires.IsZero() && !time.Now().Before(t.Expires):
		row.Idle = "expired"
	}
	return row
}

// sourceTokens lists the tokens of all sources.
func (h *Handler) sourceTokens(w http.ResponseWriter, r *http.Request) {
	answer := SourceTokenList{Tokens: []TokenRow{}}
	err := h.cfg.Store.View(r.Context(), func(tx store.Tx) error {
		list, err := store.Tokens(tx)
		for _, t := range list {
			answer.Tokens = append(answer.Tokens, h.tokenRow(t))
		}
		return err
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// newSourceToken makes a token of a source.
func (h *Handler) newSourceToken(w http.ResponseWriter, r *http.Request) {
	text := newTokenText()
	hash := sha256.Sum256([]byte(text))
	query := r.URL.Query()
	id := hex.EncodeToString(hash[:6])
	t := store.Token{ID: id, Name: query.Get("name"), Source: query.Get("source"), Hash: hash[:], ReadOnly: asksFor(r, "readOnly"),
		Created: time.Now().UTC().Truncate(time.Second), By: ActorOf(r.Context())}
	if t.Name == "" {
		t.Name = "token-" + id
	}
	if problem := h.checkToken(&t, query.Get("expires")); problem != "" {
		writeError(w, http.StatusBadRequest, problem)
		return
	}
	h.changeTokens(w, r, func(tx store.Tx, list []store.Token) ([]store.Token, any, error) {
		if len(list) >= mostTokens {
			return nil, nil, &tokenError{http.StatusConflict, fmt.Sprintf("there are %d tokens: revoke some that nobody uses", len(list))}
		}
		if slices.ContainsFunc(list, func(other store.Token) bool { return other.Name == t.Name }) {
			return nil, nil, &tokenError{http.StatusConflict, fmt.Sprintf("there is a token %s already: choose another name, and revoke the old one when nobody uses it any more", t.Name)}
		}
		return append(list, t), NewSourceToken{h.tokenRow(t), text}, tx.AppendAudit(tokenRecord(r.Context(), "token.created", t))
	})
}

// checkToken returns what is wrong with what was asked for.
func (h *Handler) checkToken(t *store.Token, expires string) (problem string) {
	switch sources := *h.sources.Load(); {
	case t.Source == "":
		return "say with source whose token it is to be"
	case !slices.Contains(sources, t.Source):
		return fmt.Sprintf("there is no source %q: the configuration has %q", t.Source, sources)
	case !tokenName.MatchString(t.Name):
		return fmt.Sprintf("%q is no name of a token: use up to 63 letters, digits, dots, dashes and underscores, a letter or digit first", t.Name)
	case expires == "":
		return ""
	}
	var err error
	if t.Expires, err = time.Parse(time.RFC3339, expires); err != nil {
		return fmt.Sprintf("expires is %q: use a time such as 2030-01-31T00:00:00Z", expires)
	}
	if !time.Now().Before(t.Expires) {
		return "expires is in the past: the token would open nothing"
	}
	return ""
}

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// revokeSourceToken takes a token away for good.
func (h *Handler) revokeSourceToken(w http.ResponseWriter, r *http.Request) {
	who := r.URL.Query().Get("who")
	if who == "" {
		writeError(w, http.StatusBadRequest, "say with who which token: its name or id")
		return
	}
	h.changeTokens(w, r, func(tx store.Tx, list []store.Token) ([]store.Token, any, error) {
		i := slices.IndexFunc(list, func(t store.Token) bool { return t.ID == who })
		if i < 0 {
			i = slices.IndexFunc(list, func(t store.Token) bool { return t.Name == who })
		}
		if i < 0 {
			return nil, nil, &tokenError{http.StatusNotFound, fmt.Sprintf("no token has the name or id %q: see scim2slack token list. Those of the configuration are revoked there", who)}
		}
		t := list[i]
		return slices.Delete(list, i, i+1), h.tokenRow(t), tx.AppendAudit(tokenRecord(r.Context(), "token.revoked", t))
	})
}

// changeTokens changes the tokens in the store, has the change count, and answers.
func (h *Handler) changeTokens(w http.ResponseWriter, r *http.Request, change func(store.Tx, []store.Token) (list []store.Token, answer any, err error)) {
	var answer any
	err := h.cfg.Store.Update(r.Context(), func(tx store.Tx) error {
		list, err := store.Tokens(tx)
		if err != nil {
			return err
		}
		if list, answer, err = change(tx, list); err != nil {
			return err
		}
		return store.PutTokens(tx, list)
	})
	if err == nil {
		err = h.cfg.SourceTokens.Refresh(r.Context())
	}
	if refused := (*tokenError)(nil); errors.As(err, &refused) {
		writeError(w, refused.status, refused.message)
		return
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// tokenError is why tokens are not changed as was asked.
type tokenError struct {
	status  int
	message string
}

func (e *tokenError) Error() string { return e.message }

func tokenRecord(ctx context.Context, event string, t store.Token) store.Audit {
	record := newRecord(ctx, event)
	record.Detail = fmt.Sprintf("token %s (%s) of source %s", t.Name, t.ID, t.Source)
	if t.ReadOnly {
		record.Detail += ", read-only"
	}
	if !t.Expires.IsZero() {
		record.Detail += ", expires " + t.Expires.UTC().Format(time.RFC3339)
	}
	return record
}
