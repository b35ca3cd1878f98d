package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/slackapi"
	"scim2slack/store"
)

// Drift is how Slack differs from what it was last told.
type Drift struct {
	Accounts int `json:"accounts"` // that were read
	Groups   int `json:"groups"`
	// Differing are linked people and groups that Slack holds otherwise.
	Differing []Drifted `json:"differing"`
	// Orphans are accounts that belong to nobody here: at most mostOrphans of OrphanCount.
	Orphans     []Account `json:"orphans"`
	OrphanCount int       `json:"orphanCount"`
	// Duplicates are accounts that share an e-mail.
	Duplicates [][]Account `json:"duplicates"`
	Repairing  int         `json:"repairing"` // that are made to match again
}

// Drifted is one person or group.
type Drifted struct {
	Key         store.Key         `json:"key"`
	Name        string            `json:"name"`
	SlackID     string            `json:"slackId"`
	Gone        bool              `json:"gone,omitempty"`   // Slack does not know it any more
	Active      *bool             `json:"active,omitempty"` // what Slack says, if that is the difference
	Differences []AttributeChange `json:"differences,omitempty"`
	Missing     []string          `json:"missing,omitempty"` // members
	Extra       []string          `json:"extra,omitempty"`
}

// Account is a Slack account as people know it.
type Account struct {
	SlackID  string `json:"slackId"`
	UserName string `json:"userName"`
	Email    string `json:"email"`
	Active   bool   `json:"active"`
}

const mostOrphans = 10_000

// Drift compares all of Slack's accounts, and the linked groups, with what they were last told to be, by reads that yield to all other
// calls. An account that the list does not show is read by its id before anything is said of it. With repair, those that differ are made to match again where the source wishes
// something of them. progress is called after each call of Slack. Errors are *slackapi.Error, and those of the store and ctx.
func (r *Reconciler) Drift(ctx context.Context, repair bool, progress func(Reading)) (Drift, error) {
	d := &driftWalk{r: r, repair: repair, reading: r.newReading(progress), seen: map[string]bool{}, byEmail: map[string][]Account{}}
	d.report = Drift{Differing: []Drifted{}, Orphans: []Account{}, Duplicates: [][]Account{}}
	later, err := d.unseenLinks(ctx)
	if err != nil {
		return d.report, err
	}
	for _, link := range later {
		if link.Key.Type == store.Group { // of the accounts, most will be on the list
			d.reading.others++
		}
	}
	for u, err := range r.cfg.Slack.Users(ctx, slackapi.LaneReads, d.reading.page) {
		if err == nil {
			err = d.account(ctx, u)
		}
		if err != nil {
			return d.report, err
		}
		d.report.Accounts++
	}
	if err := d.unseen(ctx); err != nil {
		return d.report, err
	}
	for _, email := range slices.Sorted(maps.Keys(d.byEmail)) {
		if same := d.byEmail[email]; len(same) > 1 {
			d.report.Duplicates = append(d.report.Duplicates, same)
		}
	}
	r.lastDrift.Store(&DriftSummary{time.Now(), d.report.Accounts, len(d.report.Differing), d.report.OrphanCount, len(d.report.Duplicates)})
	return d.report, nil
}

// DriftSummary is what the last comparison came to.
type DriftSummary struct {
	Time       time.Time
	Accounts   int
	Differing  int
	Orphans    int
	Duplicates int
}

// driftWalk is one comparison.
type driftWalk struct {
	r       *Reconciler
	repair  bool
	reading *reading
	seen    map[string]bool // Slack ids of linked accounts
	byEmail map[string][]Account
	report  Drift
}

