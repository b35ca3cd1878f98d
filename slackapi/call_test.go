package slackapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/scim"
)

var newPerson = scim.SlackUserProfile{"userName": "ada", "email": "ada@example.com"}

const adaAnswer = `{"id":"U1","active":true,"userName":"ada","emails":[{"value":"ada@example.com","primary":true}]}`

// raw answers with bytes of our choice and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(text))
	}
}

func kindOf(t *testing.T, err error) Kind {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *Error", err)
	}
	return e.Kind
}

// TestOutcomesOfAWrite sends one POST into every way a connection can go wrong.
func TestOutcomesOfAWrite(t *testing.T) {
	for name, row := range map[string]struct {
		handler http.HandlerFunc
		want    Kind
	}{
		"reset after send":      {raw(""), Unknown},
		"nonsense":              {raw("SSH-2.0-x\r\n\r\n"), Unknown},
		"half a header":         {raw("HTTP/1.1 201 Created\r\nContent-Le"), Unknown},
		"truncated by length":   {raw("HTTP/1.1 201 Created\r\nContent-Length: 200\r\n\r\n" + adaAnswer), Unknown},
		"truncated by chunks":   {raw("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\""), Unknown},
		"truncated, no length":  {raw("HTTP/1.1 201 Created\r\n\r\n" + adaAnswer[:40]), Unknown},
		"no body":               {raw("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"), Unknown},
		"HTML":                  {raw("HTTP/1.1 200 OK\r\n\r\n<html>Sign in</html>"), Unknown},
		"not a user":            {raw("HTTP/1.1 200 OK\r\n\r\n{\"hello\":1}"), Unknown},
		"two documents":         {raw("HTTP/1.1 200 OK\r\n\r\n" + adaAnswer + adaAnswer), Unknown},
		"redirect":              {raw("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), Unknown},
		"bad gateway":           {raw("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"), Unknown},
		"refused":               {raw("HTTP/1.1 400 Bad Request\r\n\r\n{\"detail\":\"username_taken\"}"), Refused},
		"refused, cut off":      {raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{\"detail\":\"user"), Unknown},
		"limited, cut off":      {raw("HTTP/1.1 429 Too Many\r\nContent-Length: 99\r\n\r\n{"), Limited},
		"too large":             {flood, Unknown},
		"timeout":               {slow(0), Unknown},
		"timeout in the answer": {slow(10), Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				row.handler(w, r)
			}, func(c *Config) {
				if strings.HasPrefix(name, "timeout") {
					c.Timeout = 20 * time.Millisecond
				}
			})
			_, err := c.CreateUser(t.Context(), LaneCreates, newPerson)
			if got := kindOf(t, err); got != row.want {
				t.Errorf("got %s (%v), want %s", got, err, row.want)
			}
			if n := calls.Load(); n != 1 {
				t.Errorf("the request arrived %d times", n)
			}
			if strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), "127.0.0.1") && strings.Contains(err.Error(), "/scim") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

// slow sends n bytes of an answer and then nothing until the client has gone.
func slow(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if n > 0 {
			_, _ = w.Write([]byte(adaAnswer[:n]))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

func flood(w http.ResponseWriter, _ *http.Request) {
	chunk := []byte(strings.Repeat(" ", 1<<20))
	for range maxBody>>20 + 2 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// TestNothingLeftThisProcess: what fails before a byte is written may be repeated.
func TestNothingLeftThisProcess(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		c, err := New(Config{Token: testToken, SCIMURL: "http://" + l.Addr().String()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateUser(t.Context(), LaneCreates, newPerson)
		if kindOf(t, err) != NotSent {
			t.Errorf("got %v", err)
		}
	})
	t.Run("TLS not trusted", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
		server.StartTLS()
		defer server.Close()
		c, err := New(Config{Token: testToken, SCIMURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateUser(t.Context(), LaneCreates, newPerson)
		if kindOf(t, err) != NotSent {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled while dialling", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := New(Config{Token: testToken, HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				cancel()
				return nil, context.Canceled
			}}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateUser(ctx, LaneCreates, newPerson)
		if kindOf(t, err) != NotSent || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("transport that tells nothing", func(t *testing.T) {
		fails := func(cause error) error {
			c, err := New(Config{Token: testToken, HTTPClient: &http.Client{Transport: roundTripper(
				func(*http.Request) (*http.Response, error) { return nil, cause })}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.CreateUser(t.Context(), LaneCreates, newPerson)
			return err
		}
		if err := fails(io.EOF); kindOf(t, err) != Unknown {
			t.Errorf("in doubt the outcome is unknown: %v", err)
		}
		if err := fails(&net.OpError{Op: "dial", Err: errors.New("refused")}); kindOf(t, err) != NotSent {
			t.Errorf("a dial that failed sent nothing: %v", err)
		}
	})
	t.Run("cancelled in flight", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client goes
			cancel()
			<-r.Context().Done()
		})
		_, err := c.CreateUser(ctx, LaneCreates, newPerson)
		if kindOf(t, err) != Unknown || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWaitForTheBudgetEndsWithTheContext(t *testing.T) {
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, adaAnswer) })
	c.RestorePause(LimitGetUser, time.Now().Add(time.Hour))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.User(ctx, LaneReads, "U1"); err != context.DeadlineExceeded {
		t.Errorf("got %v, want the error of the context itself", err)
	}
	if until := c.Pauses()[LimitGetUser]; time.Until(until) > maxRetryAfter {
		t.Errorf("a restored pause lasts until %s", until)
	}
}

func TestRequestsLookRight(t *testing.T) {
	var got *http.Request
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, adaAnswer)
	}, func(c *Config) { c.SCIMURL += "/" })
	if _, err := c.CreateUser(t.Context(), LaneCreates, newPerson); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.Path != "/scim/v2/Users" || got.ContentLength <= 0 ||
		got.Header.Get("Authorization") != "Bearer "+testToken || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("got %s %s %v", got.Method, got.URL, got.Header)
	}
	for name := range got.Header {
		if strings.Contains(strings.ToLower(name), "idempotency") {
			t.Errorf("header %s", name)
		}
	}
	c.SetToken(" xoxp-new\n")
	if _, err := c.User(t.Context(), LaneReads, "U1"); err != nil || got.Header.Get("Authorization") != "Bearer xoxp-new" {
		t.Errorf("the new token is not used: %v %v", err, got.Header)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, config := range map[string]Config{
		"no token":        {},
		"token with line": {Token: "xoxp-1\nxoxp-2"},
		"relative URL":    {Token: testToken, SCIMURL: "/scim"},
		"query":           {Token: testToken, SCIMURL: "https://h/scim?x=1"},
		"password":        {Token: testToken, APIURL: "https://me:canary@h/api"},
		"other scheme":    {Token: testToken, APIURL: "ftp://h/api"},
		"unreadable":      {Token: testToken, APIURL: "https://me:canary@h:x/"},
		"timeout":         {Token: testToken, Timeout: -1},
		"share":           {Token: testToken, Share: 2},
		"limit":           {Token: testToken, Limits: map[string]Limit{"x": {1, 1}}},
	} {
		if _, err := New(config); err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "xoxp") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := New(Config{Share: 2, Timeout: -1, SCIMURL: "x"})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Errorf("every fault must be told at once: %v", err)
	}
}

// TestLimitedCallPausesItsLimit: the pause is remembered, reported once, and kept.
func TestLimitedCallPausesItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu       sync.Mutex
			reported []string
			id       = "too_many_requests"
		)
		c, err := New(Config{Token: testToken,
			OnPause: func(name string, until time.Time) {
				mu.Lock()
				defer mu.Unlock()
				reported = append(reported, fmt.Sprint(name, " ", time.Until(until)))
			},
			HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if id == "" {
					return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(adaAnswer))}, nil
				}
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}},
					Body: io.NopCloser(strings.NewReader(`{"detail":"` + id + `"}`))}, nil
			})}})
		if err != nil {
			t.Fatal(err)
		}
		id = "resource_locked"
		_, err = c.User(t.Context(), LaneReads, "U1")
		if e := new(Error); !errors.As(err, &e) || e.Kind != Limited || e.RetryAfter != 7*time.Second || len(c.Pauses()) != 0 {
			t.Errorf("a lock pauses nothing: %v %v", err, c.Pauses())
		}
		id = "too_many_requests"
		_, err = c.User(t.Context(), LaneReads, "U1")
		if kindOf(t, err) != Limited || len(c.Pauses()) != 1 || len(reported) != 1 || reported[0] != "getUser 7s" {
			t.Errorf("got %v, %v, %v", err, c.Pauses(), reported)
		}
		id = ""
		start := time.Now()
		if _, err := c.User(t.Context(), LaneLeavers, "U1"); err != nil || time.Since(start) < 7*time.Second {
			t.Errorf("went after %s: %v", time.Since(start), err)
		}
		if c.Forecast(LimitUpdateUser, LaneReads) != 0 {
			t.Error("another limit is paused too")
		}
	})
}

