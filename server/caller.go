package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Caller is who a request comes from, as its credential proves.
type Caller struct {
	Source string
	// Credential is the name of the credential, for logs and records. It is no secret.
	Credential string
	// ReadOnly: it may read and search, and change nothing.
	ReadOnly bool
}

// CallerOf returns who a request was authenticated as; the zero Caller if it was not.
func CallerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey).(Caller)
	return caller
}

// SourceName returns the source that a request was authenticated as, or "".
func SourceName(ctx context.Context) string { return CallerOf(ctx).Source }

// authenticate finds out who is calling, and refuses everybody else whatever they ask for.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		keys := s.keys.Load()
		caller, err := keys.admit(c.Request())
		if errors.Is(err, errScope) {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="scim", error="insufficient_scope", scope="scim.read scim.write"`) // RFC 6750 section 3.1
			return echo.NewHTTPError(http.StatusForbidden, errScope.Error())
		}
		if err != nil {
			return s.refuse(c, keys, err)
		}
		Welcome(c.Request().Context())
		setValue(c, callerKey, caller)
		return next(c)
	}
}

// refuse answers who presents nothing or nothing valid. Who does so too often is told to wait, and the log is not filled.
func (s *Server) refuse(c echo.Context, keys *keyring, reason error) error {
	ctx, level := c.Request().Context(), slog.LevelWarn
	c.Response().Header().Set(echo.HeaderConnection, "close") // a stranger's body is not waited for, nor the next request
	wait := s.guesses.wrong(c.RealIP())
	if wait > 0 {
		level = slog.LevelDebug
	}
	s.cfg.Log.Log(ctx, level, "unauthenticated request", "reason", reason, "remote", c.RealIP(), "request", RequestID(ctx))
	for _, challenge := range keys.challenges {
		c.Response().Header().Add(echo.HeaderWWWAuthenticate, challenge)
	}
	if wait > 0 {
		return tooMany(c, wait, "too many requests with wrong credentials came from this address; requests with right ones are served: "+errAnonymous.Error())
	}
	return echo.NewHTTPError(http.StatusUnauthorized, errAnonymous.Error())
}

// authorize keeps those who may only read from changing anything. What nobody here may read or change is for the handlers to say: they see
// nothing but the source's own.
func authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); CallerOf(r.Context()).ReadOnly && !readsOnly(r) {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="scim", error="insufficient_scope", scope="scim.write"`) // RFC 6750 section 3.1
			return echo.NewHTTPError(http.StatusForbidden, "this credential may read and change nothing")
		}
		return next(c)
	}
}

// readsOnly reports whether a request cannot change anything: RFC 7644 has a search by POST (section 3.4.3).
func readsOnly(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	case http.MethodPost:
		return strings.HasSuffix(r.URL.Path, "/.search")
	}
	return false
}
