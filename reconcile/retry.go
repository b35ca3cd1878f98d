package reconcile

import (
	"errors"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// Bounds of the pause between two attempts. The longest one keeps a leaver inside five minutes.
const (
	firstPause   = time.Second
	longestPause = 2 * time.Minute
)

// outcome is what one round of work on a resource came to: a decision (phase), or an error that the retry policy turns into one.
type outcome struct {
	phase    store.Phase
	reason   string
	message  string
	warnings []string
	err      error
	at       time.Time // for Pending: when to look again
	madeWay  bool      // nothing was done: the resource comes back after one that it needs (makeway.go)
	forget   bool      // the tombstone has served: every record of the resource goes
}

// end makes an outcome that ends a round early: steps return nil to let it go on.
func (o outcome) end() *outcome { return &o }

func synced(warnings []string) outcome { return outcome{phase: store.Synced, warnings: warnings} }

func held(reason, message string) outcome {
	return outcome{phase: store.Held, reason: reason, message: message}
}

func failed(err error) outcome { return outcome{err: err} }

// decide is the retry policy. It is pure: jitter is a number from 0 to 1. prev is the status before, generation the one that
// was worked on.
func decide(prev store.Status, generation uint64, o outcome, now time.Time, jitter float64) store.Status {
	next := store.Status{Key: prev.Key, Observed: generation, Phase: o.phase, Reason: o.reason, Message: o.message,
		Warnings: o.warnings, NextAttempt: o.at, Updated: now}
	if prev.Observed == generation {
		next.Attempts = prev.Attempts
	}
	if o.err == nil {
		if next.Phase != store.Pending {
			next.Attempts = 0
		}
		return next
	}
	next.Message = o.err.Error()
	var rule *translate.Error
	if errors.As(o.err, &rule) {
		next.Phase, next.Reason = store.Failed, "mapping"
		if translate.Incomplete(o.err) {
			next.Reason = store.ReasonIncomplete
		}
		return next
	}
	var failing *translate.RuleError
	if errors.As(o.err, &failing) {
		next.Phase, next.Reason = store.Held, "rule"
		return next
	}
	var slack *slackapi.Error
	if !errors.As(o.err, &slack) {
		return again(next, "internal", now, jitter)
	}
	next.Reason = slack.ID
	return decideSlack(next, slack, now, jitter)
}

// decideSlack decides about an answer of Slack, or the lack of one.
func decideSlack(next store.Status, e *slackapi.Error, now time.Time, jitter float64) store.Status {
	switch e.Kind {
	case slackapi.Limited: // costs no attempt
		next.Phase, next.NextAttempt = store.Pending, now.Add(max(e.RetryAfter, firstPause))
		return next
	case slackapi.Unauthorized, slackapi.Unsupported: // the gate is closed; the key waits behind it
		next.Phase, next.NextAttempt = store.Pending, now.Add(firstPause)
		return next
	case slackapi.Refused, slackapi.NotFound:
		refusal, known := refusals[e.ID]
		if known && refusal.transient || e.ID == "" { // without an identifier it was not Slack who answered
			return again(next, e.ID, now, jitter)
		}
		next.Phase, next.Message = store.Failed, explainRefusal(e)
		if known && refusal.person {
			next.Phase = store.Held
		}
		return next
	default: // not sent, or unknown
		return again(next, e.ID, now, jitter)
	}
}

// again waits with exponential backoff: half of the pause for certain, the rest by jitter.
func again(next store.Status, reason string, now time.Time, jitter float64) store.Status {
	pause := min(longestPause, firstPause<<min(next.Attempts, 10))
	next.Phase, next.Reason, next.Attempts = store.Pending, reason, next.Attempts+1
	next.NextAttempt = now.Add(pause/2 + time.Duration(jitter*float64(pause/2)))
	return next
}
