package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// wished are the members of a group that Slack can hold, and those that it cannot (yet).
type wished struct {
	slackIDs []string
	waiting  []string    // no Slack account yet: they come when they get one
	comers   []store.Key // the same
	inactive []string
	nested   []string // groups in the group: Slack has none
}

// wishedMembers reads the desired members and their links.
func (r *Reconciler) wishedMembers(ctx context.Context, j *job) (w wished, err error) {
	err = r.cfg.Store.View(ctx, func(tx store.Tx) error {
		w = wished{}
		return w.addMembers(tx, j.key, j.options.NestedGroups == NestedFlatten, map[string]bool{j.key.ID: true})
	})
	return w, err
}

// addMembers adds the members of a group and, if they are wanted, those of the groups in it. seen holds the ids that were met: groups may be in each
// other.
func (w *wished) addMembers(tx store.Tx, group store.Key, flatten bool, seen map[string]bool) error {
	for m, err := range tx.Members(group) {
		if err != nil {
			return err
		}
		name := m.Display
		if name == "" {
			name = m.ID
		}
		member := store.Key{Source: group.Source, Type: m.Type, ID: m.ID}
		switch {
		case m.Type == store.Group && !flatten:
			w.nested = append(w.nested, name)
			continue
		case seen[m.ID]:
			continue
		}
		if seen[m.ID] = true; m.Type == store.Group {
			if err := w.addMembers(tx, member, flatten, seen); err != nil {
				return err
			}
			continue
		}
		link, err := tx.Link(member)
		switch {
		case errors.Is(err, store.ErrNotFound):
			w.waiting, w.comers = append(w.waiting, name), append(w.comers, member)
		case err != nil:
			return err
		case !link.Active:
			w.inactive = append(w.inactive, name)
		default:
			w.slackIDs = append(w.slackIDs, link.SlackID)
		}
	}
	return nil
}

// warnings tells who is left out.
func (w wished) warnings() []string {
	var out []string
	for _, c := range []struct {
		names []string
		why   string
	}{
		{w.waiting, "wait for a Slack account and are added when they get one"},
		{w.inactive, "are left out because their Slack account is deactivated"},
		{w.nested, "are left out because they are groups, and Slack has no groups in groups"},
	} {
		if len(c.names) > 0 {
			out = append(out, fmt.Sprintf("%d members %s: %s", len(c.names), c.why, sample(c.names)))
		}
	}
	return out
}

// sample shows the first few names of a list.
func sample(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
}

// knownMembers returns who was last known to be in the Slack group.
func (r *Reconciler) knownMembers(ctx context.Context, j *job) (known []string, err error) {
	err = r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		known, err = collect(tx.SlackMembers(j.key))
		return err
	})
	return known, err
}

// noteMembers records who was read to be in the Slack group. In merge mode only those count whom we added ourselves, so that
// nobody else's members are ever removed.
func (r *Reconciler) noteMembers(ctx context.Context, j *job, read []string) error {
	return r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		known, err := collect(tx.SlackMembers(j.key))
		if err != nil {
			return err
		}
		var add []string
		if j.options.GroupMembership == MembershipOverwrite {
			add = difference(read, known)
		}
		return tx.ChangeSlackMembers(j.key, add, difference(known, read))
	})
}

// recordGroup commits what a call changed and closes its intent.
func (r *Reconciler) recordGroup(ctx context.Context, j *job, call slackapi.GroupChange) error {
	link := *j.link
	if call.Name != nil {
		link.Name = *call.Name
	}
	err := r.commit(ctx, j, j.record("slack.updated", j.groupChanges(call)), func(tx store.Tx) error {
		return errors.Join(j.putLink(tx, &link), tx.ChangeSlackMembers(j.key, call.Add, call.Remove), tx.DeleteIntent(j.key))
	})
	if err == nil {
		j.link, j.intent = &link, nil
	}
	return err
}

// Slack writes groups asynchronously: a read right after a write may show the old state (slack-scim.md 4.6, LIVE: its testers wait 3 s).
const (
	verifyLooks = 6
	verifyPause = time.Second
)

// verifyGroup reads the group until it shows what was wished. If it never does, what it shows counts, and the group is pending.
func (r *Reconciler) verifyGroup(ctx context.Context, j *job, name string, wish, warnings []string) outcome {
	var g slackapi.Group
	for look := range verifyLooks {
		if look > 0 {
			select {
			case <-ctx.Done():
				return failed(ctx.Err())
			case <-time.After(verifyPause):
			}
		}
		var err error
		if g, err = r.cfg.Slack.Group(ctx, j.lane, j.link.SlackID); err != nil {
			return failed(err)
		}
		if r.asWished(j, g, name, wish) {
			return synced(warnings)
		}
	}
	link := *j.link
	link.Name = g.Name
	if err := r.recordLink(ctx, j, link, "slack.differs", store.Changed("displayName", "members"), false); err != nil {
		return failed(err)
	}
	if err := r.noteMembers(ctx, j, g.Members); err != nil {
		return failed(err)
	}
	return failed(fmt.Errorf("Slack group %s does not show what was written to it", j.link.SlackID))
}

// asWished compares a group that was read with the wish. In merge mode it may hold more.
func (r *Reconciler) asWished(j *job, g slackapi.Group, name string, wish []string) bool {
	if g.Name != name || len(difference(wish, g.Members)) > 0 {
		return false
	}
	if j.options.GroupMembership == MembershipMerge {
		return true
	}
	return len(slices.DeleteFunc(difference(g.Members, wish), func(id string) bool {
		_, yes := r.protected(id)
		return yes
	})) == 0
}

// resolveGroup finds out by reading what became of a group call whose outcome is unknown.
func (r *Reconciler) resolveGroup(ctx context.Context, j *job) *outcome {
	switch {
	case j.intent == nil && !settledNow(j.link):
		return nil
	case j.intent != nil && j.intent.Op == "createGroup" && j.link == nil:
		return r.resolveGroupCreation(ctx, j)
	case j.link == nil || j.intent != nil && j.intent.Op == "deleteGroup": // deleting again is safe
		return r.giveUpIntent(ctx, j)
	}
	g, err := r.cfg.Slack.Group(ctx, j.lane, j.link.SlackID)
	if err != nil {
		return failed(err).end()
	}
	link := *j.link
	link.Name, link.Unsure = g.Name, r.unsureUntil(j)
	if err := r.recordLink(ctx, j, link, "slack.resolved", nil, false); err != nil {
		return failed(err).end()
	}
	if err := r.noteMembers(ctx, j, g.Members); err != nil {
		return failed(err).end()
	}
	return nil
}

func (r *Reconciler) resolveGroupCreation(ctx context.Context, j *job) *outcome {
	hits, err := r.cfg.Slack.FindGroups(ctx, j.lane, j.intent.Name)
	var o outcome
	switch {
	case err != nil:
		o = failed(err)
	case len(hits) == 0:
		return r.lookAgain(ctx, j)
	case len(hits) > 1:
		o = held("ambiguous", fmt.Sprintf("the outcome of a creation is unknown, and two Slack groups are named %q", j.intent.Name))
	default:
		return r.adoptGroup(ctx, j, hits[0], store.Created)
	}
	return &o
}
