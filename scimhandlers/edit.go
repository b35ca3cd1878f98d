package scimhandlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/store"
)

// edit is one change of one resource, made in one transaction.
type edit struct {
	x     *exchange
	t     *resourceType
	event string // for the audit
	now   time.Time
	outcome
}

// outcome is what an edit did. A transaction that runs again begins with an empty one.
type outcome struct {
	resource store.Resource // as it is afterwards
	changed  bool           // it has a new generation
	fresh    bool           // it was not there before
	replayed bool           // a POST was applied to a resource that its source never learned of
	adopted  bool           // a POST was applied to a user that its source knows
	unknown  []string       // members that are no resource of the source
	ignored  []string       // attributes that the schemas do not have
	touched  []store.Key    // groups that changed with it, and people whom its groups concern
	came     []string       // ids of members that were not there before
	went     []string       // ids of members that are not there any more
}

func (x *exchange) newEdit(t *resourceType, event string) *edit {
	return &edit{x: x, t: t, event: event, now: time.Now().UTC()}
}

// run makes the edit durable. It goes on if the client leaves, because only with the outcome of the commit known is the
// reconciler told.
func (e *edit) run(do func(tx store.Tx) error) error {
	err := e.x.h.cfg.Store.Update(context.WithoutCancel(e.x.r.Context()), func(tx store.Tx) error {
		e.outcome = outcome{}
		return do(tx)
	})
	if err == nil {
		e.report()
	}
	return err
}

// mostNames is how many names a log line or audit record lists.
const mostNames = 5

// report logs what was left out of what the source sent.
func (e *edit) report() {
	if len(e.unknown)+len(e.ignored) == 0 {
		return
	}
	log := e.x.h.cfg.Log.With("resource", e.resource.Key.String(), "request", e.x.requestID())
	ctx := e.x.r.Context()
	if n := len(e.unknown); n > 0 {
		log.WarnContext(ctx, "members left out, because they are no resources of this source; push them first", "count", n,
			"first", shown(e.unknown[:min(n, mostNames)], isID))
	}
	if n := len(e.ignored); n > 0 {
		log.DebugContext(ctx, "attributes ignored, because the schemas do not have them", "count", n,
			"first", shown(e.ignored[:min(n, mostNames)], attributeName.MatchString))
	}
}

// attributeName is what somebody meant as the name of an attribute. Anything else may be a value in the wrong place, and no log shows it.
var attributeName = regexp.MustCompile(`^(urn:[A-Za-z0-9:._-]{1,100}|[A-Za-z_$-]{1,40})$`)

// shown hides what does not look harmless: some sources send the names and addresses of people where an id or a name of an attribute belongs.
func shown(texts []string, harmless func(string) bool) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		if out[i] = text; !harmless(text) {
			out[i] = "*"
		}
	}
	return out
}

func shortenAll(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = shorten(name)
	}
	return out
}

// load begins an edit of the resource in the path.
func (e *edit) load(tx store.Tx) (err error) {
	if e.resource, err = e.x.live(tx, e.t); err != nil {
		return err
	}
	return e.x.precondition(e.resource)
}

