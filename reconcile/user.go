package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// user makes one Slack account what its resource says.
func (r *Reconciler) user(ctx context.Context, j *job) outcome {
	o := r.reconcileUser(ctx, j)
	if o.phase == store.Synced {
		o.warnings = append(o.warnings, alteredWarnings(j.link)...)
	}
	return unsure(j, o)
}

func (r *Reconciler) reconcileUser(ctx context.Context, j *job) outcome {
	known, o := r.resolveUser(ctx, j)
	if o != nil {
		return *o
	}
	if j.stand.leaves {
		return r.leaver(ctx, j)
	}
	if j.stand.rule != nil {
		return failed(j.stand.rule)
	}
	want, err := translate.ToUser(j.resource.Document, j.translation())
	if err != nil {
		return failed(err)
	}
	manager, warnings, err := r.resolveManager(ctx, j, &want)
	if err != nil {
		return failed(err)
	}
	if j.link == nil && manager != nil && r.makesWay(j, []store.Key{*manager}) {
		return outcome{madeWay: true}
	}
	if j.link == nil {
		found, o := r.recognise(ctx, j, want.Profile)
		if o != nil {
			return *o
		}
		if found == nil {
			return r.createUser(ctx, j, want, warnings)
		}
		if known, err = r.adopt(ctx, j, found, want.Profile); err != nil {
			return failed(err)
		}
	}
	return r.updateUser(ctx, j, want, known, warnings)
}

// updateUser sends the difference, and nothing if there is none. known is what Slack holds where it was read just now,
// else nil: then what was applied last counts.
func (r *Reconciler) updateUser(ctx context.Context, j *job, want translate.User, known scim.SlackUserProfile, warnings []string) outcome {
	if known == nil {
		known = j.link.Applied
	}
	profile, leftAlone := onUpdate(want, known)
	plan := planUser(profile, known, j.link.Active, j.link.WithheldEmail, leftAlone...)
	warnings = append(warnings, withheldWarning(j.link, want.Profile)...)
	if plan.empty() {
		return synced(warnings)
	}
	if o := r.untouchable(j.link.SlackID, j.link.Origin, "changed"); o != nil {
		return *o
	}
	if !j.options.UpdateUsers {
		return skipped("updateUsers", "update (or enabling again) of Slack account "+j.link.SlackID)
	}
	for {
		answer, err := r.callUser(ctx, j, plan.change)
		if err == nil {
			return r.updated(ctx, j, known, plan, answer, warnings)
		}
		attribute, optional := leftOut(err, plan.change.Set)
		if !optional {
			return failed(err)
		}
		warnings = append(warnings, fmt.Sprintf("%s was left out: %v", attribute, err))
		delete(plan.change.Set, attribute)
		if plan.empty() {
			return synced(warnings)
		}
	}
}

// updated checks what Slack answered and records it.
func (r *Reconciler) updated(ctx context.Context, j *job, known scim.SlackUserProfile, plan userPlan, answer slackapi.User, warnings []string) outcome {
	if unasked := unaskedUpdate(j.link, plan.change, answer); unasked != "" {
		return r.raise(ctx, j, unasked)
	}
	link := *j.link
	link.Active, link.Applied, link.Altered = true, applied(known, plan.change.Set), altered(link.Altered, plan.change.Set, answer.Profile)
	if _, changed := plan.change.Set[scim.SlackEmail]; changed {
		link.WithheldEmail = ""
	}
	if err := r.recordLink(ctx, j, link, "slack.updated", j.changesOf(plan.change), plan.enable); err != nil {
		return failed(err)
	}
	return synced(warnings)
}

// unaskedUpdate tells in words what the answer to an update says that it did not ask for, or "".
func unaskedUpdate(link *store.Link, change slackapi.UserChange, answer slackapi.User) string {
	if !answer.Active {
		return fmt.Sprintf("Slack says that the account %s is inactive although it was told to be active", link.SlackID)
	}
	was, is := cmp.Or(link.Altered[scim.SlackUserName], link.Applied[scim.SlackUserName]), answer.Profile[scim.SlackUserName]
	if _, asked := change.Set[scim.SlackUserName]; !asked && was != "" && is != "" && !strings.EqualFold(was, is) {
		return fmt.Sprintf("Slack renamed the account %s from %s to %s while something else was changed", link.SlackID, was, is)
	}
	return ""
}

