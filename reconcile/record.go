package reconcile

import (
	"context"
	"errors"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// intending returns the context for a call that changes Slack. When the call has its turn, what is about to be asked is committed, before
// any byte leaves: an effect on Slack without this record cannot happen, and a call that never had its turn is none of unknown outcome.
func (r *Reconciler) intending(ctx context.Context, j *job, intent store.Intent, changes []store.Change) context.Context {
	j.turned = false
	return slackapi.AtTurn(ctx, func() error { return r.intend(ctx, j, intent, changes) })
}

func (r *Reconciler) intend(ctx context.Context, j *job, intent store.Intent, changes []store.Change) error {
	now := time.Now()
	intent.Key, intent.Generation, intent.Sent = j.key, j.resource.Generation, now
	a := j.record("slack.intent", changes)
	a.Time, a.SlackID, a.Detail = now, intent.SlackID, intent.Op
	err := r.commit(ctx, j, a, func(tx store.Tx) error {
		if err := sameLink(tx, j); err != nil {
			return err
		}
		return tx.PutIntent(intent)
	})
	if err == nil {
		j.intent, j.turned = &intent, true
	}
	return err
}

// errRelinked says that an administrator changed the link while a round was under way, which therefore sends nothing.
var errRelinked = errors.New("the link was changed meanwhile")

// sameLink checks that the link is still the one that the round began with.
func sameLink(tx store.Tx, j *job) error {
	link, err := tx.Link(j.key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if before := j.link; before == nil && err == nil || before != nil && before.SlackID != link.SlackID {
		return errRelinked
	}
	return nil
}

// settle closes the intent if the answer is definite, and returns the error that came. An intent whose outcome is unknown stays
// open and is resolved by reading in the next round. A call that succeeded is closed with its record.
func (r *Reconciler) settle(ctx context.Context, j *job, err error) error {
	var e *slackapi.Error
	switch {
	case err == nil || !errors.As(err, &e) && ctx.Err() == nil || !j.turned: // the last: it never had its turn
		return err
	case e != nil && e.Kind == slackapi.Unknown:
		return errors.Join(err, r.giveUpCall(ctx, j, err))
	}
	if e == nil { // stopped between the turn and the sending
		ctx = context.WithoutCancel(ctx)
	}
	if closeErr := r.closeIntent(ctx, j, err); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	return err
}

// giveUpCall notes when a call ended without an answer: from then on Slack has the settle time to apply it.
func (r *Reconciler) giveUpCall(ctx context.Context, j *job, outcome error) error {
	intent := *j.intent
	intent.GivenUp = time.Now()
	a := because(j.record("slack.unknown", nil), outcome)
	err := r.commit(ctx, j, a, func(tx store.Tx) error { return tx.PutIntent(intent) })
	if err == nil {
		j.intent = &intent
	}
	return err
}

func (r *Reconciler) closeIntent(ctx context.Context, j *job, outcome error) error {
	a := because(j.record("slack.refused", nil), outcome)
	a.SlackID = j.intent.SlackID
	err := r.commit(ctx, j, a, func(tx store.Tx) error { return tx.DeleteIntent(j.key) })
	if err == nil {
		j.intent = nil
	}
	return err
}

// recordLink commits a link as it is after a call or a recognition, closes the intent and, if others may have waited for the person,
// wakes them: the groups that name them and the people who report to them.
func (r *Reconciler) recordLink(ctx context.Context, j *job, link store.Link, event string, changes []store.Change, wake bool) error {
	a := j.record(event, changes)
	a.SlackID, a.Detail = link.SlackID, link.MatchedBy
	var woken []store.Key
	err := r.commit(ctx, j, a, func(tx store.Tx) (err error) {
		if err := j.putLink(tx, &link); err != nil {
			return err
		}
		if err := tx.DeleteIntent(j.key); err != nil {
			return err
		}
		if link.Key.Type == store.User && !link.Active {
			return dropFromGroups(tx, link)
		}
		if woken = nil; wake {
			woken, err = wakeDependents(tx, link.Key)
		}
		return err
	})
	if err != nil {
		return err
	}
	j.link, j.intent = &link, nil
	for _, key := range woken {
		r.Enqueue(key)
	}
	return nil
}

// dropFromGroups notes that a deactivated account is in no Slack group any more: Slack takes it out (slack-scim.md 3.7,
// INF). On a return the groups find it missing and add it again.
func dropFromGroups(tx store.Tx, link store.Link) error {
	groups, err := groupsAround(tx, link.Key)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if err := tx.ChangeSlackMembers(group, nil, []string{link.SlackID}); err != nil {
			return err
		}
	}
	return nil
}

// wakeDependents makes those pending who wait for a person's Slack account.
func wakeDependents(tx store.Tx, key store.Key) ([]store.Key, error) {
	dependents, err := groupsAround(tx, key)
	if err != nil {
		return nil, err
	}
	reports, err := reportsOf(tx, key)
	if err != nil {
		return nil, err
	}
	dependents = append(dependents, reports...)
	for _, d := range dependents {
		if err := store.MarkPending(tx, d); err != nil {
			return nil, err
		}
	}
	return dependents, nil
}

// lost ends a link to something that Slack does not know (any more), so that the resource is matched, or made, anew.
func (r *Reconciler) lost(ctx context.Context, j *job, e *slackapi.Error) outcome {
	a := because(j.record("link.lost", nil), e)
	err := r.commit(ctx, j, a, func(tx store.Tx) error { return errors.Join(tx.DeleteLink(j.key), tx.DeleteIntent(j.key)) })
	if err != nil {
		return failed(err)
	}
	return outcome{phase: store.Pending, reason: e.ID, message: "Slack does not know " + j.link.SlackID + " any more; the resource is matched anew"}
}