// apply makes doc the document of the resource and changes its members. What changes neither writes no generation.
func (e *edit) apply(tx store.Tx, doc scim.Object, members []scim.MemberChange) error {
	before := e.resource.Document
	if e.t == users {
		doc = keepActive(before, doc)
	}
	if err := e.t.schema.Validate(doc); err != nil {
		return err
	}
	e.fresh = e.resource.Generation == 0
	if e.fresh { // first, so that a name that is taken is found before thousands of members are written
		if err := e.put(tx, doc); err != nil {
			return err
		}
	}
	if err := e.changeMembers(tx, members); err != nil {
		return err
	}
	renamed := !e.fresh && before.String("displayName") != doc.String("displayName")
	if err := e.wakeMoved(tx, renamed); err != nil {
		return err
	}
	if !e.fresh {
		if len(e.came)+len(e.went) == 0 && scim.Equal(before, doc) {
			return nil
		}
		if err := e.put(tx, doc); err != nil {
			return err
		}
	}
	if err := e.markAcknowledged(tx); err != nil {
		return err
	}
	changes := changesOf(before, doc)
	if len(e.came)+len(e.went) > 0 {
		changes = append(changes, store.Change{Attribute: "members"})
	}
	event := e.event
	if e.replayed || e.adopted {
		event = "resource.replaced"
	}
	record := e.audit(e.resource, event, changes, e.memberDetail())
	record.Added, record.Removed = e.came[:min(len(e.came), store.MostMembers)], e.went[:min(len(e.went), store.MostMembers)]
	return tx.AppendAudit(record)
}

// keepActive takes a missing or cleared active for silence: no value must not read as yes, nor as no. Nobody comes back, or goes, by it; and
// who is new is active.
func keepActive(before, doc scim.Object) scim.Object {
	if doc["active"] != nil {
		return doc
	}
	out := maps.Clone(doc)
	out["active"] = true
	if was := before["active"]; was != nil {
		out["active"] = was
	}
	return out
}

// put writes the next generation.
func (e *edit) put(tx store.Tx, doc scim.Object) error {
	e.resource.Document = doc
	e.resource.Generation++
	e.resource.Modified = e.now
	e.changed = true
	return tx.PutResource(e.resource)
}

// markAcknowledged keeps the mark of creations: a new resource is unacknowledged, and a source that edits one by its id knows of it.
func (e *edit) markAcknowledged(tx store.Tx) error {
	if e.fresh {
		return tx.SetUnacknowledged(e.resource.Key, true)
	}
	if e.replayed {
		return nil
	}
	marked, err := tx.Unacknowledged(e.resource.Key)
	if err != nil || !marked {
		return err
	}
	return tx.SetUnacknowledged(e.resource.Key, false)
}

// changesOf is what the audit says of a changed document.
func changesOf(before, after scim.Object) []store.Change {
	differences := scim.Differences(before, after)
	changes := make([]store.Change, len(differences), len(differences)+1)
	for i, d := range differences {
		changes[i] = store.Change{Attribute: d.Attribute, Before: d.Before, After: d.After}
	}
	return changes
}

func (e *edit) audit(r store.Resource, event string, changes []store.Change, detail string) store.Audit {
	return store.Audit{Time: e.now, Actor: "source:" + e.x.source.Name, Key: r.Key, Event: event, RequestID: e.x.requestID(),
		Generation: r.Generation, Changes: changes, Detail: detail}
}

func (e *edit) memberDetail() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{len(e.came), "added"}, {len(e.went), "removed"}, {len(e.unknown), "left out because unknown"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "members: " + strings.Join(parts, ", ")
}

// leaveGroups takes a resource that is removed out of the groups that name it. Each is changed by that.
func (e *edit) leaveGroups(tx store.Tx) error {
	var keys []store.Key
	for key, err := range tx.GroupsOf(e.resource.Key) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	for _, key := range keys {
		if _, err := tx.RemoveMembers(key, e.resource.Key.ID); err != nil {
			return err
		}
		group, err := tx.Resource(key)
		if errors.Is(err, store.ErrNotFound) || err == nil && group.Deleted {
			continue
		}
		if err != nil {
			return err
		}
		group.Generation++
		group.Modified = e.now
		if err := tx.PutResource(group); err != nil {
			return err
		}
		detail := "members: 1 removed, because the " + noun(e.resource.Key.Type) + " was removed"
		record := e.audit(group, "resource.patched", store.Changed("members"), detail)
		record.Removed = []string{e.resource.Key.ID}
		if err := tx.AppendAudit(record); err != nil {
			return err
		}
		e.touched = append(e.touched, key)
	}
	return nil
}
