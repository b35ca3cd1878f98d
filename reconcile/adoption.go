package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

// Proposal is what the comparison of all accounts came to for one resource that has no link.
type Proposal struct {
	Key        store.Key `json:"key"`
	Name       string    `json:"name"`
	SlackID    string    `json:"slackId,omitempty"` // "" if a person must decide
	By         string    `json:"by,omitempty"`      // the attribute that matches
	Candidates []string  `json:"candidates,omitempty"`
	Problem    string    `json:"problem,omitempty"` // why a person must decide
}

// unlinkedPerson is a person without a link, and by what their account would be recognised.
type unlinkedPerson struct {
	key   store.Key
	name  string
	match []string
	wish  scim.SlackUserProfile
	hits  []match
}

// Author is who ordered something, and in which request, for the records.
type Author struct {
	Actor, RequestID string
}

// Adopt compares the people and groups that have no link with all of Slack's, by the match rules of their sources. With apply, those of whom
// there is no doubt are linked on the author's behalf; nothing is written to Slack by that. progress is called after each call of Slack.
// Errors are *slackapi.Error, those of the store and of ctx.
func (r *Reconciler) Adopt(ctx context.Context, apply bool, author Author, progress func(Reading)) ([]Proposal, error) {
	people, err := r.unlinkedPeople(ctx)
	if err != nil {
		return nil, err
	}
	index := map[string][]*unlinkedPerson{}
	for i := range people {
		p := &people[i]
		for _, by := range p.match {
			name := by + " " + strings.ToLower(p.wish[matchAttributes[by]])
			index[name] = append(index[name], p)
		}
	}
	names, err := r.unlinkedGroups(ctx)
	if err != nil {
		return nil, err
	}
	reading, claims := r.newReading(progress), map[string]int{}
	reading.others = len(names)
	for u, err := range r.cfg.Slack.Users(ctx, slackapi.LaneReads, reading.page) {
		if err != nil {
			return nil, err
		}
		for by, attribute := range matchAttributes {
			for _, p := range index[by+" "+strings.ToLower(u.Profile[attribute])] {
				if u.Profile[attribute] != "" && !slices.ContainsFunc(p.hits, func(m match) bool { return m.user.ID == u.ID }) {
					p.hits = append(p.hits, match{user: u, by: by})
					claims[u.ID]++
				}
			}
		}
	}
	proposals := make([]Proposal, 0, len(people))
	for i := range people {
		proposals = append(proposals, r.propose(ctx, &people[i], claims))
	}
	groups, err := r.proposeGroups(ctx, names, reading)
	if err != nil {
		return nil, err
	}
	proposals = append(proposals, groups...)
	if apply {
		err = r.linkProposed(ctx, proposals, author)
	}
	return proposals, err
}

// matchAttributes are the Slack attributes behind the match rules.
var matchAttributes = map[string]scim.SlackAttribute{MatchUserName: scim.SlackUserName, MatchEmail: scim.SlackEmail}

// unlinkedPeople lists those without a link who are to be in Slack.
func (r *Reconciler) unlinkedPeople(ctx context.Context) (people []unlinkedPerson, err error) {
	err = r.cfg.Store.View(ctx, func(tx store.Tx) error {
		people = nil
		for source, options := range *r.sources.Load() {
			for resource, err := range tx.ResourcesAfter(source, store.User, "") {
				if err != nil {
					return err
				}
				if _, err := tx.Link(resource.Key); !errors.Is(err, store.ErrNotFound) {
					if err != nil {
						return err
					}
					continue
				}
				s, err := r.standingOf(tx, resource)
				if err != nil {
					return err
				}
				want, wrong := translate.ToUser(resource.Document, translate.Options{SoftDeleteRenames: options.SoftDeleteRenames, Rules: options.Rules, Groups: s.groups})
				if s.leaves || s.rule != nil || wrong != nil {
					continue
				}
				people = append(people, unlinkedPerson{key: resource.Key, name: resource.Document.String("userName"), match: options.Match, wish: want.Profile})
			}
		}
		return nil
	})
	return people, err
}

