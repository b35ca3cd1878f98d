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

// match is a Slack account that was recognised as a person's.
type match struct {
	user   slackapi.User
	origin store.Origin
	by     string
}

// recognise looks for the Slack account that a person without a link has already: first one that was theirs before, then by the
// match attributes of the source. It never guesses: two hits, a hit that is linked or protected are held for a person.
func (r *Reconciler) recognise(ctx context.Context, j *job, want scim.SlackUserProfile) (*match, *outcome) {
	hits, err := r.candidates(ctx, j, want)
	switch {
	case err != nil:
		return nil, failed(err).end()
	case len(hits) == 0:
		return nil, nil
	case len(hits) > 1:
		return nil, held("ambiguous", fmt.Sprintf("two Slack accounts match this person, %s by %s and %s by %s; nothing is linked until one of them is changed in Slack",
			hits[0].user.ID, hits[0].by, hits[1].user.ID, hits[1].by)).end()
	}
	if o := r.claimable(ctx, j, &hits[0]); o != nil {
		return nil, o
	}
	return &hits[0], nil
}

// candidates returns the account that was the person's before, else those that match. A link of the person may end while Slack is asked: then
// it looks once more.
func (r *Reconciler) candidates(ctx context.Context, j *job, want scim.SlackUserProfile) ([]match, error) {
	var hits []match
	for asked := -1; ; {
		formers, err := r.formers(ctx, j, want)
		if err != nil || len(formers) == asked {
			return hits, err
		}
		asked = len(formers)
		m, err := r.returning(ctx, j, formers, want)
		if err != nil {
			return nil, err
		}
		if m != nil {
			return []match{*m}, nil
		}
		if hits, err = r.search(ctx, j, want); err != nil {
			return nil, err
		}
	}
}

// search asks Slack by each match attribute and returns the different accounts that were found.
func (r *Reconciler) search(ctx context.Context, j *job, want scim.SlackUserProfile) ([]match, error) {
	var hits []match
	seen := map[string]bool{}
	for _, by := range j.options.Match {
		value := want[matchAttributes[by]]
		if value == "" {
			continue
		}
		users, err := r.cfg.Slack.FindUsers(ctx, j.lane, matchAttributes[by], value)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if !seen[u.ID] {
				seen[u.ID] = true
				hits = append(hits, match{user: u, origin: store.Matched, by: by})
			}
		}
	}
	return hits, nil
}

// returning looks for an account that was linked to the same person before and still carries their name or e-mail.
func (r *Reconciler) returning(ctx context.Context, j *job, formers []store.Former, want scim.SlackUserProfile) (*match, error) {
	for _, f := range formers {
		u, err := r.cfg.Slack.User(ctx, j.lane, f.SlackID)
		if e := refusedBy(err); e != nil && e.Kind == slackapi.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		email, name := u.Profile[scim.SlackEmail], u.Profile[scim.SlackUserName]
		switch {
		case f.Imported: // somebody said so, whatever the account is named
			return &match{user: u, origin: store.Imported, by: "import"}, nil
		case strings.EqualFold(email, want[scim.SlackEmail]):
			return &match{user: u, origin: store.Returned, by: MatchEmail}, nil
		case strings.EqualFold(name, want[scim.SlackUserName]):
			return &match{user: u, origin: store.Returned, by: MatchUserName}, nil
		}
	}
	return nil, nil
}

// formers returns the ended links of the source that carry one of the person's identifiers.
func (r *Reconciler) formers(ctx context.Context, j *job, want scim.SlackUserProfile) ([]store.Former, error) {
	doc := j.resource.Document
	identity := []struct {
		index store.Index
		value string
	}{
		{store.IndexExternalID, doc.String("externalId")},
		{store.IndexUserName, doc.String("userName")},
		{store.IndexEmail, want[scim.SlackEmail]},
	}
	var found []store.Former
	err := r.cfg.Store.View(ctx, func(tx store.Tx) error {
		found = nil
		seen := map[string]bool{}
		for _, i := range identity {
			if i.value == "" {
				continue
			}
			formers, err := tx.FindFormer(j.key.Source, i.index, i.value)
			if err != nil {
				return err
			}
			for _, f := range formers {
				if !seen[f.SlackID] {
					seen[f.SlackID] = true
					found = append(found, f)
				}
			}
		}
		return nil
	})
	return found, err
}

