package server

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

type contextKey int

const (
	callerKey contextKey = iota
	requestIDKey
	connKey
)

// RequestID returns the id of the request, or "". The answer has it as X-Request-Id.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

func setValue(c echo.Context, key contextKey, value any) {
	c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), key, value)))
}

// identifyRequest takes the client's request id, if it may be shown in a log as it is, or makes one.
func (s *Server) identifyRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !isPlain(id) || s.keys.Load().byProof(bearer.proof("", sha256.Sum256([]byte(id)))) != nil { // a token in the wrong place is no id
			id = uuid.NewString()
		}
		header := c.Response().Header()
		header.Set(echo.HeaderXRequestID, id)
		header.Set(echo.HeaderXContentTypeOptions, "nosniff")
		setValue(c, requestIDKey, id)
		return next(c)
	}
}

func isPlain(id string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"
	return id != "" && len(id) <= 64 && !strings.HasPrefix(id, "xox") && strings.IndexFunc(id, func(r rune) bool { return !strings.ContainsRune(letters, r) }) < 0
}

// logRequest writes one line for each request. The query stays out of it, for filters carry names and addresses of people.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now()
		if err := next(c); err != nil {
			c.Error(err) // writes the answer, whose status is wanted below
		}
		r, status := c.Request(), c.Response().Status
		level := slog.LevelInfo
		if status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		if !s.cfg.Log.Enabled(r.Context(), level) {
			return nil
		}
		s.cfg.Log.LogAttrs(r.Context(), level, "request", slog.String("method", shownMethod(r.Method)), slog.String("path", shownPath(r.URL.Path)),
			slog.Int("status", status), slog.Duration("took", time.Since(begin)), slog.String("source", SourceName(r.Context())),
			slog.String("credential", CallerOf(r.Context()).Credential), slog.String("remote", c.RealIP()), slog.String("request", RequestID(r.Context())))
		return nil
	}
}

// recoverPanic makes a panic the answer 500.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares the value itself
				panic(p)
			}
			s.cfg.Log.ErrorContext(c.Request().Context(), "panic in a request", "panic", shownPanic(p), "request", RequestID(c.Request().Context()),
				"stack", string(debug.Stack()))
			err = echo.NewHTTPError(http.StatusInternalServerError)
		}()
		return next(c)
	}
}

func limitURL(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u := c.Request().URL; len(u.EscapedPath())+len(u.RawQuery) > maxURL {
			return echo.NewHTTPError(http.StatusRequestURITooLong, "the address is longer than 16 KiB; use a shorter filter")
		}
		return next(c)
	}
}

func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.ContentLength > s.cfg.MaxBody {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the body is too large; send it in smaller pieces")
		}
		r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, s.cfg.MaxBody)
		return next(c)
	}
}
