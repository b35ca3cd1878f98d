package reconcile

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

func TestDecide(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	slack := func(kind slackapi.Kind, id string) outcome {
		return failed(fmt.Errorf("wrapped: %w", &slackapi.Error{Kind: kind, ID: id, Detail: id, RetryAfter: 30 * time.Second}))
	}
	tests := map[string]struct {
		attempts   int // so far, at the same generation
		o          outcome
		phase      store.Phase
		reason     string
		next       time.Duration // after now; 0 is not set
		nextTries  int
		newVersion bool
	}{
		"done":                        {attempts: 3, o: synced(nil), phase: store.Synced},
		"held":                        {attempts: 3, o: held("linked", "x"), phase: store.Held, reason: "linked"},
		"limited costs no attempt":    {attempts: 2, o: slack(slackapi.Limited, "too_many_requests"), phase: store.Pending, reason: "too_many_requests", next: 30 * time.Second, nextTries: 2},
		"locked costs no attempt":     {attempts: 2, o: slack(slackapi.Limited, "resource_locked"), phase: store.Pending, reason: "resource_locked", next: 30 * time.Second, nextTries: 2},
		"token refused waits":         {attempts: 1, o: slack(slackapi.Unauthorized, "invalid_authentication"), phase: store.Pending, reason: "invalid_authentication", next: time.Second, nextTries: 1},
		"refused for good":            {o: slack(slackapi.Refused, "username_not_allowed"), phase: store.Failed, reason: "username_not_allowed"},
		"refused, not in the table":   {o: slack(slackapi.Refused, "something_new"), phase: store.Failed, reason: "something_new"},
		"refused, a person decides":   {o: slack(slackapi.Refused, "cannot_modify_owner"), phase: store.Held, reason: "cannot_modify_owner"},
		"refused for now":             {o: slack(slackapi.Refused, "user_creation_failed"), phase: store.Pending, reason: "user_creation_failed", next: 500 * time.Millisecond, nextTries: 1},
		"unknown outcome":             {o: slack(slackapi.Unknown, "timeout"), phase: store.Pending, reason: "timeout", next: 500 * time.Millisecond, nextTries: 1},
		"not sent":                    {attempts: 3, o: slack(slackapi.NotSent, "dial"), phase: store.Pending, reason: "dial", next: 4 * time.Second, nextTries: 4},
		"the pause is bounded":        {attempts: 40, o: slack(slackapi.NotSent, "dial"), phase: store.Pending, reason: "dial", next: longestPause / 2, nextTries: 41},
		"a new generation starts new": {attempts: 5, newVersion: true, o: slack(slackapi.NotSent, "dial"), phase: store.Pending, reason: "dial", next: 500 * time.Millisecond, nextTries: 1},
		"incomplete":                  {o: failed(&translate.Error{Attribute: "emails", Missing: true}), phase: store.Failed, reason: store.ReasonIncomplete},
		"mapping and incomplete":      {o: failed(errors.Join(&translate.Error{Attribute: "emails", Missing: true}, &translate.Error{Attribute: "userName"})), phase: store.Failed, reason: "mapping"},
		"mapping":                     {o: failed(errors.Join(&translate.Error{Attribute: "userName"})), phase: store.Failed, reason: "mapping"},
		"our own fault":               {o: failed(errors.New("disk")), phase: store.Pending, reason: "internal", next: 500 * time.Millisecond, nextTries: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			prev := store.Status{Observed: 7, Attempts: tt.attempts}
			if tt.newVersion {
				prev.Observed = 6
			}
			got := decide(prev, 7, tt.o, now, 0)
			if got.Phase != tt.phase || got.Reason != tt.reason || got.Attempts != tt.nextTries || got.Observed != 7 {
				t.Errorf("got %+v", got)
			}
			var next time.Duration
			if !got.NextAttempt.IsZero() {
				next = got.NextAttempt.Sub(now)
			}
			if next != tt.next {
				t.Errorf("next attempt after %v, want %v", next, tt.next)
			}
		})
	}
}
