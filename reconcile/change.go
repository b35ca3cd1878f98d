package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// Effect is what another configuration does to a person.
type Effect string

const (
	Enters  Effect = "enters"  // gets an account, or the former one back
	Leaves  Effect = "leaves"  // the account is deactivated
	Changes Effect = "changes" // the account is changed
	Holds   Effect = "held"    // cannot be sent any more, because a rule fails
)

// Change is what another configuration does to one person or group.
type Change struct {
	Key        store.Key         `json:"key"`
	Name       string            `json:"name"`
	Effect     Effect            `json:"effect"`
	Attributes []AttributeChange `json:"attributes,omitempty"`
	Problem    string            `json:"problem,omitempty"` // of who is held
}

// AttributeChange is one attribute of a Slack account before and after. "" is none.
type AttributeChange struct {
	Attribute scim.SlackAttribute `json:"attribute"`
	Old       string              `json:"old"`
	New       string              `json:"new"`
}

// ChangePlan is what another configuration does to everybody who is stored.
type ChangePlan struct {
	// ID names this very plan: the same people, effects and values. "" if nothing changes.
	ID     string         `json:"id"`
	People int            `json:"people"`
	Counts map[Effect]int `json:"counts"`
	// Calls are the calls to Slack that it takes, by the name of the limit that they count for.
	Calls map[string]int `json:"calls"`
	// Changes are the first of them, leavers before others; Keys are all.
	Changes []Change    `json:"changes"`
	Keys    []store.Key `json:"-"`
}

// mostChanges is how many changes, and as many leavers, a plan shows.
const mostChanges = 1000

// PlanChange compares what everybody becomes by the options before and after. It reads the store and changes nothing. Sources that are not in after are left out; one that
// is not in before had the default options. progress is called now and then.
func PlanChange(ctx context.Context, st store.Store, before, after map[string]Options, progress func(done, all int)) (ChangePlan, error) {
	var p ChangePlan
	err := st.View(ctx, func(tx store.Tx) error {
		p = ChangePlan{Counts: map[Effect]int{}, Calls: map[string]int{}, Changes: []Change{}}
		var all int
		for source := range after {
			n, err := tx.CountResources(source, store.User)
			if err != nil {
				return err
			}
			all += n
		}
		c := &comparison{tx: tx, names: map[store.Key]string{}, plan: &p, digest: sha256.New()}
		for _, source := range slices.Sorted(maps.Keys(after)) {
			old, known := before[source]
			if !known {
				old = DefaultOptions()
			}
			for resource, err := range tx.ResourcesAfter(source, store.User, "") {
				if err == nil {
					err = errors.Join(ctx.Err(), c.add(resource, old, after[source]))
				}
				if err != nil {
					return err
				}
				if p.People++; p.People%1000 == 0 {
					progress(p.People, all)
				}
			}
			if err := c.addGroups(source, old, after[source]); err != nil {
				return err
			}
		}
		progress(p.People, all)
		if len(p.Keys) > 0 {
			p.ID = hex.EncodeToString(c.digest.Sum(nil))[:12]
		}
		p.Changes = append(c.leavers, p.Changes...)
		return nil
	})
	return p, err
}

