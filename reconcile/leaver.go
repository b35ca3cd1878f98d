package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// leaver handles a person who is inactive or was removed. It sends nothing but active:false: identifiers that change in the same
// breath (Entra's tombstone userName) are not passed on, and a mapping that fails does not keep anybody in.
func (r *Reconciler) leaver(ctx context.Context, j *job) outcome {
	if j.link == nil {
		return r.leaverWithoutLink(ctx, j)
	}
	done := synced(j.outsideWarning())
	if o := r.deactivate(ctx, j); o != nil {
		if !j.resource.Deleted || o.phase != store.Skipped {
			return *o
		}
		done = *o
	}
	if !j.resource.Deleted && j.options.RemoveUser != RemoveDelete {
		return done // the link stays: a return enables the same account
	}
	if time.Now().Before(j.link.Unsure) {
		return done // a call may still take effect: the link ends when it no longer can
	}
	if err := r.endLink(ctx, j); err != nil {
		return failed(err)
	}
	done.forget = j.resource.Deleted
	return done
}

// leaverWithoutLink handles a person whom Slack does not know through us.
func (r *Reconciler) leaverWithoutLink(ctx context.Context, j *job) outcome {
	if j.resource.Deleted {
		return outcome{phase: store.Synced, forget: true}
	}
	if j.stand.outside {
		return outcome{phase: store.Skipped, reason: reasonScope, message: "the scope of the source does not take the person; they are kept here and reach Slack when it does"}
	}
	former, err := r.formers(ctx, j, scim.SlackUserProfile{})
	if err != nil {
		return failed(err)
	}
	if !j.options.ProvisionDisabledUsers || len(former) > 0 {
		return outcome{phase: store.Skipped, reason: "inactive", message: "the person is inactive at the source and has no linked Slack account; they are kept here and reach Slack when they become active"}
	}
	return r.provisionDisabled(ctx, j)
}

// provisionDisabled brings a person to Slack who is inactive from the start.
func (r *Reconciler) provisionDisabled(ctx context.Context, j *job) outcome {
	want, err := translate.ToUser(j.resource.Document, j.translation())
	if err != nil {
		return failed(err)
	}
	found, o := r.recognise(ctx, j, want.Profile)
	if o != nil {
		return *o
	}
	if found == nil {
		if o := r.createInactive(ctx, j, want); o != nil {
			return *o
		}
	} else if _, err := r.adopt(ctx, j, found, want.Profile); err != nil {
		return failed(err)
	}
	if o := r.deactivate(ctx, j); o != nil {
		return *o
	}
	return synced(want.Warnings)
}

// createInactive makes an account with active:false. Whether Slack heeds that on creation is not established (slack-scim.md 3.4), so
// the answer decides whether a deactivation follows.
func (r *Reconciler) createInactive(ctx context.Context, j *job, want translate.User) *outcome {
	if !j.options.CreateUsers {
		return skipped("createUsers", "creation of an inactive Slack account").end()
	}
	profile := creation(want.Profile)
	intent := store.Intent{Op: "createUser", UserName: profile[scim.SlackUserName], Email: profile[scim.SlackEmail]}
	turn := r.intending(ctx, j, intent, j.changesOf(slackapi.UserChange{Set: profile}))
	answer, err := r.cfg.Slack.CreateInactiveUser(turn, j.lane, profile)
	if err = r.settle(ctx, j, err); err != nil {
		if o := r.taken(ctx, j, err); o != nil {
			return o
		}
		return failed(err).end()
	}
	link := store.Link{Key: j.key, SlackID: answer.ID, Origin: store.Created, Linked: time.Now(), Active: answer.Active, Applied: profile}
	if err := r.recordLink(ctx, j, link, "slack.created", nil, false); err != nil {
		return failed(err).end()
	}
	return nil
}

// deactivate sends active:false if the account was last known to be active. nil means that nothing stands in the way of going on.
func (r *Reconciler) deactivate(ctx context.Context, j *job) *outcome {
	if !j.link.Active || j.options.RemoveUser == RemoveNone {
		return nil
	}
	if o := r.mayDeactivate(j); o != nil {
		return o
	}
	inactive := false
	answer, err := r.callUser(ctx, j, slackapi.UserChange{Active: &inactive})
	if err == nil && answer.Active {
		err = r.awaitInactive(ctx, j)
	}
	if err != nil {
		return failed(err).end()
	}
	link := *j.link
	link.Active = false
	if err := r.recordLink(ctx, j, link, "slack.deactivated", j.changesOf(slackapi.UserChange{Active: &inactive}), false); err != nil {
		return failed(err).end()
	}
	return nil
}

// mayDeactivate applies the option and the protection.
func (r *Reconciler) mayDeactivate(j *job) *outcome {
	if o := r.untouchable(j.link.SlackID, j.link.Origin, "deactivated"); o != nil {
		return o
	}
	if !j.options.DisableUsers {
		return skipped("disableUsers", "deactivation of Slack account "+j.link.SlackID).end()
	}
	return nil
}

// awaitInactive reads the account until Slack shows it as inactive: Slack deactivates with a delay (its own tests poll ten
// times, a second apart: slack-scim.md 3.7, LIVE).
func (r *Reconciler) awaitInactive(ctx context.Context, j *job) error {
	for range 10 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		u, err := r.cfg.Slack.User(ctx, j.lane, j.link.SlackID)
		if err != nil {
			return err
		}
		if !u.Active {
			return nil
		}
	}
	return fmt.Errorf("Slack still shows the account %s as active", j.link.SlackID)
}

// endLink ends the link and remembers it, so that the person gets the same account back on return.
func (r *Reconciler) endLink(ctx context.Context, j *job) error {
	doc := j.resource.Document
	former := store.Former{Source: j.key.Source, SlackID: j.link.SlackID, ID: j.key.ID, UserName: doc.String("userName"),
		ExternalID: doc.String("externalId"), Email: j.link.Applied[scim.SlackEmail], Ended: time.Now()}
	if old, ok := translate.Tombstone(former.UserName); ok && j.options.SoftDeleteRenames {
		former.UserName = old
	}
	return r.commit(ctx, j, j.record("link.ended", nil), func(tx store.Tx) error {
		return errors.Join(tx.DeleteLink(j.key), tx.PutFormer(former))
	})
}
