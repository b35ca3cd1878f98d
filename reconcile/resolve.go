package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
)

// resolveUser finds out by reading what became of a call whose outcome is unknown: never by repeating it. It
// returns what Slack holds of the account if it read it, or an outcome that ends the round.
func (r *Reconciler) resolveUser(ctx context.Context, j *job) (scim.SlackUserProfile, *outcome) {
	switch {
	case j.intent == nil && !settledNow(j.link):
		return nil, nil
	case j.intent != nil && j.intent.Op == "createUser" && j.link == nil:
		return r.resolveCreation(ctx, j)
	case j.link == nil:
		return nil, r.giveUpIntent(ctx, j)
	}
	u, err := r.cfg.Slack.User(ctx, j.lane, j.link.SlackID)
	if err != nil {
		return nil, failed(err).end()
	}
	link := *j.link
	link.Active, link.Unsure = u.Active, r.unsureUntil(j)
	if link.Applied == nil { // somebody declared the link
		link.Applied = u.Profile
	}
	returned := u.Active && !j.link.Active
	if err := r.recordLink(ctx, j, link, "slack.resolved", nil, returned); err != nil {
		return nil, failed(err).end()
	}
	if link.Unsure.IsZero() {
		if err := r.rereadGroups(ctx, j); err != nil {
			return nil, failed(err).end()
		}
	}
	return observedProfile(j.link, u.Profile), nil
}

// observedProfile is what Slack holds, read anew. Attributes that Slack shows in a form of its own, or altered as it did before, count as
// they were applied.
func observedProfile(link *store.Link, read scim.SlackUserProfile) scim.SlackUserProfile {
	known := scim.SlackUserProfile{}
	for a, v := range read {
		if known[a] = v; link.Altered[a] != "" && link.Altered[a] == v {
			known[a] = link.Applied[a]
		}
	}
	for _, a := range []scim.SlackAttribute{scim.SlackPhoto, scim.SlackProfileURL} {
		known[a] = link.Applied[a]
	}
	return known
}

// resolveCreation looks for the account by the identifiers that the creation sent, not by today's: the source may have
// changed them since, and Slack would take a second person with the new ones.
func (r *Reconciler) resolveCreation(ctx context.Context, j *job) (scim.SlackUserProfile, *outcome) {
	hits, err := r.findSent(ctx, j)
	if err != nil {
		return nil, failed(err).end()
	}
	switch len(hits) {
	case 0:
		return nil, r.lookAgain(ctx, j)
	case 1:
	default:
		return nil, held("ambiguous", fmt.Sprintf("the outcome of a creation is unknown, and two Slack accounts carry its identifiers: %s and %s", hits[0].ID, hits[1].ID)).end()
	}
	hit := hits[0]
	if !strings.EqualFold(hit.Profile[scim.SlackEmail], j.intent.Email) || hit.Created.Before(j.intent.Sent.Add(-clockSkew)) {
		// It was there before: the creation did not make it, and will be refused if it is tried again.
		return nil, r.giveUpIntent(ctx, j)
	}
	if o := r.unclaimed(ctx, j, store.User, hit.ID); o != nil {
		return nil, o
	}
	link := store.Link{Key: j.key, SlackID: hit.ID, Origin: store.Created, Linked: time.Now(), Active: hit.Active, Applied: hit.Profile}
	if err := r.recordLink(ctx, j, link, "slack.resolved", nil, true); err != nil {
		return nil, failed(err).end()
	}
	return hit.Profile, nil
}

// clockSkew is how far Slack's clock and ours may be apart. Slack gives creation times in whole seconds.
const clockSkew = time.Minute

// findSent looks the account up by the e-mail and the userName of the intent.
func (r *Reconciler) findSent(ctx context.Context, j *job) ([]slackapi.User, error) {
	hits, err := r.cfg.Slack.FindUsers(ctx, j.lane, scim.SlackEmail, j.intent.Email)
	if err != nil || len(hits) > 0 {
		return hits, err
	}
	return r.cfg.Slack.FindUsers(ctx, j.lane, scim.SlackUserName, j.intent.UserName)
}

