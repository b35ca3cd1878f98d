package reconcile

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// paused returns why the outbound side rests.
func (w *world) paused() string { return w.loop.Overview().Paused }

// A token that Slack does not take any more stops everything and loses nothing; the new one starts everything again by itself, at once.
func TestTokenIsReplaced(t *testing.T) {
	for name, refuse := range map[string]func(*slacksim.Sim){
		"token_revoked": (*slacksim.Sim).RevokeToken,
		"invalid_auth":  func(s *slacksim.Sim) { s.SetToken("xoxp-the-next") },
		"account_inactive": func(s *slacksim.Sim) {
			s.Inject(slacksim.Fault{Kind: slacksim.RefuseWith, Error: "account_inactive", Status: 401})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slacksim.Options{}, nil, func(w *world) {
				leaver := w.desire(store.User, "", user("leaver"))
				w.settle()
				refuse(w.slack)
				w.desire(store.User, leaver, inactive("leaver"))
				new1 := w.desire(store.User, "", user("one"))
				time.Sleep(time.Minute)
				synctest.Wait()
				if why := w.paused(); !strings.Contains(why, "refuses the token") {
					t.Errorf("paused: %q", why)
				}
				if _, there := w.slack.UserByName("one"); there || !w.account("leaver").Active {
					t.Error("something was done without a token")
				}
				w.slack.ClearFaults()
				w.slack.SetToken("xoxp-the-next")
				w.loop.SetToken("xoxp-the-next")
				time.Sleep(time.Millisecond)
				synctest.Wait()
				if why := w.paused(); why != "" {
					t.Errorf("with the new token, still paused: %s", why)
				}
				w.settle()
				w.expect(new1, store.Synced, "")
				w.expect(leaver, store.Synced, "")
				if w.account("leaver").Active {
					t.Error("the leaver is active")
				}
			})
		})
	}
}

// A new token that Slack does not take leaves the old one in its place; it counts when Slack takes it.
func TestTokenThatSlackDoesNotTakeYet(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.loop.SetToken("xoxp-too-early")
		time.Sleep(5 * time.Minute)
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		w.expect(id, store.Synced, "")
		if why := w.paused(); why != "" {
			t.Errorf("paused: %s", why)
		}
		w.slack.SetToken(slacksim.DefaultToken, "xoxp-too-early")
		time.Sleep(longestCheck)
		synctest.Wait()
		w.slack.SetToken("xoxp-too-early")
		id = w.desire(store.User, "", user("omar"))
		w.settle()
		w.expect(id, store.Synced, "")
	})
}

// A token of another workspace is never used: everything rests, over a restart too, until one of the right workspace is there.
func TestTokenOfAnotherWorkspace(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.desire(store.User, "", user("janet"))
		w.settle()
		w.slack.AddForeignToken("xoxp-elsewhere", "T0ELSEWHERE")
		before := w.writes()
		w.loop.SetToken("xoxp-elsewhere")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		id := w.desire(store.User, "", user("omar"))
		time.Sleep(10 * time.Minute)
		if why := w.paused(); !strings.Contains(why, "T0ELSEWHERE") || !strings.Contains(why, "T0SIMULAT") {
			t.Errorf("paused: %q", why)
		}
		if n := w.writes() - before; n != 0 {
			t.Errorf("%d writes", n)
		}
		w.stop()
		w.token = "xoxp-elsewhere"
		w.start(DefaultOptions())
		time.Sleep(10 * time.Minute)
		if why := w.paused(); !strings.Contains(why, "T0ELSEWHERE") {
			t.Errorf("after a restart, paused: %q", why)
		}
		if n := w.writes() - before; n != 0 {
			t.Errorf("%d writes", n)
		}
		w.loop.SetToken(slacksim.DefaultToken)
		w.settle()
		w.expect(id, store.Synced, "")
	})
}

// What is logged of tokens is said once, and is no token; what Slack said of people is not logged at all.
func TestLogOfTokensAndPeople(t *testing.T) {
	inWorld(t, slacksim.Options{}, nil, func(w *world) {
		w.stop()
		var log bytes.Buffer
		w.log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w.start(DefaultOptions())
		w.slack.AddUser(slacksim.User{UserName: "someone", Email: "janet@example.com", Active: true})
		id := w.desire(store.User, "", user("janet"))
		w.settle()
		if st := w.status(store.User, id); !strings.Contains(st.Message, "janet") {
			t.Errorf("the status says %q, which does not tell who it is", st.Message)
		}
		w.slack.RevokeToken()
		w.desire(store.User, "", user("omar"))
		time.Sleep(time.Hour)
		w.stop()
		w.start(DefaultOptions())
		if n := strings.Count(log.String(), outboundPaused); n != 3 { // by a call, by auth.test and by the next process
			t.Errorf("the pause is told %d times:\n%s", n, &log)
		}
		for _, secret := range []string{"janet", "omar", slacksim.DefaultToken} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%s is in the log:\n%s", secret, &log)
			}
		}
	})
}
