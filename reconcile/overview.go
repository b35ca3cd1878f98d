package reconcile

import (
	"time"

	"scim2slack/slackapi"
)

// Overview is the state of the loop, for status and metrics.
type Overview struct {
	Identity    slackapi.Identity // zero until Slack said whose token it is
	Paused      string            // why the outbound side rests; "" if it does not
	PausedSince time.Time
	Queued      int // keys that are ready or due later
	Working     int // keys that are worked on
	LastSuccess time.Time
	Pauses      map[string]time.Time // limits of Slack that rest because Slack said so, and until when
	Lanes       []LaneForecast       // of the lanes in which something waits, most urgent first
	Drift       *DriftSummary        // what the last comparison with Slack came to; nil if there was none since the start
}

// Overview returns the state of the loop.
func (r *Reconciler) Overview() Overview {
	o := Overview{Pauses: r.cfg.Slack.Pauses(), Lanes: r.forecast(), Drift: r.lastDrift.Load()}
	o.Paused, o.PausedSince = r.gate.state()
	o.Queued, o.Working = r.queue.counts()
	if identity := r.identity.Load(); identity != nil {
		o.Identity = *identity
	}
	if last := r.lastSuccess.Load(); last != nil {
		o.LastSuccess = *last
	}
	return o
}
