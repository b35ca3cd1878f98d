package slackapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// maxBody bounds an answer. A group of 15,000 members takes about 1.5 MiB, a page of 1,000 users about 3 MiB.
const maxBody = 32 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d bytes", maxBody)

// call is one SCIM call.
type call struct {
	op, target string // for people: "update user", "U123"
	limit      string // name of the limit it counts for
	lane       Lane
	method     string
	path       string // below the versioned base, e.g. /Users/U123
	query      string
	body       any // nil: none

	byID        bool // path ends with the id of a user or group
	group       bool // about a group
	bodyIgnored bool // the status alone tells the outcome

	refersToOthers bool // the body names users other than the target
}

// turnKey carries what is done when a call has its turn.
type turnKey struct{}

// AtTurn returns a context whose calls do something when they have their turn, before anything is sent: the wait for it may be long. If that
// fails, nothing is sent, and the call returns the error.
func AtTurn(ctx context.Context, do func() error) context.Context {
	return context.WithValue(ctx, turnKey{}, do)
}

// do makes a call. If Slack does not offer SCIM 2.0, which it says before it does anything, the call is made once more in 1.1, and so are
// all calls after it. So is a call that was under way with a token that Slack does not take any more, if there is another by now. It returns ctx.Err() if ctx ended while it waited for the budget, the error of AtTurn, or an *Error.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	before, token := c.version1.Load(), c.token.Load()
	a, err := c.once(ctx, call)
	e := (*Error)(nil)
	switch {
	case !errors.As(err, &e):
		return a, err
	case e.Kind == Unauthorized && c.token.Load() != token:
		return c.once(ctx, call)
	case e.Kind != Unsupported || before:
		return a, err
	}
	if !c.version1.Swap(true) {
		c.log.LogAttrs(ctx, slog.LevelWarn, "slack does not offer SCIM 2.0 to this token; SCIM 1.1 is spoken from now on")
	}
	return c.once(ctx, call)
}

// once waits for the budget and makes the call.
func (c *Client) once(ctx context.Context, call call) (answer, error) {
	if err := c.governor.acquire(ctx, call.lane, call.limit); err != nil {
		return answer{}, err
	}
	if atTurn, ok := ctx.Value(turnKey{}).(func() error); ok {
		if err := atTurn(); err != nil {
			return answer{}, err
		}
	}
	start := time.Now()
	a, e := c.exchange(ctx, call, *c.token.Load())
	c.record(ctx, call, a, e, time.Since(start))
	call.tell(ctx, a, e)
	if e != nil {
		return answer{}, e
	}
	return a, nil
}

// record logs the call and obeys a rate limit.
func (c *Client) record(ctx context.Context, call call, a answer, e *Error, took time.Duration) {
	attrs := []slog.Attr{slog.String("op", call.op), slog.Int("status", a.status), slog.Duration("took", took)}
	if strings.HasSuffix(call.path, "/"+call.target) { // an id of Slack's; names and addresses of people are not logged
		attrs = append(attrs, slog.String("target", call.target))
	}
	if e != nil {
		attrs = append(attrs, slog.String("kind", e.Kind.String()), slog.String("id", e.ID))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "slack call", attrs...)

	// A lock on one resource is no sign of a used-up limit.
	if e == nil || e.Kind != Limited || e.ID == "resource_locked" {
		return
	}
	until := time.Now().Add(e.RetryAfter)
	if !c.governor.pause(call.limit, until) {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "slack asks to pause", slog.String("limit", call.limit), slog.Time("until", until))
	if c.onPause != nil {
		c.onPause(call.limit, until)
	}
}

// exchange sends the request once and classifies what comes back.
func (c *Client) exchange(ctx context.Context, call call, token secret) (answer, *Error) {
	if err := ctx.Err(); err != nil {
		return answer{}, call.fail(NotSent, answer{}, fault{}, err)
	}
	if !token.usable() {
		return answer{}, call.fail(Unauthorized, answer{}, fault{detail: "no usable token is set"}, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var f flight
	request, err := c.request(httptrace.WithClientTrace(ctx, f.trace()), call, token)
	if err != nil {
		return answer{}, call.fail(NotSent, answer{}, fault{}, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, call.failed(&f, err, token)
	}
	defer response.Body.Close()
	body, err := readBody(response.Body)
	// Before anything is cut from it: half a token is a secret too.
	a := newAnswer(response.StatusCode, response.Header, token.hideIn(body), err)
	return a, classify(call, a, time.Now())
}

func (c *Client) request(ctx context.Context, call call, token secret) (*http.Request, error) {
	version, content := "/v2", call.body
	if c.version1.Load() {
		version, content = "/v1", bodyV1(call.body)
	}
	target := c.scimURL + version + call.path
	if call.query != "" {
		target += "?" + call.query
	}
	var body io.Reader
	if content != nil {
		encoded, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target, body)
	if err != nil {
		return nil, err
	}
	// net/http replays a request whose body it can get again; a write must never be sent twice.
	request.GetBody = nil
	request.Header.Set("Authorization", "Bearer "+token.reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "scim2slack")
	if body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8") // LIVE; application/scim+json is unproven
	}
	return request, nil
}

// readBody reads a body to its end, so that the connection can be used again, unless it is too large.
func readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	return body, err
}

// failed turns an error of the transport into ours.
func (c call) failed(f *flight, err error, token secret) *Error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL, whose filter holds personal data
	}
	var lint *LintError
	switch {
	case errors.As(err, &lint):
		return c.fail(Refused, answer{}, fault{id: requestForbidden}, err)
	case f.mayHaveLeft(err):
		return c.fail(Unknown, answer{}, fault{}, token.clean(err))
	}
	return c.fail(NotSent, answer{}, fault{}, token.clean(err))
}

// flight watches whether anything of a request may have left this process.
type flight struct {
	seen atomic.Bool // the transport reports to us at all
	left atomic.Bool
}

func (f *flight) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { f.seen.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			// Over HTTP/2 the frames are written by another goroutine, which may be ahead of what it reports.
			if conn, ok := info.Conn.(*tls.Conn); ok && conn.ConnectionState().NegotiatedProtocol == "h2" {
				f.left.Store(true)
			}
		},
		// The headers are first written into a buffer, so this is early, never late.
		WroteHeaderField: func(string, []string) { f.left.Store(true) },
		WroteHeaders:     func() { f.left.Store(true) },
	}
}

// mayHaveLeft is true when in doubt. For a transport that reports nothing it is false only if err is a failure to connect.
func (f *flight) mayHaveLeft(err error) bool {
	if f.seen.Load() {
		return f.left.Load()
	}
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}
