package scimhandlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"scim2slack/scim"
	"scim2slack/store"
)

// httpError is a fault whose HTTP status is known where it arises.
type httpError struct {
	status int
	detail string
}

func (e *httpError) Error() string { return e.detail }

func notFound(detail string) error { return &httpError{status: http.StatusNotFound, detail: detail} }

func noResource(t *resourceType, id string) error {
	return notFound(fmt.Sprintf("this source has no %s with the id %s", t.noun(), shorten(id)))
}

// refusedError is Slack's final word on what a request asked for.
type refusedError struct{ status store.Status }

func (e *refusedError) Error() string { return e.status.Message }

// fail answers an error.
func (x *exchange) fail(err error) {
	answer := x.blame(err)
	if answer.Status == http.StatusServiceUnavailable {
		x.w.Header().Set("Retry-After", "5")
	}
	_ = x.writeObject(answer.Status, x.fault(answer)) // an error means that the client has gone
}

// blame is what the client is told of an error. What is no fault of the client is logged.
func (x *exchange) blame(err error) scimerrors.ScimError {
	answer := scimError(err)
	if answer.Status >= http.StatusInternalServerError && x.r.Context().Err() == nil {
		x.h.cfg.Log.ErrorContext(x.r.Context(), "SCIM request failed", "error", err, "source", x.source.Name, "request", x.requestID())
		answer.Detail += "; the gateway's log tells more"
		if id := x.requestID(); id != "" {
			answer.Detail += " under request " + id
		}
	}
	return answer
}

// errorObject is an error as a document (RFC 7644 section 3.12).
func errorObject(e scimerrors.ScimError) scim.Object {
	o := scim.Object{"schemas": []any{scim.ErrorSchema}, "status": strconv.Itoa(e.Status), "detail": e.Detail}
	if e.ScimType != "" {
		o["scimType"] = string(e.ScimType)
	}
	return o
}

// scimError maps every error to the SCIM error of the answer (RFC 7644 section 3.12). Of an error that it does not know it tells nothing.
func scimError(err error) scimerrors.ScimError {
	var (
		plain    *httpError
		fault    *scim.Error
		conflict *store.ConflictError
		refused  *refusedError
		tooLarge *scim.TooLargeError
		tooMany  *scim.TooManyError
		tooLong  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &plain):
		return scimerrors.ScimError{Status: plain.status, Detail: plain.detail}
	case errors.As(err, &fault):
		return scimerrors.ScimError{Status: statusOf(fault.Type), ScimType: scimerrors.ScimType(fault.Type), Detail: fault.Detail}
	case errors.As(err, &conflict):
		return scimerrors.ScimError{Status: http.StatusConflict, ScimType: scimerrors.ScimTypeUniqueness, Detail: fmt.Sprintf(
			"%s %q belongs to another %s of this source, with the id %s", conflict.Index, conflict.Value, noun(conflict.Holder.Type), conflict.Holder.ID)}
	case errors.As(err, &refused):
		return refusal(refused.status)
	case errors.As(err, &tooLarge):
		return scimerrors.ScimError{Status: http.StatusRequestEntityTooLarge, Detail: tooLarge.Error()}
	case errors.As(err, &tooMany):
		return scimerrors.ScimError{Status: http.StatusRequestEntityTooLarge, Detail: tooMany.Error()}
	case errors.As(err, &tooLong):
		return scimerrors.ScimError{Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the body has more than the %d bytes that are read; send it in smaller pieces", tooLong.Limit)}
	case errors.Is(err, store.ErrClosed):
		return scimerrors.ScimError{Status: http.StatusServiceUnavailable, Detail: "the gateway is stopping"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return scimerrors.ScimError{Status: http.StatusServiceUnavailable, Detail: "the request was given up before it was answered"}
	}
	return scimerrors.ScimError{Status: http.StatusInternalServerError, Detail: "internal error"}
}

func statusOf(t scim.ErrorType) int {
	if t == scim.Uniqueness {
		return http.StatusConflict
	}
	return http.StatusBadRequest
}

func noun(t store.Type) string {
	if t == store.Group {
		return groups.noun()
	}
	return users.noun()
}

// refusal is the answer to a request that Slack refused for good.
func refusal(st store.Status) scimerrors.ScimError {
	answer := scimerrors.ScimError{Status: http.StatusBadRequest, ScimType: scimerrors.ScimTypeInvalidValue, Detail: st.Message}
	if taken(st) {
		answer.Status, answer.ScimType = http.StatusConflict, scimerrors.ScimTypeUniqueness
	}
	if answer.Detail == "" {
		answer.Detail = "Slack refused it: " + st.Reason
	}
	return answer
}

// taken reports whether Slack says that somebody else has the userName or e-mail. The identifier of SCIM 1.1 says so in its text only:
// bad_email_address (... reason=email_taken existing_user=U...) (CODE).
func taken(st store.Status) bool {
	switch st.Reason {
	case "email_taken", "username_taken":
		return true
	case "bad_email_address":
		return strings.Contains(st.Message, "email_taken")
	}
	return false
}