// Apply makes everybody pending whom the plan concerns, and who is still there. Errors are those of the store.
func (p ChangePlan) Apply(ctx context.Context, st store.Store) error {
	const batch = 1000
	for keys := p.Keys; len(keys) > 0; keys = keys[min(batch, len(keys)):] {
		err := st.Update(ctx, func(tx store.Tx) error {
			for _, key := range keys[:min(batch, len(keys))] {
				if _, err := tx.Resource(key); errors.Is(err, store.ErrNotFound) {
					continue
				} else if err != nil {
					return err
				}
				if err := store.MarkPendingBy(tx, key, p.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// comparison gathers a plan.
type comparison struct {
	tx      store.Tx
	names   map[store.Key]string // of groups
	plan    *ChangePlan
	leavers []Change
	digest  interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}
}

// future is what becomes of a person by some options.
type future struct {
	options Options
	stand   stand
	user    translate.User
	problem error
}

func (c *comparison) add(resource store.Resource, before, after Options) error {
	was, err := c.future(resource, before)
	if err != nil {
		return err
	}
	is, err := c.future(resource, after)
	if err != nil {
		return err
	}
	link, err := c.tx.Link(resource.Key)
	linked := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	change := Change{Key: resource.Key, Name: resource.Document.String("userName")}
	if !linked {
		change = changeUnlinked(change, was, is)
	} else {
		change = changeLinked(change, was, is, link)
	}
	limit := slackapi.LimitUpdateUser
	if !linked {
		limit = slackapi.LimitCreateUser
	}
	c.note(change, limit)
	return nil
}

// note adds a change, which takes a call that counts for the limit.
func (c *comparison) note(change Change, limit string) {
	p := c.plan
	if change.Effect == "" {
		return
	}
	if change.Effect != Holds {
		p.Calls[limit]++
		if change.Effect == Enters { // looked for first
			p.Calls[slackapi.LimitReads]++
		}
	}
	p.Keys = append(p.Keys, change.Key)
	p.Counts[change.Effect]++
	fmt.Fprintf(c.digest, "%s %s %q\n", change.Key, change.Effect, change.Attributes)
	switch {
	case change.Effect == Leaves && len(c.leavers) < mostChanges:
		c.leavers = append(c.leavers, change)
	case change.Effect != Leaves && len(p.Changes) < mostChanges:
		p.Changes = append(p.Changes, change)
	}
}

// changeUnlinked is about a person who has no account.
func changeUnlinked(change Change, was, is future) Change {
	switch {
	case is.stand.leaves:
	case is.problem != nil:
		if was.problem == nil && !was.stand.leaves {
			change.Effect, change.Problem = Holds, is.problem.Error()
		}
	case !is.options.CreateUsers:
	case was.stand.leaves || was.problem != nil || !was.options.CreateUsers:
		change.Effect = Enters
	case !maps.Equal(was.user.Profile, is.user.Profile): // Slack refused them, or they are on their way
		change.Effect, change.Attributes = Changes, differences(was.user.Profile, is.user.Profile)
	}
	return change
}

// changeLinked is about a person who has an account.
func changeLinked(change Change, was, is future, link store.Link) Change {
	if is.stand.leaves {
		if link.Active && is.deactivates() && !was.deactivates() {
			change.Effect = Leaves
		}
		return change
	}
	if is.problem != nil {
		if was.problem == nil && !was.stand.leaves {
			change.Effect, change.Problem = Holds, is.problem.Error()
		}
		return change
	}
	same := !was.stand.leaves && was.problem == nil && maps.Equal(was.user.Profile, is.user.Profile) && maps.Equal(was.user.Occasions, is.user.Occasions)
	if !is.options.UpdateUsers || same && was.options.UpdateUsers {
		return change
	}
	profile, leftAlone := onUpdate(is.user, link.Applied)
	plan := planUser(profile, link.Applied, link.Active, link.WithheldEmail, leftAlone...)
	switch {
	case plan.empty():
	case plan.enable:
		change.Effect = Enters
	default:
		change.Effect = Changes
	}
	change.Attributes = differences(link.Applied, plan.change.Set)
	return change
}

// deactivates reports whether an active account of the person would be deactivated.
func (f future) deactivates() bool {
	return f.stand.leaves && f.options.DisableUsers && f.options.RemoveUser != RemoveNone
}

// differences lists the attributes of now that were otherwise.
func differences(before, now scim.SlackUserProfile) []AttributeChange {
	var out []AttributeChange
	for _, a := range scim.SlackAttributes {
		if value, there := now[a]; there && value != before[a] {
			out = append(out, AttributeChange{a, before[a], value})
		}
	}
	return out
}

// future translates a person as the loop would.
func (c *comparison) future(resource store.Resource, o Options) (future, error) {
	groups, err := groupsOf(c.tx, resource.Key, o, c.names)
	if err != nil {
		return future{}, err
	}
	f := future{options: o, stand: standing(resource, o.Rules, groups)}
	if f.stand.leaves {
		return f, nil
	}
	if f.problem = f.stand.rule; f.problem == nil {
		f.user, f.problem = translate.ToUser(resource.Document, translate.Options{SoftDeleteRenames: o.SoftDeleteRenames, Rules: o.Rules, Groups: groups})
	}
	if f.problem == nil {
		_, _, err = resolveManager(c.tx, resource.Key, &f.user)
	}
	return f, err
}