// lookAgain waits until Slack can no longer apply the call, and then lets it be tried anew.
func (r *Reconciler) lookAgain(ctx context.Context, j *job) *outcome {
	settled := r.settled(j.intent)
	if time.Now().Before(settled) {
		return &outcome{phase: store.Pending, reason: "unknown-outcome", at: nextLook(j.intent.Sent, settled),
			message: "Slack did not answer a call; it is looked for until it can no longer take effect, then tried again"}
	}
	return r.giveUpIntent(ctx, j)
}

// nextLook spaces the looks: soon at first, then at ever longer distances, and once when it is settled.
func nextLook(sent, settled time.Time) time.Time {
	now := time.Now()
	next := now.Add(max(time.Second, now.Sub(sent)/2))
	if next.After(settled) {
		return settled
	}
	return next
}

// giveUpIntent closes an intent that had no effect. The round goes on as if it had never been.
func (r *Reconciler) giveUpIntent(ctx context.Context, j *job) *outcome {
	if err := r.closeIntent(ctx, j, fmt.Errorf("the call had no effect")); err != nil {
		return failed(err).end()
	}
	return nil
}

// unsureUntil is how long Slack may still apply the open intent, over whatever comes later. Without an intent it was the last look.
func (r *Reconciler) unsureUntil(j *job) time.Time {
	if j.intent == nil {
		return time.Time{}
	}
	return r.settled(j.intent)
}

// settled is when Slack can no longer apply the call of an intent. A call of an earlier process ended with that process, at the latest
// when this one began.
func (r *Reconciler) settled(intent *store.Intent) time.Time {
	end := intent.GivenUp
	if end.IsZero() {
		end = r.began
	}
	return end.Add(r.cfg.Settle)
}

// settledNow reports whether an earlier call of unknown outcome can no longer take effect, so that Slack is to be read once more.
func settledNow(link *store.Link) bool {
	return link != nil && !link.Unsure.IsZero() && !time.Now().Before(link.Unsure)
}

// unsure keeps a resource pending for as long as an earlier call may still undo what was done since.
func unsure(j *job, o outcome) outcome {
	if o.phase != store.Synced || j.link == nil || o.forget || j.link.Unsure.IsZero() {
		return o
	}
	o.phase, o.reason, o.at = store.Pending, "verifying", j.link.Unsure
	o.message = "done; Slack is read once more when an earlier call, which it did not answer, can no longer take effect"
	return o
}

// readAgain has Slack read once more from a time on. If an earlier call may take effect until later, the one look then serves both.
func readAgain(link *store.Link, from time.Time) {
	if link.Unsure.Before(from) {
		link.Unsure = from
	}
}

// putLink keeps the link as a round has it. That somebody else asked meanwhile for Slack to be read again stays.
func (j *job) putLink(tx store.Tx, link *store.Link) error {
	now, err := tx.Link(link.Key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && j.link != nil && !now.Unsure.Equal(j.link.Unsure) {
		readAgain(link, now.Unsure)
	}
	return tx.PutLink(*link)
}

// rereadGroups has the groups of a person read from Slack once more. While it was unsure what became of a call, the account may have been
// deactivated and enabled again behind our back, and Slack takes a deactivated account out of its groups.
func (r *Reconciler) rereadGroups(ctx context.Context, j *job) error {
	var groups []store.Key
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		if groups, err = groupsAround(tx, j.key); err != nil {
			return err
		}
		for _, group := range groups {
			link, err := tx.Link(group)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			readAgain(&link, time.Now())
			if err := errors.Join(tx.PutLink(link), store.MarkPending(tx, group)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, group := range groups {
		r.Enqueue(group)
	}
	return nil
}
