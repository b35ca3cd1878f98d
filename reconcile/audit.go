package reconcile

import (
	"cmp"
	"context"
	"errors"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
	"scim2slack/translate"
)

const actorGateway = "gateway"

// mostCalls bounds how many calls one record lists: the newest. A round makes a handful.
const mostCalls = 32

// heard notes a call to Slack, for the next record.
func (j *job) heard(x slackapi.Exchange) {
	if len(j.calls) == mostCalls {
		j.calls = j.calls[1:]
	}
	j.calls = append(j.calls, store.SlackCall(x))
}

// record begins an audit record of the resource, with the calls to Slack that no record tells of yet.
func (j *job) record(event string, changes []store.Change) store.Audit {
	a := store.Audit{Time: time.Now(), Actor: actorGateway, Key: j.key, Event: event, Generation: j.resource.Generation, Changes: changes, Plan: j.status.Plan, Calls: j.calls}
	if j.link != nil {
		a.SlackID = j.link.SlackID
	}
	return a
}

// commit makes a change and its record durable together.
func (r *Reconciler) commit(ctx context.Context, j *job, a store.Audit, change func(tx store.Tx) error) error {
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return tx.AppendAudit(a)
	})
	if err == nil {
		j.calls = nil
	}
	return err
}

// because tells in a record what an error came to. Slack's own words may quote a person's values, and so they are the message.
func because(a store.Audit, err error) store.Audit {
	if e := (*slackapi.Error)(nil); errors.As(err, &e) {
		a.Reason, a.Message = cmp.Or(e.ID, e.Kind.String()), e.Error()
	} else {
		a.Detail = err.Error()
	}
	return a
}

// ruleBehind says which rule decided an outcome, if one did.
func (j *job) ruleBehind(o outcome) string {
	if e := (*translate.RuleError)(nil); errors.As(o.err, &e) {
		return e.Place
	}
	if o.reason == reasonScope || j.stand.outside {
		return j.options.Rules.ScopePlace(j.key.Type == store.Group)
	}
	return ""
}

// changesOf tells what a call changes of an account, and which rules gave it.
func (j *job) changesOf(change slackapi.UserChange) []store.Change {
	var changes []store.Change
	for _, a := range scim.SlackAttributes {
		value, sent := change.Set[a]
		if !sent {
			continue
		}
		c := store.Change{Attribute: string(a), After: value}
		if j.link != nil {
			if before, known := j.link.Applied[a]; known {
				c.Before = before
			}
		}
		if rule, ruled := j.options.Rules.Of(a); ruled {
			c.Rule = rule.Place
		}
		changes = append(changes, c)
	}
	if change.Active != nil {
		c := store.Change{Attribute: "active", After: *change.Active}
		if j.link != nil {
			c.Before = j.link.Active
		}
		changes = append(changes, c)
	}
	return changes
}
