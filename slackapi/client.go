// Package slackapi is the client of Slack: users and groups over the SCIM API 2.0, or 1.1 where Slack offers no more, and auth.test over
// the Web API. It
// keeps Slack's rate limits, says of each failure what it means for the state of Slack, and refuses, at the last line
// before the socket, every request that has no safe meaning in Slack's dialect. It never repeats a call: when and whether to
// come again is for the caller to decide.
//
// Where a comment gives the source of a rule: DOC is Slack's documentation (docs.slack.dev/reference/scim-api), LIVE a
// recorded answer or a test against Slack, CODE what other clients rely on, INF our inference.
package slackapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultSCIMURL = "https://api.slack.com/scim"
	defaultAPIURL  = "https://slack.com/api/"
	defaultTimeout = 30 * time.Second
	defaultShare   = 0.9
)

// Config is what a Client needs. Only Token must be given.
type Config struct {
	// Token is a Slack user token (xoxp-...) with the scope admin.
	Token string
	// SCIMURL is the base of the SCIM API, without the version. Default https://api.slack.com/scim.
	SCIMURL string
	// APIURL is the base of the Web API. Default https://slack.com/api/; a missing "/" at its end is added.
	APIURL string
	// HTTPClient is used for its transport, timeout and so on in a copy that follows no redirects and keeps no cookies. nil
	// means a transport of our own: HTTP/1.1, proxy from the environment, bounded dial and TLS times.
	HTTPClient *http.Client
	// Timeout bounds one call, from the moment the budget let it go to the last byte of the answer. Default 30s.
	Timeout time.Duration
	// Share is our part of Slack's limits, which all apps of an organisation share: more than 0, at most 1. 0 means 0.9.
	Share float64
	// Limits replaces limits that Slack publishes, by name (LimitWrites ...), where Slack granted others. Share applies to them too.
	Limits map[string]Limit
	// OnPause is called, if not nil, when a Retry-After keeps the calls of a limit back, so that the pause can outlive the
	// process (RestorePause). It is called from the goroutine of the call that was limited, and holds up only that.
	OnPause func(name string, until time.Time)
	// Log takes one line for each call (debug) and pause (warn). nil means none.
	Log *slog.Logger
}

// Client calls Slack. It is safe for concurrent use. It starts no goroutine and needs no Close.
type Client struct {
	scimURL  string      // without the version and without "/" at the end
	version1 atomic.Bool // SCIM 1.1 is spoken; once it is, it stays so
	apiURL   string
	token    atomic.Pointer[secret]
	http     *http.Client
	timeout  time.Duration
	governor *governor
	onPause  func(string, time.Time)
	log      *slog.Logger
}

// New makes a Client. It returns every fault of the configuration at once, and never the token.
func New(config Config) (*Client, error) {
	c := &Client{timeout: config.Timeout, onPause: config.OnPause, log: config.Log}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.SetToken(config.Token)
	var tokenErr, timeoutErr error
	if !c.token.Load().usable() {
		tokenErr = errors.New("the Slack token is empty or has characters that no token has (spaces, line breaks, non-ASCII)")
	}
	if c.timeout < 0 {
		timeoutErr = fmt.Errorf("the timeout of a Slack call is %s: it must be more than 0", c.timeout)
	}
	scimURL, scimErr := baseURL("Slack SCIM URL", config.SCIMURL, defaultSCIMURL)
	apiURL, apiErr := baseURL("Slack API URL", config.APIURL, defaultAPIURL)
	limits, limitsErr := effectiveLimits(config.Limits, config.Share)
	if err := errors.Join(tokenErr, timeoutErr, scimErr, apiErr, limitsErr); err != nil {
		return nil, err
	}
	c.scimURL, c.apiURL = scimURL, apiURL+"/"
	c.version1.Store(startsWithV1(scimURL))
	c.governor = newGovernor(limits)
	c.http = httpClient(config.HTTPClient, c.scimURL, c.apiURL)
	return c, nil
}

// baseURL checks a base URL and cuts the "/" from its end.
func baseURL(what, value, fallback string) (string, error) {
	if value == "" {
		value = fallback
	}
	u, err := url.Parse(value)
	if err != nil {
		return "", fmt.Errorf("%s is no URL", what) // the cause would print what may be a password
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s must be an absolute http or https URL without user, query or fragment", what)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// SetToken replaces the token for the calls that start from now on. Space around it, as files have, does not count.
// While the token is unusable every call ends as Unauthorized without being sent.
func (c *Client) SetToken(token string) {
	s := secret(strings.TrimSpace(token))
	c.token.Store(&s)
}

// CloseIdleConnections closes the connections that no call uses, as http.Client does.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// httpClient copies the given client, if any, and puts the linter in front of its transport.
func httpClient(given *http.Client, scimURL, apiURL string) *http.Client {
	var out http.Client
	if given != nil {
		out = *given
	}
	if out.Transport == nil {
		out.Transport = newTransport()
	}
	out.Transport = &linter{next: out.Transport, scimURL: scimURL, apiURL: apiURL}
	out.Jar = nil
	// A redirect would carry the token to wherever the answer points.
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &out
}

// newTransport speaks HTTP/1.1 only: there it is certain, when a call fails, whether a byte of it has left, and nothing below
// us replays a write. Idle connections are dropped before the usual minute after which a load balancer drops them.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConnsPerHost: 16,
		Protocols:           protocols,
	}
}

// Forecast estimates how long a call of the named limit (LimitCreateUser ..., LimitReads for lists and look-ups) that
// entered the lane now would wait for its turn. 0 means that it would go at once.
func (c *Client) Forecast(name string, lane Lane) time.Duration {
	return c.governor.forecast(name, lane)
}

// ForecastBehind is Forecast for a call behind a backlog that has not reached the client yet. Backlogs of lanes that go later do not count.
func (c *Client) ForecastBehind(name string, lane Lane, backlog []Backlog) time.Duration {
	return c.governor.forecastBehind(name, lane, backlog)
}

// Pauses returns the limits that are paused, with the time at which each pause ends.
func (c *Client) Pauses() map[string]time.Time { return c.governor.pauses() }

// RestorePause puts back a pause that OnPause reported to an earlier process. A time that has passed and an unknown
// name do nothing; a time further off than Slack may ask for (15 minutes) is cut to that.
func (c *Client) RestorePause(name string, until time.Time) {
	if latest := time.Now().Add(maxRetryAfter); until.After(latest) {
		until = latest
	}
	c.governor.pause(name, until)
}
