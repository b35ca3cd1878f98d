package reconcile

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// gate stops the outbound side as long as Slack refuses the token, or an alarm is raised. Everything stays in the store meanwhile.
type gate struct {
	mu     sync.Mutex
	opened chan struct{} // closed while the gate is open
	reason string        // why the token does not do; "" if it does
	alarm  string        // what nobody asked for; "" if there is nothing
	since  time.Time
	shut   chan struct{} // one token: the gate was closed and wants somebody to see when it may open
}

// newGate makes a closed gate: nothing is sent before the token was checked once.
func newGate() *gate {
	return &gate{opened: make(chan struct{}), reason: "the Slack token was not checked yet", since: time.Now(), shut: make(chan struct{}, 1)}
}

// wait returns true when the gate is open, false when ctx ended.
func (g *gate) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		select {
		case <-opened:
			return ctx.Err() == nil
		case <-ctx.Done():
		}
	}
	return false
}

func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isOpen()
}

func (g *gate) isOpen() bool {
	select {
	case <-g.opened:
		return true
	default:
		return false
	}
}

// state returns why the gate is closed and since when; "" if it is open.
func (g *gate) state() (string, time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return cmp.Or(g.alarm, g.reason), g.since
}

// pass notes that the token does.
func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reason = ""
	g.openIfClear()
}

// lower ends an alarm.
func (g *gate) lower() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.alarm = ""
	g.openIfClear()
}

func (g *gate) openIfClear() {
	if g.reason != "" || g.alarm != "" || g.isOpen() {
		return
	}
	close(g.opened)
	g.since = time.Time{}
}

func (g *gate) close() {
	if g.isOpen() {
		g.opened = make(chan struct{})
		g.since = time.Now()
	}
}

// raise closes the gate until lower.
func (g *gate) raise(alarm string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close()
	g.alarm = alarm
}

func (g *gate) stop(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close()
	g.reason = reason
	select {
	case g.shut <- struct{}{}:
	default:
	}
}

// observe closes the gate if the error says that the token is refused.
func (g *gate) observe(err error) {
	if reason := tokenRefused(err); reason != "" {
		g.stop(reason)
	}
}

// tokenRefused tells in words why Slack does not take the token, or "".
func tokenRefused(err error) string {
	var e *slackapi.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Kind {
	case slackapi.Unauthorized:
		return "Slack refuses the token (" + e.ID + "): put a valid user token with the scope admin into slack.token; nothing is lost meanwhile"
	case slackapi.Unsupported:
		return "Slack offers neither SCIM 2.0 nor 1.1 to this token (" + e.ID + "); nothing is lost meanwhile"
	}
	return ""
}

// Pauses between two checks of the token: short at first, so that a start against a Slack that is not there yet is quick.
const (
	firstCheck   = time.Second
	longestCheck = time.Minute
)

// keepIdentity checks at the start whose token it is, and again each time the gate was closed, until Slack takes the token.
// While it is not known whose token it is for other reasons than a refusal, the gate is open, and accounts that the gateway did not create wait.
func (r *Reconciler) keepIdentity(ctx context.Context) {
	pause := firstCheck
	for {
		identity, err := r.cfg.Slack.Identify(ctx)
		switch reason := tokenRefused(err); {
		case ctx.Err() != nil:
			return
		case err == nil:
			r.identity.Store(&identity)
			r.cfg.Log.Info("Slack takes the token", "user", identity.UserID, "team", identity.Team, "enterprise", identity.EnterpriseID)
			r.gate.pass()
		case reason != "":
			r.cfg.Log.Error("outbound side paused", "reason", reason)
			r.gate.stop(reason)
		default:
			r.cfg.Log.Warn("cannot ask Slack whose token it is; accounts that the gateway did not create are not touched until it is known", "error", err)
			r.gate.pass()
		}
		if err == nil {
			select {
			case <-ctx.Done():
				return
			case <-r.gate.shut: // a call was refused since
			}
			r.cfg.Log.Error("outbound side paused", "reason", first(r.gate.state()))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if pause = min(2*pause, longestCheck); err == nil && r.succeededSince(pause) {
			pause = firstCheck
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

// succeededSince reports whether anything was synced within the time given.
func (r *Reconciler) succeededSince(d time.Duration) bool {
	last := r.lastSuccess.Load()
	return last != nil && time.Since(*last) < d
}

// untouchable tells why an account must not be touched, now or ever; nil if it may. done is what is not done to it. While it is not
// known whose token it is, an account that was there before us could be that person's; one that we created cannot.
func (r *Reconciler) untouchable(slackID string, origin store.Origin, done string) *outcome {
	if why, yes := r.protected(slackID); yes {
		return held("protected", "the Slack account "+slackID+" is not "+done+": "+why).end()
	}
	if origin == store.Created || r.identity.Load() != nil {
		return nil
	}
	return &outcome{phase: store.Pending, reason: "identity", at: time.Now().Add(firstCheck),
		message: "waiting until Slack said whose token the gateway uses, so that this account is never touched"}
}

// protected reports whether a Slack account is never to be touched, and why.
func (r *Reconciler) protected(slackID string) (string, bool) {
	for _, id := range r.cfg.Protected {
		if id == slackID {
			return "it is on the list of protected accounts in the configuration", true
		}
	}
	if identity := r.identity.Load(); identity != nil && identity.UserID == slackID {
		return "it is the account whose token the gateway uses", true
	}
	return "", false
}

// pauseSetting is the name under which the pauses that Slack asked for are kept over a restart.
const pauseSetting = "slack.pause."

// RememberPause keeps a pause of one of Slack's limits over a restart. It is meant for slackapi.Config.OnPause.
func RememberPause(ctx context.Context, s store.Store, name string, until time.Time) error {
	return s.Update(ctx, func(tx store.Tx) error {
		return tx.PutSetting(pauseSetting+name, []byte(until.UTC().Format(time.RFC3339Nano)))
	})
}

func (r *Reconciler) restorePauses(tx store.Tx) error {
	for _, name := range slackapi.LimitNames() {
		value, err := tx.Setting(pauseSetting + name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if until, err := time.Parse(time.RFC3339Nano, string(value)); err == nil && until.After(time.Now()) {
			r.cfg.Slack.RestorePause(name, until)
		}
	}
	return nil
}