// claimable checks that nobody else has the account and that it may be touched.
func (r *Reconciler) claimable(ctx context.Context, j *job, m *match) *outcome {
	if o := r.untouchable(m.user.ID, m.origin, "linked, though it matches by "+m.by); o != nil {
		return o
	}
	return r.unclaimed(ctx, j, store.User, m.user.ID)
}

// unclaimed checks that no other resource is linked to the Slack user or group.
func (r *Reconciler) unclaimed(ctx context.Context, j *job, t store.Type, slackID string) *outcome {
	var holder store.Link
	var leaving bool
	err := r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if holder, err = tx.LinkOf(t, slackID); err != nil {
			return err
		}
		resource, err := tx.Resource(holder.Key)
		leaving = err == nil && resource.Deleted && holder.Key.Source == j.key.Source
		return nil
	})
	var o outcome
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && holder.Key == j.key:
		return nil
	case err != nil:
		o = failed(err)
	case leaving: // removed and pushed anew: the earlier record lets go first
		o = outcome{phase: store.Pending, reason: "leaving", at: time.Now().Add(time.Second),
			message: fmt.Sprintf("Slack's %s is still being removed for its earlier record", slackID)}
	default:
		o = held("linked", fmt.Sprintf("Slack's %s matches and is linked to %s already; one Slack account or group belongs to one resource", slackID, holder.Key))
	}
	return &o
}

// adopt links an account that was recognised and returns what Slack holds of it. The e-mail of the account is not changed in
// the same breath: whoever can choose an e-mail could otherwise take over somebody's account.
func (r *Reconciler) adopt(ctx context.Context, j *job, m *match, want scim.SlackUserProfile) (scim.SlackUserProfile, error) {
	link := store.Link{Key: j.key, SlackID: m.user.ID, Origin: m.origin, MatchedBy: m.by, Linked: time.Now(),
		Active: m.user.Active, Applied: m.user.Profile}
	if m.origin == store.Matched && !strings.EqualFold(m.user.Profile[scim.SlackEmail], want[scim.SlackEmail]) {
		link.WithheldEmail = want[scim.SlackEmail]
	}
	if err := r.recordLink(ctx, j, link, "link."+string(m.origin), nil, true); err != nil {
		return nil, err
	}
	return m.user.Profile, nil
}

// taken handles Slack's word that another account has the e-mail or the userName already: it is read, and named to the
// administrator. An account that matches would have been recognised before, so this one is not linked. nil means that the error was another one.
func (r *Reconciler) taken(ctx context.Context, j *job, err error) *outcome {
	e := refusedBy(err)
	if e == nil || e.ExistingUser == "" {
		return nil
	}
	if o := r.unclaimed(ctx, j, store.User, e.ExistingUser); o != nil {
		return o
	}
	u, readErr := r.cfg.Slack.User(ctx, j.lane, e.ExistingUser)
	if readErr != nil {
		return failed(readErr).end()
	}
	reason := e.ID
	if said := e.Param("reason"); said != "" { // the form of SCIM 1.1: bad_email_address (reason=email_taken ...)
		reason = said
	}
	return &outcome{phase: store.Failed, reason: reason, message: fmt.Sprintf(
		"the Slack account %s (%s, %s) has the e-mail or userName of this person already and does not match by %s. What to do: %s.",
		u.ID, u.Profile[scim.SlackUserName], u.Profile[scim.SlackEmail], strings.Join(j.options.Match, " or "), refusals["email_taken"].remedy)}
}

// refusedBy returns Slack's definite refusal in err, or nil.
func refusedBy(err error) *slackapi.Error {
	var e *slackapi.Error
	if errors.As(err, &e) && (e.Kind == slackapi.Refused || e.Kind == slackapi.NotFound) {
		return e
	}
	return nil
}