func (d *driftWalk) account(ctx context.Context, u slackapi.User) error {
	known := Account{u.ID, u.Profile[scim.SlackUserName], u.Profile[scim.SlackEmail], u.Active}
	if known.Email != "" {
		email := strings.ToLower(known.Email)
		d.byEmail[email] = append(d.byEmail[email], known)
	}
	var link store.Link
	err := d.r.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		link, err = tx.LinkOf(store.User, u.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		if _, protected := d.r.protected(u.ID); !protected {
			if d.report.OrphanCount++; len(d.report.Orphans) < mostOrphans {
				d.report.Orphans = append(d.report.Orphans, known)
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	d.seen[u.ID] = true
	return d.compare(ctx, link, u)
}

// compare notes how a linked account differs.
func (d *driftWalk) compare(ctx context.Context, link store.Link, u slackapi.User) error {
	found := Drifted{Key: link.Key, SlackID: link.SlackID, Differences: drifted(&link, u.Profile, d.r.optionsOf(link.Key.Source).Rules)}
	if u.Active != link.Active {
		found.Active = &u.Active
	}
	if found.Active == nil && len(found.Differences) == 0 {
		return nil
	}
	return d.note(ctx, found)
}

// note adds a finding and, if that is wanted, has the loop read Slack and mend it.
func (d *driftWalk) note(ctx context.Context, found Drifted) error {
	err := d.r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		resource, err := tx.Resource(found.Key)
		if err != nil {
			return err
		}
		found.Name = resource.Document.String("userName")
		if found.Key.Type == store.Group {
			found.Name = resource.Document.String("displayName")
		}
		if !d.repair {
			return nil
		}
		link, err := tx.Link(found.Key)
		if err != nil {
			return err
		}
		readAgain(&link, d.r.began) // Slack is read before anything is planned
		return errors.Join(tx.PutLink(link), store.MarkPending(tx, found.Key), tx.AppendAudit(repairAudit(found, link.SlackID)))
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // it left meanwhile
	}
	if err != nil {
		return err
	}
	d.report.Differing = append(d.report.Differing, found)
	if d.repair {
		d.report.Repairing++
		d.r.Enqueue(found.Key)
	}
	return nil
}

// repairAudit records what differs before it is mended.
func repairAudit(found Drifted, slackID string) store.Audit {
	a := store.Audit{Time: time.Now(), Actor: actorGateway, Key: found.Key, Event: "drift.repaired", SlackID: slackID}
	if found.Active != nil {
		a.Changes = append(a.Changes, store.Change{Attribute: "active", Before: *found.Active, After: !*found.Active})
	}
	for _, d := range found.Differences {
		a.Changes = append(a.Changes, store.Change{Attribute: string(d.Attribute), Before: d.New, After: d.Old})
	}
	return a
}

// unseenLinks are those of accounts that the list did not show, and of every group.
func (d *driftWalk) unseenLinks(ctx context.Context) (links []store.Link, err error) {
	err = d.r.cfg.Store.View(ctx, func(tx store.Tx) error {
		links = nil
		for link, err := range tx.AllLinks() {
			if err != nil {
				return err
			}
			if link.Key.Type == store.Group || !d.seen[link.SlackID] {
				links = append(links, link)
			}
		}
		return nil
	})
	return links, err
}

// unseen reads by their ids the linked accounts that the list did not show, and every linked group: a list proves nothing of who is not on it.
func (d *driftWalk) unseen(ctx context.Context) error {
	links, err := d.unseenLinks(ctx)
	d.reading.others = len(links)
	for _, link := range links {
		if err == nil {
			err = d.one(ctx, link)
		}
		if err != nil {
			return err
		}
		d.reading.one(1)
	}
	return err
}

// one reads a linked account or group by its id.
func (d *driftWalk) one(ctx context.Context, link store.Link) error {
	if link.Key.Type == store.Group {
		return d.group(ctx, link)
	}
	u, err := d.r.cfg.Slack.User(ctx, slackapi.LaneReads, link.SlackID)
	if e := refusedBy(err); e != nil && e.Kind == slackapi.NotFound {
		return d.note(ctx, Drifted{Key: link.Key, SlackID: link.SlackID, Gone: true})
	}
	if err != nil {
		return err
	}
	return d.compare(ctx, link, u)
}

func (d *driftWalk) group(ctx context.Context, link store.Link) error {
	d.report.Groups++
	live, err := d.r.Live(ctx, link.Key)
	if e := refusedBy(err); e != nil && e.Kind == slackapi.NotFound {
		return d.note(ctx, Drifted{Key: link.Key, SlackID: link.SlackID, Gone: true})
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && len(live.Differences)+len(live.Missing)+len(live.Extra) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return d.note(ctx, Drifted{Key: link.Key, SlackID: link.SlackID, Differences: live.Differences, Missing: live.Missing, Extra: live.Extra})
}
