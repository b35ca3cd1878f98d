package slackapi

import (
	"net/http"
	"time"
)

// answer is a whole HTTP answer.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	bodyErr error // the body could not be read to its end; body holds what came

	object document // body as a JSON object, nil if it is none
}

func newAnswer(status int, header http.Header, body []byte, bodyErr error) answer {
	a := answer{status: status, header: header, body: body, bodyErr: bodyErr}
	if bodyErr == nil && len(body) > 0 {
		a.object, _ = parseDocument(body)
	}
	return a
}

func (a answer) success() bool { return a.status >= 200 && a.status <= 299 }

// classify decides what an answer means. It returns nil for a success; whether the body of a success makes sense is for
// the caller to see. It is a pure function of its arguments.
func classify(c call, a answer, now time.Time) *Error {
	f := parseFault(a)
	if a.success() && (!f.scim || c.bodyIgnored && f.id == "") {
		if a.bodyErr != nil && !c.bodyIgnored {
			return c.fail(Unknown, a, fault{detail: "the answer was cut off"}, a.bodyErr)
		}
		return nil
	}
	kind := c.kindOf(a, f)
	e := c.fail(kind, a, f, a.bodyErr)
	wait, said := retryAfter(a.header, now)
	switch {
	case kind == Limited && !said:
		e.RetryAfter = defaultRetryAfter
	case kind == Limited || a.status >= 500:
		e.RetryAfter = wait
	}
	return e
}

func (c call) fail(kind Kind, a answer, f fault, cause error) *Error {
	return &Error{Op: c.op, Target: c.target, Kind: kind, Status: a.status,
		ID: f.id, Detail: f.detail, ExistingUser: f.existing, Err: cause}
}

// kindOf keys on the identifier before the status, because Slack documents no status for its identifiers.
func (c call) kindOf(a answer, f fault) Kind {
	if a.status >= 500 {
		return Unknown // whatever it says, the work may have been done
	}
	if kind, ok := kindOfIdentifier(c, f); ok {
		return kind
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		return Limited
	case a.status == http.StatusUnauthorized:
		return Unauthorized
	case a.status == http.StatusForbidden && f.id == "":
		// Not a verdict on one person: an address that is not on the app's list, or a firewall. Every call would end so.
		return Unauthorized
	case a.status == http.StatusRequestTimeout, a.status < 400 && !a.success():
		return Unknown // 3xx: redirects are not followed, and who redirects may have acted first
	case a.success() && f.id == "":
		return Unknown // an error shape that names no error
	case a.bodyErr != nil:
		return Unknown // a verdict of which half is missing is none
	case a.status == http.StatusNotFound && c.byID && f.scim && !c.aboutAnother(f.detail):
		return NotFound
	}
	return Refused
}

// aboutAnother reports whether a "no such user" may be about somebody else than the target: an unknown manager is refused with
// the same identifier. Who is wrongly taken for gone would be created a second time.
func (c call) aboutAnother(detail string) bool {
	if user, named := parameters(detail)["user"]; named {
		return user != c.target
	}
	return c.refersToOthers
}

// kindOfIdentifier knows the identifiers that decide by themselves (docs.slack.dev/reference/scim-api, DOC; those of the Web
// API: docs.slack.dev/reference/methods/auth.test, DOC).
func kindOfIdentifier(c call, f fault) (Kind, bool) {
	switch f.id {
	case "too_many_requests", "resource_locked", "ratelimited", "rate_limited":
		return Limited, true
	case "unsupported_version":
		return Unsupported, true
	case "invalid_authentication", "missing_authentication", "invalid_auth", "not_authed", "token_revoked", "token_expired",
		"account_inactive", "missing_scope", "not_allowed_token_type", "no_permission", "access_denied", "org_login_required",
		"ekm_access_denied", "team_access_not_granted", "plus_teams_only", "non_org_teams_only":
		return Unauthorized, true
	case "permission_denied":
		// On one account it means that the account outranks the owner of the token (DOC); elsewhere it is about the token.
		if c.byID && c.method != http.MethodGet {
			return Refused, true
		}
		return Unauthorized, true
	case "no_such_group_members":
		return Refused, true
	case "no_such_user", "unknown_user":
		if c.group {
			return Refused, true // a member
		}
		return NotFound, c.byID && !c.aboutAnother(f.detail)
	case "no_such_group":
		return NotFound, c.byID && c.group
	case "internal_error", "fatal_error", "service_unavailable":
		return Unknown, true // "some aspect of the operation may have succeeded" (DOC)
	case "group_members_create_failed":
		return Unknown, c.method == http.MethodPost // the group may be there without its members (INF)
	case "bad_endpoint":
		return Refused, true // a wrong base URL; on no account proof that a user is gone
	}
	return 0, false
}
