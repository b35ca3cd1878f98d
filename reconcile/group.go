package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// group makes one Slack group what its resource says.
func (r *Reconciler) group(ctx context.Context, j *job) outcome {
	return unsure(j, r.reconcileGroup(ctx, j))
}

func (r *Reconciler) reconcileGroup(ctx context.Context, j *job) outcome {
	if err := r.wakeOuterGroups(ctx, j); err != nil {
		return failed(err)
	}
	if o := r.resolveGroup(ctx, j); o != nil {
		return *o
	}
	if j.resource.Deleted {
		return r.removeGroup(ctx, j)
	}
	in, err := j.options.Rules.GroupInScope(j.resource.Document)
	if err != nil {
		return failed(err)
	}
	if !in {
		return r.outsideGroup(ctx, j)
	}
	want, err := translate.ToGroup(j.resource.Document, j.options.Rules)
	if err != nil {
		return failed(err)
	}
	members, err := r.wishedMembers(ctx, j)
	if err != nil {
		return failed(err)
	}
	if r.makesWay(j, members.comers) {
		return outcome{madeWay: true}
	}
	warnings := append(want.Warnings, members.warnings()...)
	if j.link == nil {
		if o := r.linkGroup(ctx, j, want.Name, members.slackIDs); o != nil {
			return *o
		}
	}
	return r.updateGroup(ctx, j, want.Name, members.slackIDs, warnings)
}

// linkGroup finds the Slack group of that name, or makes it. nil means that there is a link now.
func (r *Reconciler) linkGroup(ctx context.Context, j *job, name string, members []string) *outcome {
	hits, err := r.cfg.Slack.FindGroups(ctx, j.lane, name)
	var o outcome
	switch {
	case err != nil:
		o = failed(err)
	case len(hits) > 1:
		o = held("ambiguous", fmt.Sprintf("two Slack groups are named %q, %s and %s; nothing is linked until one of them is renamed in Slack", name, hits[0].ID, hits[1].ID))
	case len(hits) == 1:
		return r.adoptGroup(ctx, j, hits[0], store.Matched)
	default:
		return r.createGroup(ctx, j, name, members)
	}
	return &o
}

// adoptGroup links a Slack group that is there.
func (r *Reconciler) adoptGroup(ctx context.Context, j *job, g slackapi.Group, origin store.Origin) *outcome {
	if o := r.unclaimed(ctx, j, store.Group, g.ID); o != nil {
		return o
	}
	link := store.Link{Key: j.key, SlackID: g.ID, Origin: origin, Linked: time.Now(), Active: true, Name: g.Name}
	if origin == store.Matched {
		link.MatchedBy = "displayName"
	}
	err := r.recordLink(ctx, j, link, "link."+string(origin), nil, false)
	if err == nil {
		err = r.noteMembers(ctx, j, g.Members)
	}
	if err != nil {
		return failed(err).end()
	}
	return nil
}

// createGroup makes the group with as many members as one call takes; updateGroup adds the others.
func (r *Reconciler) createGroup(ctx context.Context, j *job, name string, members []string) *outcome {
	first := members[:min(len(members), addsPerCall)]
	turn := r.intending(ctx, j, store.Intent{Op: "createGroup", Name: name}, store.Changed("displayName", "members"))
	g, err := r.cfg.Slack.CreateGroup(turn, j.lane, name, first)
	if err = r.settle(ctx, j, err); isMemberRefusal(err) && len(first) > 0 {
		return r.createGroup(ctx, j, name, nil) // empty; updateGroup isolates the member that Slack refuses
	}
	if err == nil && g.ID == "" { // Slack may answer with nothing (slack-scim.md 4.6)
		g, err = r.findNew(ctx, j, name)
	}
	if err != nil {
		return failed(err).end()
	}
	link := store.Link{Key: j.key, SlackID: g.ID, Origin: store.Created, Linked: time.Now(), Active: true, Name: name}
	if err = r.recordLink(ctx, j, link, "slack.created", store.Changed("displayName", "members"), false); err == nil {
		err = r.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.ChangeSlackMembers(j.key, first, nil) })
	}
	if err != nil {
		return failed(err).end()
	}
	return nil
}

// findNew reads the group that was just made.
func (r *Reconciler) findNew(ctx context.Context, j *job, name string) (slackapi.Group, error) {
	hits, err := r.cfg.Slack.FindGroups(ctx, j.lane, name)
	if err != nil {
		return slackapi.Group{}, err
	}
	if len(hits) != 1 {
		return slackapi.Group{}, &slackapi.Error{Op: "createGroup", Kind: slackapi.Unknown, ID: "unknown-outcome",
			Detail: "Slack answered the creation of the group with nothing and does not show it yet"}
	}
	return hits[0], nil
}

