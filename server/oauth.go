package server

import (
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// TokenPath is where clients get their access tokens (RFC 6749 section 3.2).
const TokenPath = "/oauth2/token"

// maxTokenRequest is how many bytes a token request may have.
const maxTokenRequest = 8 << 10

// oauthError is an answer of RFC 6749 section 5.2.
type oauthError struct {
	code   string
	text   string
	status int
	wait   time.Duration // of a 429
}

func (e *oauthError) Error() string { return e.code + ": " + e.text }

func badRequest(code, text string) *oauthError {
	return &oauthError{code: code, text: text, status: http.StatusBadRequest}
}

// errClient is all that is said to whoever is no client.
var errClient = &oauthError{code: "invalid_client", text: "there is no client with this id and secret", status: http.StatusUnauthorized}

// issueTokens answers token requests. It stands before authenticate, as who asks for a token has none yet; so the one method and the one path are
// compared as they were sent, and everything else goes on to be authenticated. Where no client is configured there is nothing here.
func (s *Server) issueTokens(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, keys := c.Request(), s.keys.Load()
		if r.Method != http.MethodPost || r.URL.EscapedPath() != TokenPath || len(keys.clients) == 0 {
			return next(c)
		}
		header := c.Response().Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Pragma", "no-cache")
		answer, refusal := s.tokenFor(c, keys)
		if refusal != nil {
			return s.refuseToken(c, refusal)
		}
		return c.JSON(http.StatusOK, answer)
	}
}

func (s *Server) refuseToken(c echo.Context, e *oauthError) error {
	level := slog.LevelWarn
	if e.status == http.StatusTooManyRequests { // a flood of them would fill the log
		level = slog.LevelDebug
	}
	s.cfg.Log.Log(c.Request().Context(), level, "token request refused", "reason", e, "remote", c.RealIP(), "request", RequestID(c.Request().Context()))
	switch e.status {
	case http.StatusUnauthorized:
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Basic realm="scim", charset="UTF-8"`)
	case http.StatusTooManyRequests:
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.wait.Seconds()))))
	}
	return c.JSON(e.status, map[string]string{"error": e.code, "error_description": e.text})
}

// tokenAnswer is RFC 6749 section 5.1.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

func (s *Server) tokenFor(c echo.Context, keys *keyring) (*tokenAnswer, *oauthError) {
	r := c.Request()
	form, refusal := readForm(r)
	if refusal != nil {
		return nil, refusal
	}
	claims, refusal := presentedClients(r.Header.Values(echo.HeaderAuthorization), form)
	if refusal != nil {
		return nil, refusal
	}
	var client *Credential
	for _, claimed := range claims {
		if found := keys.byClient(claimed.id, claimed.secret); found != nil {
			client = found
		}
	}
	if client == nil {
		if wait := s.guesses.wrong(c.RealIP()); wait > 0 {
			return nil, &oauthError{code: "invalid_client", status: http.StatusTooManyRequests, wait: wait,
				text: "too many requests with wrong credentials came from this address; requests with right ones are served"}
		}
		return nil, errClient
	}
	setValue(c, callerKey, client.caller()) // for the request log
	switch form["grant_type"] {
	case "client_credentials":
	case "":
		return nil, badRequest("invalid_request", "grant_type is missing: send grant_type=client_credentials")
	default:
		return nil, badRequest("unsupported_grant_type", "send grant_type=client_credentials")
	}
	scope, refusal := grant(form["scope"], client.ReadOnly)
	if refusal != nil {
		return nil, refusal
	}
	token, err := s.mint.issue(client, scope)
	if err != nil { // texts and times: cannot happen
		return nil, &oauthError{code: "server_error", text: err.Error(), status: http.StatusInternalServerError}
	}
	return &tokenAnswer{AccessToken: token, TokenType: "Bearer", ExpiresIn: int(TokenLifetime.Seconds()), Scope: scope}, nil
}

// readForm reads the body, and nothing but the body: a secret in the address would be in the logs of everything on the way. A parameter comes once,
// and one without a value is none (RFC 6749 section 3.2).
func readForm(r *http.Request) (map[string]string, *oauthError) {
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		return nil, badRequest("invalid_request", "the parameters belong into the body, not into the address")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || kind != echo.MIMEApplicationForm {
		return nil, badRequest("invalid_request", "send the parameters as application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxTokenRequest+1))
	if err != nil || len(body) > maxTokenRequest {
		return nil, badRequest("invalid_request", "the body cannot be read, or has more than 8 KiB")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("invalid_request", "the body is no form")
	}
	form := map[string]string{}
	for name, list := range values {
		if len(list) > 1 {
			return nil, badRequest("invalid_request", "a parameter comes twice")
		}
		form[name] = list[0]
	}
	return form, nil
}

// claimedClient is an id and a secret as they were presented.
type claimedClient struct {
	id, secret string
}

// presentedClients reads the one way in which the client says who it is: the header or the body, not both (RFC 6749 section 2.3). The header may be
// meant in two ways: section 2.3.1 wants id and secret encoded as in a form, and many clients do not do so. That is a matter of characters that no
// secret made by openssl rand -hex has.
func presentedClients(headers []string, form map[string]string) ([]claimedClient, *oauthError) {
	inBody := claimedClient{form["client_id"], form["client_secret"]}
	if len(headers) == 0 {
		if inBody.id == "" || inBody.secret == "" {
			return nil, errClient
		}
		return []claimedClient{inBody}, nil
	}
	if len(headers) > 1 || inBody.secret != "" || form["client_assertion"] != "" {
		return nil, badRequest("invalid_request", "say in one way who the client is: in the Authorization header, or in the body")
	}
	plain, err := parseClientHeader(headers[0])
	if err != nil {
		return nil, errClient
	}
	claims := []claimedClient{plain}
	id, errID := url.QueryUnescape(plain.id)
	secret, errSecret := url.QueryUnescape(plain.secret)
	if decoded := (claimedClient{id, secret}); errID == nil && errSecret == nil && decoded != plain {
		claims = append(claims, decoded)
	}
	if inBody.id != "" && !slices.ContainsFunc(claims, func(c claimedClient) bool { return c.id == inBody.id }) {
		return nil, badRequest("invalid_request", "the client_id in the body is not that of the Authorization header")
	}
	return claims, nil
}

func parseClientHeader(header string) (claimedClient, error) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") || len(header) > maxTokenRequest {
		return claimedClient{}, errors.New("no Basic")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return claimedClient{}, err
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok || id == "" || secret == "" {
		return claimedClient{}, errors.New("no user and password")
	}
	return claimedClient{id, secret}, nil
}

// grant returns the scope of a token: what was asked for, or all that the client may have. Commas are taken as spaces, as PingFederate's field for
// scopes is a list with commas.
func grant(asked string, readOnly bool) (string, *oauthError) {
	names := strings.FieldsFunc(asked, func(r rune) bool { return r == ' ' || r == ',' })
	read, write := len(names) == 0, len(names) == 0 && !readOnly
	for _, name := range names {
		switch {
		case name == ScopeRead:
			read = true
		case name == ScopeWrite && !readOnly:
			write = true
		default:
			return "", badRequest("invalid_scope", "this client may have "+allowedScopes(readOnly)+", or leave scope out")
		}
	}
	if write && read {
		return ScopeRead + " " + ScopeWrite, nil
	}
	if write {
		return ScopeWrite, nil
	}
	return ScopeRead, nil
}

func allowedScopes(readOnly bool) string {
	if readOnly {
		return ScopeRead
	}
	return ScopeRead + " and " + ScopeWrite
}
