package reconcile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// This file keeps to one workspace: a token counts only when Slack takes it and says that it is of the workspace in which everything that is stored
// has its accounts. With a token of another one every id would be unknown, and everybody would be created anew, there.

// givenToken is a token that does not count yet.
type givenToken struct {
	token atomic.Pointer[string] // nil: none
	came  chan struct{}          // one token: there is a new one
	said  string                 // what was logged last of any token, so that it is not said at each check; for keepIdentity alone
}

// SetToken replaces the Slack token. The old one stays until Slack has said that the new one is of the same workspace; calls under way end with
// the old one. It does not wait.
func (r *Reconciler) SetToken(token string) {
	r.given.token.Store(&token)
	select {
	case r.given.came <- struct{}{}:
	default:
	}
}

// Pauses between two checks of the token: short at first, so that a start against a Slack that is not there yet is quick.
const (
	firstCheck   = time.Second
	longestCheck = time.Minute
)

const outboundPaused = "outbound side paused"

func (r *Reconciler) tell(text, why string) {
	if r.given.said != text+why {
		r.cfg.Log.Error(text, "reason", why)
	}
	r.given.said = text + why
}

// keepIdentity checks at the start whose token it is, each time the gate was closed, until Slack takes the token, and each time
// there is a new token. While it is not known whose token it is for other reasons than a refusal, the gate is open, and accounts
// that the gateway did not create wait.
func (r *Reconciler) keepIdentity(ctx context.Context) {
	pause := firstCheck
	for {
		known := r.checkTokens(ctx)
		if known {
			select {
			case <-ctx.Done():
				return
			case <-r.given.came:
				pause = firstCheck
				continue
			case <-r.gate.shut: // a call was refused since
			}
			r.tell(outboundPaused, r.gate.refusal())
		}
		select {
		case <-ctx.Done():
			return
		case <-r.given.came:
			pause = firstCheck
			continue
		case <-time.After(pause):
		}
		if pause = min(2*pause, longestCheck); known && r.succeededSince(pause) {
			pause = firstCheck
		}
	}
}

// checkTokens asks Slack whose the new token is, if there is one that does not count yet, and makes it count. Otherwise it asks about the old
// one. It reports whether it is known whose token counts, and no other waits.
func (r *Reconciler) checkTokens(ctx context.Context) bool {
	given := r.given.token.Load()
	if given != nil {
		identity, err := r.cfg.Slack.IdentifyToken(ctx, *given)
		foreign := (*foreignError)(nil)
		if err == nil {
			err = r.sameWorkspace(ctx, identity)
		}
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			r.cfg.Slack.SetToken(*given)
			r.given.token.CompareAndSwap(given, nil)
			r.take(identity, "the Slack token was replaced")
			return true
		case errors.As(err, &foreign):
			r.tell(outboundPaused, err.Error())
			r.gate.stop(err.Error())
			return false
		}
		r.tell("Slack does not take the new token yet; the old one stays", cmp.Or(tokenRefused(err), err.Error()))
	}
	return r.checkToken(ctx) && given == nil
}

// checkToken asks Slack whose the token is that counts.
func (r *Reconciler) checkToken(ctx context.Context) bool {
	identity, err := r.cfg.Slack.Identify(ctx)
	if err == nil {
		err = r.sameWorkspace(ctx, identity)
	}
	reason := tokenRefused(err)
	if foreign := (*foreignError)(nil); errors.As(err, &foreign) {
		reason = err.Error()
	}
	switch {
	case ctx.Err() != nil:
	case err == nil:
		r.take(identity, "Slack takes the token")
		return true
	case reason != "":
		r.tell(outboundPaused, reason)
		r.gate.stop(reason)
	default:
		r.cfg.Log.Warn("cannot ask Slack whose token it is; accounts that the gateway did not create are not touched until it is known", "error", err)
		r.gate.pass()
	}
	return false
}

func (r *Reconciler) take(identity slackapi.Identity, how string) {
	r.identity.Store(&identity)
	r.given.said = ""
	r.cfg.Log.Info(how, "user", identity.UserID, "team", identity.TeamID, "enterprise", identity.EnterpriseID)
	r.gate.pass()
}

// workspaceSetting keeps the workspace of the first token, in which everything has its accounts.
const workspaceSetting = "slack.workspace"

// workspace is what auth.test says of where a token belongs.
type workspace struct {
	TeamID       string `json:"teamId"`
	EnterpriseID string `json:"enterpriseId,omitempty"`
	Team         string `json:"team"`
}

func (w workspace) String() string {
	if w.EnterpriseID != "" {
		return fmt.Sprintf("%q (%s of %s)", w.Team, w.TeamID, w.EnterpriseID)
	}
	return fmt.Sprintf("%q (%s)", w.Team, w.TeamID)
}

// same: tokens of one organisation may come from several of its workspaces.
func (w workspace) same(other workspace) bool {
	return w.TeamID == other.TeamID || w.EnterpriseID != "" && w.EnterpriseID == other.EnterpriseID
}

// foreignError says that a token is of another workspace.
type foreignError struct {
	is, was workspace
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("the Slack token is of the workspace %s, and everything that is stored has its accounts in %s: give a token of that one, which is "+
		"taken at once from a file; another workspace needs a gateway and a data file of its own. Nothing is lost meanwhile", e.is, e.was)
}

// sameWorkspace remembers the first workspace, and returns a *foreignError for any other, or an error of the store.
func (r *Reconciler) sameWorkspace(ctx context.Context, identity slackapi.Identity) error {
	is := workspace{identity.TeamID, identity.EnterpriseID, identity.Team}
	return r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		raw, err := tx.Setting(workspaceSetting)
		if errors.Is(err, store.ErrNotFound) {
			if raw, err = json.Marshal(is); err != nil {
				return err
			}
			return tx.PutSetting(workspaceSetting, raw)
		}
		if err != nil {
			return err
		}
		var was workspace
		if err := json.Unmarshal(raw, &was); err != nil {
			return fmt.Errorf("read the workspace of the first token: %w", err)
		}
		if !was.same(is) {
			return &foreignError{is, was}
		}
		return nil
	})
}

// succeededSince reports whether anything was synced within the time given.
func (r *Reconciler) succeededSince(d time.Duration) bool {
	last := r.lastSuccess.Load()
	return last != nil && time.Since(*last) < d
}
