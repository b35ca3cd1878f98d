package reconcile

import (
	"maps"
	"slices"
	"strings"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/translate"
)

// userPlan is the one call that makes a linked Slack account what it should be.
type userPlan struct {
	change slackapi.UserChange
	enable bool // the account is enabled again
}

func (p userPlan) empty() bool { return len(p.change.Set) == 0 && p.change.Active == nil }

// endsWithItsList are the attributes that are cleared when they were applied and the source no longer has them: the other
// address of a list that is still there. All others stay when the source does not speak of them.
var endsWithItsList = []scim.SlackAttribute{scim.SlackSecondaryEmail}

// planUser compares what should be with what is and returns the difference. known is what Slack was last known to hold;
// withheld is the e-mail that an adopted account does not get (store.Link.WithheldEmail); leftOut are attributes that the source speaks
// of and Slack would not take, so that they stay as they are. It is pure, and planning again with the result applied gives an
// empty plan.
func planUser(want, known scim.SlackUserProfile, active bool, withheld string, leftOut ...scim.SlackAttribute) userPlan {
	set := scim.SlackUserProfile{}
	for a, value := range want {
		if !slackapi.Updatable(a) || a == scim.SlackEmail && withheld != "" && strings.EqualFold(value, withheld) {
			continue
		}
		if !sameValue(a, value, known[a]) {
			set[a] = value
		}
	}
	for _, a := range endsWithItsList {
		if _, spoken := want[a]; !spoken && known[a] != "" && !slices.Contains(leftOut, a) {
			set[a] = ""
		}
	}
	addSiblings(set, want, known, withheld)
	plan := userPlan{change: slackapi.UserChange{Set: set}}
	if !active {
		enable := true
		plan.change.Active, plan.enable = &enable, true
	}
	return plan
}

// onUpdate returns what is wished of an account that is there: not what is only for a new account, nor what is only for an account that has
// nothing yet. leftAlone are the attributes that stay as they are.
func onUpdate(want translate.User, known scim.SlackUserProfile) (profile scim.SlackUserProfile, leftAlone []scim.SlackAttribute) {
	if want.Occasions == nil {
		return want.Profile, want.LeftOut
	}
	profile, leftAlone = maps.Clone(want.Profile), slices.Clone(want.LeftOut)
	for a, when := range want.Occasions {
		if when == translate.WhenCreate || known[a] != "" {
			delete(profile, a)
			leftAlone = append(leftAlone, a)
		}
	}
	return profile, leftAlone
}

// addSiblings completes the small lists that Slack takes only as a whole (slackapi.Siblings).
func addSiblings(set, want, known scim.SlackUserProfile, withheld string) {
	changed := make([]scim.SlackAttribute, 0, len(set))
	for a := range set {
		changed = append(changed, a)
	}
	for _, a := range changed {
		for _, sibling := range slackapi.Siblings(a) {
			if _, there := set[sibling]; there {
				continue
			}
			value, spoken := want[sibling]
			if !spoken || sibling == scim.SlackEmail && withheld != "" && strings.EqualFold(value, withheld) {
				value = known[sibling]
			}
			set[sibling] = value
		}
	}
}

// sameValue compares as Slack does: e-mail addresses and userNames in any letter case.
func sameValue(a scim.SlackAttribute, x, y string) bool {
	switch a {
	case scim.SlackEmail, scim.SlackSecondaryEmail, scim.SlackUserName:
		return strings.EqualFold(x, y)
	}
	return x == y
}

// applied returns known with what a call set and, for a creation, sent.
func applied(known, set scim.SlackUserProfile) scim.SlackUserProfile {
	out := scim.SlackUserProfile{}
	for a, v := range known {
		out[a] = v
	}
	for a, v := range set {
		out[a] = v
	}
	for a, v := range out {
		if v == "" {
			delete(out, a)
		}
	}
	return out
}

// creation returns what a new account is created with: everything that has a value.
func creation(want scim.SlackUserProfile) scim.SlackUserProfile { return applied(nil, want) }