// propose decides about one person as recognise would.
func (r *Reconciler) propose(ctx context.Context, p *unlinkedPerson, claims map[string]int) Proposal {
	out := Proposal{Key: p.key, Name: p.name}
	for _, m := range p.hits {
		out.Candidates = append(out.Candidates, m.user.ID)
	}
	switch {
	case len(p.hits) == 0:
		out.Problem = "no account of the list matches"
	case len(p.hits) > 1:
		out.Problem = "two accounts match"
	case claims[p.hits[0].user.ID] > 1:
		out.Problem = "the account matches two people"
	default:
		m := p.hits[0]
		m.origin = store.Adopted
		if o := r.claimable(ctx, &job{key: p.key}, &m); o != nil {
			out.Problem = o.message
			return out
		}
		out.SlackID, out.By = m.user.ID, m.by
	}
	return out
}

// unlinkedGroups returns the names of the groups without a link.
func (r *Reconciler) unlinkedGroups(ctx context.Context) (names map[store.Key]string, err error) {
	names = map[store.Key]string{}
	err = r.cfg.Store.View(ctx, func(tx store.Tx) error {
		for source := range *r.sources.Load() {
			for resource, err := range tx.ResourcesAfter(source, store.Group, "") {
				if err != nil {
					return err
				}
				if _, err := tx.Link(resource.Key); errors.Is(err, store.ErrNotFound) {
					names[resource.Key] = resource.Document.String("displayName")
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return names, err
}

// proposeGroups looks each group up by its name.
func (r *Reconciler) proposeGroups(ctx context.Context, names map[store.Key]string, reading *reading) (proposals []Proposal, err error) {
	for key, name := range names {
		hits, err := r.cfg.Slack.FindGroups(ctx, slackapi.LaneReads, name)
		if err != nil {
			return nil, err
		}
		reading.one(1)
		p := Proposal{Key: key, Name: name}
		for _, g := range hits {
			p.Candidates = append(p.Candidates, g.ID)
		}
		switch len(hits) {
		case 0:
			p.Problem = "no group has this name"
		case 1:
			if o := r.unclaimed(ctx, &job{key: key}, store.Group, hits[0].ID); o != nil {
				p.Problem = o.message
			} else {
				p.SlackID, p.By = hits[0].ID, "displayName"
			}
		default:
			p.Problem = "two groups have this name"
		}
		proposals = append(proposals, p)
	}
	return proposals, nil
}

// linkProposed links what was proposed without a doubt, and asks for work on it: what Slack holds is read before anything else.
func (r *Reconciler) linkProposed(ctx context.Context, proposals []Proposal, author Author) error {
	for _, p := range proposals {
		if p.SlackID == "" {
			continue
		}
		err := r.cfg.Store.Update(ctx, func(tx store.Tx) error {
			if _, err := tx.Link(p.Key); !errors.Is(err, store.ErrNotFound) {
				return err // it was linked meanwhile
			}
			if _, err := tx.Intent(p.Key); !errors.Is(err, store.ErrNotFound) {
				return err // the loop is about to
			}
			now := time.Now()
			link := store.Link{Key: p.Key, SlackID: p.SlackID, Origin: store.Adopted, MatchedBy: p.By, Linked: now, Active: true, Unsure: now}
			return errors.Join(tx.PutLink(link), store.MarkPending(tx, p.Key),
				tx.AppendAudit(store.Audit{Time: now, Actor: author.Actor, RequestID: author.RequestID, Key: p.Key, Event: "link.adopted", SlackID: p.SlackID, Detail: p.By}))
		})
		if linked := (*store.LinkedError)(nil); errors.As(err, &linked) {
			continue // by the loop, which matches too
		}
		if err != nil {
			return fmt.Errorf("link %s: %w", p.Key, err)
		}
		r.Enqueue(p.Key)
	}
	return nil
}
