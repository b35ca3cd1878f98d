package slackapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// Identity is whom the token belongs to.
type Identity struct {
	UserID, User string // the owner, who must never be deactivated: the token would go with him
	TeamID, Team string
	EnterpriseID string // "" outside Enterprise
	URL          string
}

// Identify asks Slack whom the token belongs to (auth.test of the Web API). It spends none of the SCIM budget.
func (c *Client) Identify(ctx context.Context) (Identity, error) {
	return c.identify(ctx, *c.token.Load())
}

// IdentifyToken is Identify for another token, before it becomes the one that counts (SetToken).
func (c *Client) IdentifyToken(ctx context.Context, token string) (Identity, error) {
	return c.identify(ctx, secret(strings.TrimSpace(token)))
}

func (c *Client) identify(ctx context.Context, token secret) (Identity, error) {
	call := call{op: "identify the token", method: http.MethodPost}
	if !token.usable() {
		return Identity{}, call.fail(Unauthorized, answer{}, fault{detail: "no usable token is set"}, nil)
	}
	if err := ctx.Err(); err != nil {
		return Identity{}, call.fail(NotSent, answer{}, fault{}, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var f flight
	api := slack.New(token.reveal(), slack.OptionHTTPClient(c.http), slack.OptionAPIURL(c.apiURL))
	who, err := api.AuthTestContext(httptrace.WithClientTrace(ctx, f.trace()))
	if err != nil {
		return Identity{}, call.webFault(&f, err, token)
	}
	if who.UserID == "" || who.TeamID == "" { // as of {}, which slack-go takes for a yes
		return Identity{}, call.fail(Unknown, answer{}, fault{detail: "the answer does not say whose token it is"}, nil)
	}
	return Identity{UserID: who.UserID, User: who.User, TeamID: who.TeamID, Team: who.Team, EnterpriseID: who.EnterpriseID, URL: who.URL}, nil
}

// webFault turns the errors of slack-go into ours.
func (c call) webFault(f *flight, err error, token secret) *Error {
	var (
		said    slack.SlackErrorResponse
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
		number  *strconv.NumError
	)
	switch {
	case errors.As(err, &said):
		kind := c.kindOf(answer{status: http.StatusOK}, fault{id: said.Err})
		text := shorten(token.hide(said.Err))
		e := c.fail(kind, answer{status: http.StatusOK}, fault{id: text, detail: text}, nil)
		if kind == Limited {
			e.RetryAfter = defaultRetryAfter
		}
		return e
	case errors.As(err, &limited):
		e := c.fail(Limited, answer{status: http.StatusTooManyRequests}, fault{}, nil)
		e.RetryAfter = min(max(limited.RetryAfter, time.Second), maxRetryAfter)
		return e
	case errors.As(err, &number): // a Retry-After that is no whole number of seconds
		e := c.fail(Limited, answer{status: http.StatusTooManyRequests}, fault{}, nil)
		e.RetryAfter = defaultRetryAfter
		return e
	case errors.As(err, &status):
		a := answer{status: status.Code}
		e := c.fail(c.kindOf(a, fault{}), a, fault{}, nil)
		if e.Kind == Limited {
			e.RetryAfter = defaultRetryAfter
		}
		return e
	}
	return c.failed(f, err, token)
}
