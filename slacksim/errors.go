package slacksim

import (
	"fmt"
	"net/http"
	"strings"
)

// version is a version of the SCIM API.
type version int

const (
	v1 version = 1
	v2 version = 2
)

// apiError is a refusal by Slack.
type apiError struct {
	status int
	id     string   // one of Slack's documented identifiers
	kv     []string // keys and values that follow it in parentheses
	// v1Shape sends the v1 body on v2 as well, as Slack does when
	// authentication fails (LIVE).
	v1Shape    bool
	retryAfter int // seconds; 0 means no Retry-After
}

// refuse returns the error with this identifier. The pairs follow it as
// " (key=value, ...)" (LIVE for several identifiers).
func refuse(status int, id string, kv ...string) *apiError {
	return &apiError{status: status, id: id, kv: kv}
}

// bad is refuse with status 400, which all of Slack's validation errors with a
// known status have (LIVE, DOC).
func bad(id string, kv ...string) *apiError { return refuse(http.StatusBadRequest, id, kv...) }

// unauthenticated is the refusal of a token.
func unauthenticated(id string) *apiError {
	return &apiError{status: http.StatusUnauthorized, id: id, v1Shape: true}
}

func (e *apiError) text() string {
	if len(e.kv) == 0 {
		return e.id
	}
	pairs := make([]string, 0, len(e.kv)/2)
	for i := 0; i+1 < len(e.kv); i += 2 {
		pairs = append(pairs, e.kv[i]+"="+e.kv[i+1])
	}
	return fmt.Sprintf("%s (%s)", e.id, strings.Join(pairs, ", "))
}

// emailTaken carries the id of the account that holds the address. The two
// texts are known only by the regular expressions of clients (CODE): v1 says
// bad_email_address with a reason, v2 email_taken.
func (s *Sim) emailTaken(v version, email, holder string) *apiError {
	if v == v1 {
		return refuse(s.opts.ErrorStatusTaken, "bad_email_address",
			"email", email, "reason", "email_taken", "existing_user", holder)
	}
	return refuse(s.opts.ErrorStatusTaken, "email_taken", "existing_user", holder)
}

// protected refuses harm to an account that must not be harmed.
func (s *Sim) protected(id string) *apiError { return refuse(s.opts.ErrorStatusProtected, id) }

// answer renders the error. In v1, Errors is an object rather than the array
// of SCIM 1.1 (LIVE); in v2, status is a number rather than a string and there
// is no scimType (DOC).
func (e *apiError) answer(v version) *answer {
	var body object
	if v == v1 || e.v1Shape {
		body = object{{"Errors", object{{"description", e.text()}, {"code", e.status}}}}
	} else {
		body = object{{"schemas", []string{urnError}}, {"detail", e.text()}, {"status", e.status}}
	}
	return e.withRetryAfter(jsonAnswer(e.status, body))
}

// web renders the error as the Web API does, with this identifier.
func (e *apiError) web(id string) *answer {
	return e.withRetryAfter(jsonAnswer(e.status, object{{"ok", false}, {"error", id}}))
}

func (e *apiError) withRetryAfter(a *answer) *answer {
	if e.retryAfter > 0 {
		a.header.Set("Retry-After", fmt.Sprint(e.retryAfter))
	}
	return a
}
