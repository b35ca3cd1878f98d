package slackapi

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"scim2slack/scim"
)

const nextToken = "xoxp-next-canary-9876543210"

const personAnswer = `{"id":"U1","active":true,"userName":"janet"}`

// A call under way ends with the token with which it began, and the next has the new one.
func TestSetTokenLeavesCallsAlone(t *testing.T) {
	reached, goOn := make(chan string, 2), make(chan struct{})
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		reached <- r.Header.Get("Authorization")
		<-goOn
		_, _ = io.WriteString(w, personAnswer)
	})
	ended := make(chan error, 1)
	go func() { _, err := c.User(t.Context(), LaneReads, "U1"); ended <- err }()
	if got := <-reached; got != "Bearer "+testToken {
		t.Errorf("the first call has %s", got)
	}
	c.SetToken(nextToken)
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := c.User(t.Context(), LaneReads, "U1"); err != nil {
		t.Error(err)
	}
	if got := <-reached; got != "Bearer "+nextToken {
		t.Errorf("the second call has %s", got)
	}
}

// A call that was refused because its token was replaced meanwhile is made once more, with the new one; nothing else is.
func TestCallWithReplacedTokenIsMadeAgain(t *testing.T) {
	var c *Client
	var calls atomic.Int32
	c = clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			c.SetToken(nextToken)
		}
		if r.Header.Get("Authorization") != "Bearer "+nextToken {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"Errors":{"description":"invalid_authentication","code":401}}`)
			return
		}
		_, _ = io.WriteString(w, personAnswer)
	})
	if _, err := c.User(t.Context(), LaneReads, "U1"); err != nil || calls.Load() != 2 {
		t.Errorf("%d calls: %v", calls.Load(), err)
	}
	c.SetToken(testToken)
	if _, err := c.User(t.Context(), LaneReads, "U1"); err == nil || calls.Load() != 3 {
		t.Errorf("%d calls: %v", calls.Load(), err)
	}
}

// Whoever answers may echo the token, anywhere and cut: no error and no log has any of it. A log has nothing of a person either.
func TestEchoedTokenIsNowhere(t *testing.T) {
	for at := range 230 { // across every place where a text is cut
		for shape, body := range map[string]string{
			"text": strings.Repeat(".", at) + "%s", "error": `{"Errors":{"description":"odd_thing ` + strings.Repeat(".", at+790) + `%s","code":400}}`,
			"web": `{"ok":false,"error":"` + strings.Repeat(".", at) + `%s"}`,
		} {
			var log bytes.Buffer
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprintf(w, body, r.Header.Get("Authorization"))
			}, func(config *Config) {
				config.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			_, err := c.FindUsers(t.Context(), LaneReads, scim.SlackEmail, "janet@example.com")
			_, who := c.Identify(t.Context())
			c.log.Error("failed", "error", err, "who", who)
			for _, part := range []string{"xoxp", "canary"} {
				if said := fmt.Sprint(err, who, log.String()); strings.Contains(said, part) {
					t.Fatalf("%s at %d: %s", shape, at, said)
				}
			}
			if strings.Contains(log.String(), "janet") {
				t.Fatalf("the log names a person: %s", &log)
			}
		}
	}
}

// An answer that does not say whose token it is says nothing of it.
func TestIdentifyWantsAName(t *testing.T) {
	for _, body := range []string{`{}`, `{"ok":true}`, `{"ok":true,"team_id":"T1"}`, `{"ok":true,"user_id":"U1"}`} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		if who, err := c.Identify(t.Context()); err == nil {
			t.Errorf("%s is taken for %+v", body, who)
		}
	}
}
