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
	shut   chan struct{} // one token: a call was refused, and somebody must see when the gate may open
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

// refusal returns why the token does not do; "" if it does.
func (g *gate) refusal() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason
}

// pass notes that the token does.
func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reason = ""
	select {
	case <-g.shut: // what was refused before this moment says nothing any more
	default:
	}
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
}

// observe closes the gate if the error says that the token is refused.
func (g *gate) observe(err error) {
	reason := tokenRefused(err)
	if reason == "" {
		return
	}
	g.stop(reason)
	select {
	case g.shut <- struct{}{}:
	default:
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
		return "Slack refuses the token (" + e.ID + "): put a valid user token with the scope admin where the old one was given; it is taken at once if that is a file, and nothing is lost meanwhile"
	case slackapi.Unsupported:
		return "Slack offers neither SCIM 2.0 nor 1.1 to this token (" + e.ID + "); nothing is lost meanwhile"
	}
	return ""
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