// TestTokenIsNowhere lets everything fail and echo, and looks for the token in every error, log line and printed value.
func TestTokenIsNowhere(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "you sent %s %s", r.Header.Get("Authorization"), body)
	}
	c := clientOf(t, echo, func(c *Config) { c.Log = log })
	_, createErr := c.CreateUser(t.Context(), LaneCreates, newPerson)
	_, identifyErr := c.Identify(t.Context())
	echoing, err := New(Config{Token: testToken, Log: log, HTTPClient: &http.Client{Transport: roundTripper(
		func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %v", r.Header)
		})}})
	if err != nil {
		t.Fatal(err)
	}
	_, transportErr := echoing.User(t.Context(), LaneReads, "U1")
	for _, err := range []error{createErr, identifyErr, transportErr} {
		if err == nil {
			t.Fatal("nothing failed")
		}
		log.Info("failed", "error", err, "verbose", fmt.Sprintf("%+v %#v", err, err))
	}
	s := secret(testToken)
	encoded, _ := s.MarshalJSON()
	text, _ := s.MarshalText()
	log.Info("printed", "secret", s, "pointer", &s, "client", fmt.Sprintf("%+v", c), "more",
		fmt.Sprintf("%s %v %+v %#v %q %x %X %d %s %s", s, s, s, s, s, s, s, s, encoded, text), "in", struct{ S secret }{s})
	if strings.Contains(logged.String(), testToken) || strings.Contains(logged.String(), fmt.Sprintf("%x", testToken)) {
		t.Errorf("the token is in\n%s", logged.String())
	}
	if !strings.Contains(createErr.Error(), redacted) || !strings.Contains(transportErr.Error(), redacted) {
		t.Errorf("the test did not provoke an echo: %v, %v", createErr, transportErr)
	}
}

func TestUnusableTokenIsNotSent(t *testing.T) {
	c := clientOf(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") })
	c.SetToken("two\nlines")
	if _, err := c.User(t.Context(), LaneReads, "U1"); kindOf(t, err) != Unauthorized {
		t.Errorf("got %v", err)
	}
	if _, err := c.Identify(t.Context()); kindOf(t, err) != Unauthorized {
		t.Errorf("got %v", err)
	}
}