// updateGroup sends the difference in as few calls as Slack takes, and reads the group back if it sent anything.
func (r *Reconciler) updateGroup(ctx context.Context, j *job, name string, members, warnings []string) outcome {
	known, err := r.knownMembers(ctx, j)
	if err != nil {
		return failed(err)
	}
	wish := r.spared(members, known)
	calls := planGroup(name, j.link.Name, wish, known)
	if len(calls) == 0 {
		return synced(warnings)
	}
	var refused []string
	for _, call := range calls {
		out, err := r.callGroup(ctx, j, call)
		if err != nil {
			return failed(err)
		}
		refused = append(refused, out...)
	}
	if len(refused) > 0 {
		warnings = append(warnings, fmt.Sprintf("%d members were left out because Slack refuses them (deactivated accounts, guests, unknown ids): %s", len(refused), sample(refused)))
	}
	return r.verifyGroup(ctx, j, name, difference(wish, refused), warnings)
}

// spared adds to the wish those members that are not to be removed: protected accounts. In merge mode knownMembers holds only
// members that we added, so nobody else's are removed either.
func (r *Reconciler) spared(members, known []string) []string {
	wish := slices.Clone(members)
	for _, id := range known {
		if _, yes := r.protected(id); yes && !slices.Contains(wish, id) {
			wish = append(wish, id)
		}
	}
	return wish
}

// callGroup sends one call. A member that Slack refuses is isolated by halving the additions, so that one bad member does not
// block the rest; the refused ones are returned.
func (r *Reconciler) callGroup(ctx context.Context, j *job, call slackapi.GroupChange) (refused []string, err error) {
	turn := r.intending(ctx, j, store.Intent{Op: "updateGroup", SlackID: j.link.SlackID}, j.groupChanges(call))
	err = r.settle(ctx, j, r.cfg.Slack.UpdateGroup(turn, j.lane, j.link.SlackID, call))
	switch {
	case err == nil:
		return nil, r.recordGroup(ctx, j, call)
	case !isMemberRefusal(err) || len(call.Add) == 0:
		return nil, err
	case len(call.Add) == 1 && call.Name == nil && len(call.Remove) == 0:
		return call.Add, nil
	}
	for _, part := range halves(call) {
		out, err := r.callGroup(ctx, j, part)
		if err != nil {
			return nil, err
		}
		refused = append(refused, out...)
	}
	return refused, nil
}

// halves splits a call: what is not an addition apart from the additions, and these in two.
func halves(call slackapi.GroupChange) []slackapi.GroupChange {
	var parts []slackapi.GroupChange
	if call.Name != nil || len(call.Remove) > 0 {
		parts = append(parts, slackapi.GroupChange{Name: call.Name, Remove: call.Remove})
	}
	if len(call.Add) == 1 || len(parts) > 0 {
		return append(parts, slackapi.GroupChange{Add: call.Add})
	}
	middle := len(call.Add) / 2
	return append(parts, slackapi.GroupChange{Add: call.Add[:middle]}, slackapi.GroupChange{Add: call.Add[middle:]})
}

func isMemberRefusal(err error) bool {
	e := refusedBy(err)
	return e != nil && (e.ID == "unable_to_add_deleted_or_guest_to_group" || e.ID == "no_such_group_members")
}

// groupChanges tells what a call changes of a group.
func (j *job) groupChanges(call slackapi.GroupChange) []store.Change {
	var changes []store.Change
	if call.Name != nil {
		changes = append(changes, store.Change{Attribute: "displayName", Before: j.link.Name, After: *call.Name})
	}
	if len(call.Add)+len(call.Remove) > 0 {
		changes = append(changes, store.Change{Attribute: fmt.Sprintf("members +%d -%d", len(call.Add), len(call.Remove))})
	}
	return changes
}

// outsideGroup handles a group that the scope does not take: it is kept here, and a Slack group that it had goes as if it had been removed.
func (r *Reconciler) outsideGroup(ctx context.Context, j *job) outcome {
	if j.link != nil {
		if o := r.endGroup(ctx, j); o != nil {
			return *o
		}
	}
	return outcome{phase: store.Skipped, reason: reasonScope, message: "the scope of the source does not take the group; it is kept here and reaches Slack when it does"}
}

// removeGroup ends a group that its source removed.
func (r *Reconciler) removeGroup(ctx context.Context, j *job) outcome {
	if j.link != nil {
		if o := r.endGroup(ctx, j); o != nil {
			return *o
		}
	}
	return outcome{phase: store.Synced, forget: true}
}

// endGroup ends the link of a group and, if the source wants that, the Slack group. nil means that it did.
func (r *Reconciler) endGroup(ctx context.Context, j *job) *outcome {
	event := "link.ended"
	if j.options.GroupRemove != GroupUnlink {
		event = "slack.deleted"
		turn := r.intending(ctx, j, store.Intent{Op: "deleteGroup", SlackID: j.link.SlackID}, nil)
		err := r.settle(ctx, j, r.cfg.Slack.DeleteGroup(turn, j.lane, j.link.SlackID))
		if e := refusedBy(err); err != nil && (e == nil || e.Kind != slackapi.NotFound) {
			return failed(err).end()
		}
	}
	err := r.commit(ctx, j, j.record(event, nil), func(tx store.Tx) error {
		return errors.Join(tx.DeleteIntent(j.key), tx.DeleteLink(j.key))
	})
	if err != nil {
		return failed(err).end()
	}
	j.link, j.intent = nil, nil
	return nil
}