// callUser sends one PATCH. It always says whether the account is to be active: Slack has read silence
// as no before (the incident of April 2024).
func (r *Reconciler) callUser(ctx context.Context, j *job, change slackapi.UserChange) (slackapi.User, error) {
	if change.Active == nil {
		active := true
		change.Active = &active
	}
	turn := r.intending(ctx, j, store.Intent{Op: "updateUser", SlackID: j.link.SlackID}, j.changesOf(change))
	answer, err := r.cfg.Slack.UpdateUser(turn, j.lane, j.link.SlackID, change)
	return answer, r.settle(ctx, j, err)
}

// createUser makes a new Slack account.
func (r *Reconciler) createUser(ctx context.Context, j *job, want translate.User, warnings []string) outcome {
	if !j.options.CreateUsers {
		return skipped("createUsers", "creation of a Slack account")
	}
	profile := creation(want.Profile)
	for {
		intent := store.Intent{Op: "createUser", UserName: profile[scim.SlackUserName], Email: profile[scim.SlackEmail]}
		turn := r.intending(ctx, j, intent, j.changesOf(slackapi.UserChange{Set: profile}))
		answer, err := r.cfg.Slack.CreateUser(turn, j.lane, profile)
		if err = r.settle(ctx, j, err); err == nil {
			return r.created(ctx, j, profile, answer, warnings)
		}
		if o := r.taken(ctx, j, err); o != nil {
			return *o
		}
		attribute, optional := leftOut(err, profile)
		if !optional {
			return failed(err)
		}
		warnings = append(warnings, fmt.Sprintf("%s was left out: %v", attribute, err))
		delete(profile, attribute)
	}
}

// created records the link to a new account.
func (r *Reconciler) created(ctx context.Context, j *job, sent scim.SlackUserProfile, answer slackapi.User, warnings []string) outcome {
	link := store.Link{Key: j.key, SlackID: answer.ID, Origin: store.Created, Linked: time.Now(), Active: answer.Active, Applied: sent, Altered: altered(nil, sent, answer.Profile)}
	if err := r.recordLink(ctx, j, link, "slack.created", j.changesOf(slackapi.UserChange{Set: sent}), true); err != nil {
		return failed(err)
	}
	if !answer.Active {
		return r.raise(ctx, j, fmt.Sprintf("Slack says that the new account %s is inactive", answer.ID))
	}
	return synced(warnings)
}

// optionalAttributes tells which attribute Slack means when it refuses one that a person can do without.
var optionalAttributes = map[string]scim.SlackAttribute{
	"invalid_display_name":      scim.SlackDisplayName,
	"invalid_emoji_not_allowed": scim.SlackDisplayName,
	"photos_invalid":            scim.SlackPhoto,
	"roles_invalid":             scim.SlackRole,
}

// leftOut returns the attribute without which the call may succeed: better a person without a photo than no person.
func leftOut(err error, set scim.SlackUserProfile) (scim.SlackAttribute, bool) {
	e := refusedBy(err)
	if e == nil {
		return "", false
	}
	attribute, optional := optionalAttributes[e.ID]
	_, sent := set[attribute]
	return attribute, optional && sent
}

func skipped(option, action string) outcome {
	return outcome{phase: store.Skipped, reason: option, message: action + " was due and is not done because " + option + " is off for this source"}
}

func withheldWarning(link *store.Link, want scim.SlackUserProfile) []string {
	if link.WithheldEmail == "" || !strings.EqualFold(want[scim.SlackEmail], link.WithheldEmail) {
		return nil
	}
	return []string{"the e-mail of the adopted account " + link.SlackID + " was left as it is in Slack; it follows the source when it changes there"}
}
