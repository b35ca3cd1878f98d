package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/labstack/echo/v4"
)

// details are what is said of a status where nobody said more.
var details = map[int]string{
	http.StatusNotFound:            "there is nothing at this address; SCIM is served below /scim/v2",
	http.StatusMethodNotAllowed:    "this method is not known here",
	http.StatusInternalServerError: "internal error",
}

// answerError writes every error of the edge and of echo as a SCIM error. Only what was meant for the client is in it.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, detail := http.StatusInternalServerError, ""
	var he *echo.HTTPError
	if errors.As(err, &he) {
		status = he.Code
		if text, ok := he.Message.(string); ok && text != http.StatusText(status) {
			detail = text
		}
	} else {
		s.cfg.Log.ErrorContext(c.Request().Context(), "request failed", "error", err, "request", RequestID(c.Request().Context()))
	}
	if detail == "" {
		detail = details[status]
	}
	if detail == "" {
		detail = http.StatusText(status)
	}
	if status == http.StatusInternalServerError {
		detail += "; the gateway's log tells more under request " + RequestID(c.Request().Context())
	}
	mediaType := "application/scim+json"
	body, err := scimerrors.ScimError{Status: status, Detail: detail}.MarshalJSON()
	if strings.HasPrefix(c.Request().URL.Path, "/scim/v1") { // SCIM 1.1 writes it in another way
		mediaType = "application/json"
		body, err = json.Marshal(map[string]any{"Errors": []any{map[string]string{"description": detail, "code": strconv.Itoa(status)}}})
	}
	if err != nil { // strings and a number: cannot happen
		s.cfg.Log.ErrorContext(c.Request().Context(), "cannot write an error", "error", err)
	}
	if c.Request().Method == http.MethodHead {
		body = nil
	}
	_ = c.Blob(status, mediaType, body) // an error means that the client has gone
}
