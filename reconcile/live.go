package reconcile

import (
	"context"
	"strings"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// Live is what Slack holds of a linked resource, against what was applied last.
type Live struct {
	Active      *bool // of a user
	Differences []AttributeChange
	Missing     []string // Slack ids of members of a group who should be there
	Extra       []string // of those who are there and should not
}

// Live reads the Slack account or group of a resource. Errors are *slackapi.Error, store.ErrNotFound if there is no link, and those of ctx and the
// store.
func (r *Reconciler) Live(ctx context.Context, key store.Key) (Live, error) {
	var link store.Link
	j := &job{key: key, options: r.optionsOf(key.Source)}
	err := r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		link, err = tx.Link(key)
		return err
	})
	if err != nil {
		return Live{}, err
	}
	if key.Type == store.User {
		u, err := r.cfg.Slack.User(ctx, slackapi.LaneReads, link.SlackID)
		return Live{Active: &u.Active, Differences: drifted(&link, u.Profile, j.options.Rules)}, err
	}
	g, err := r.cfg.Slack.Group(ctx, slackapi.LaneReads, link.SlackID)
	if err != nil {
		return Live{}, err
	}
	var out Live
	if g.Name != link.Name {
		out.Differences = []AttributeChange{{"displayName", link.Name, g.Name}}
	}
	wish, err := r.wishedMembers(ctx, j)
	out.Missing, out.Extra = difference(wish.slackIDs, g.Members), difference(g.Members, wish.slackIDs)
	if j.options.GroupMembership == MembershipMerge {
		out.Extra = nil // others may be in it
	}
	return out, err
}

// drifted lists the attributes that Slack holds otherwise than they were applied. Those that it shows in a form of its own do not count, nor do those
// that it altered from the start, nor those that belong to Slack because a rule writes them only once.
func drifted(link *store.Link, shown scim.SlackUserProfile, rules *translate.Rules) []AttributeChange {
	var out []AttributeChange
	for _, a := range scim.SlackAttributes {
		applied, told := link.Applied[a]
		altered, otherwise := link.Altered[a]
		switch {
		case !told || ownForm[a] || otherwise && altered == shown[a] || rules.When(a) != translate.WhenAlways:
		case !sameValue(a, strings.TrimSpace(applied), strings.TrimSpace(shown[a])):
			out = append(out, AttributeChange{a, applied, shown[a]})
		}
	}
	return out
}
