package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"scim2slack/scim"
	"scim2slack/store"
)

// Limits of one answer, so that a group of 50,000 can be explained.
const (
	storiesTold = 20
	membersTold = 200
	recordsTold = 200
)

// Explanation is the answer to GET /admin/v1/explain.
type Explanation struct {
	Who string `json:"who"`
	// Stories has one entry for each resource of that name, usually one; at most 20.
	Stories []Story `json:"stories"`
	// Former lists accounts that were once linked to somebody of that name.
	Former []Former `json:"former"`
}

// Story is all that the gateway knows of one resource.
type Story struct {
	Key  store.Key `json:"key"`
	Name string    `json:"name"`
	// Resource is what the source last sent; null if it is gone and forgotten.
	Resource *Resource `json:"resource"`
	Link     *Link     `json:"link"`
	// Live is what Slack holds now; only if that was asked for and there is a link.
	Live   *Live   `json:"live,omitempty"`
	Status *State  `json:"status"`
	Intent *Intent `json:"intent"`
	// Members of a group, and groups of a user; at most 200 of each.
	Members     []Member `json:"members,omitempty"`
	MemberCount int      `json:"memberCount,omitempty"`
	Groups      []Member `json:"groups,omitempty"`
	// SlackMembers is how many members the linked Slack group was last known to hold.
	SlackMembers int `json:"slackMembers,omitempty"`
	// Audit has the last 200 records, oldest first. EarlierRecords is how many are left out.
	Audit          []Record `json:"audit"`
	EarlierRecords int      `json:"earlierRecords,omitempty"`
}

// Resource is what a source desires.
type Resource struct {
	Generation uint64      `json:"generation"`
	Created    time.Time   `json:"created"`
	Modified   time.Time   `json:"modified"`
	Deleted    bool        `json:"deleted"`
	Attributes scim.Object `json:"attributes"`
}

// Live is what Slack holds at the moment, against what it should.
type Live struct {
	Read   time.Time `json:"read"`
	Active *bool     `json:"active,omitempty"` // of a user
	// Problem says why Slack could not be read; "" if it could.
	Problem string `json:"problem,omitempty"`
	// Differences are the attributes that are not as they were applied last.
	Differences []Difference `json:"differences"`
	// Missing and Extra are the Slack ids of members of a group who should be there and are not, and the reverse; at most 200 of each.
	Missing []string `json:"missing,omitempty"`
	Extra   []string `json:"extra,omitempty"`
}

// Difference is an attribute that is not as it was applied.
type Difference struct {
	Attribute string `json:"attribute"`
	Applied   string `json:"applied"`
	Holds     string `json:"holds"`
}

// Link is the tie to a Slack account or group.
type Link struct {
	SlackID   string                `json:"slackId"`
	Origin    store.Origin          `json:"origin"`
	MatchedBy string                `json:"matchedBy,omitempty"`
	Linked    time.Time             `json:"linked"`
	Active    *bool                 `json:"active,omitempty"` // of a user
	Applied   scim.SlackUserProfile `json:"applied,omitempty"`
	// Rules tells which rule gave an attribute, with its place; what is not in it is the default mapping's.
	Rules         map[scim.SlackAttribute]string `json:"rules,omitempty"`
	Altered       scim.SlackUserProfile          `json:"altered,omitempty"` // what of it Slack shows otherwise
	WithheldEmail string                         `json:"withheldEmail,omitempty"`
	Name          string                         `json:"name,omitempty"`
}

// State is what the loop last decided.
type State struct {
	Phase       store.Phase `json:"phase"`
	Observed    uint64      `json:"observed"`
	Attempts    int         `json:"attempts"`
	NextAttempt time.Time   `json:"nextAttempt,omitzero"`
	// TurnSeconds is how long it will be until a resource that waits in line has its turn at Slack; null for one that does not.
	TurnSeconds *float64  `json:"turnSeconds"`
	Reason      string    `json:"reason"`
	Message     string    `json:"message"`
	Warnings    []string  `json:"warnings"`
	Updated     time.Time `json:"updated,omitzero"`
}

// Intent is a call to Slack whose outcome is not known yet.
type Intent struct {
	Op         string    `json:"op"`
	Generation uint64    `json:"generation"`
	SlackID    string    `json:"slackId,omitempty"`
	Sent       time.Time `json:"sent"`
	GivenUp    time.Time `json:"givenUp,omitzero"`
}

// Member is a member of a group, or a group of a user.
type Member struct {
	ID      string     `json:"id"`
	Type    store.Type `json:"type"`
	Name    string     `json:"name"`
	SlackID string     `json:"slackId,omitempty"` // "" while there is no link
}

// Former is a link that ended.
type Former struct {
	Source   string    `json:"source"`
	SlackID  string    `json:"slackId"`
	ID       string    `json:"id"`
	UserName string    `json:"userName"`
	Email    string    `json:"email"`
	Ended    time.Time `json:"ended"`
}

func (h *Handler) explain(w http.ResponseWriter, r *http.Request) {
	who := r.URL.Query().Get("who")
	if who == "" {
		writeError(w, http.StatusBadRequest, whoIsMissing)
		return
	}
	answer := Explanation{Who: who}
	err := h.cfg.Store.View(r.Context(), func(tx store.Tx) error {
		f, err := h.find(tx, who)
		if err != nil {
			return err
		}
		answer.Stories, answer.Former = []Story{}, []Former{}
		for _, key := range f.keys[:min(len(f.keys), storiesTold)] {
			story, err := tell(tx, key)
			if err != nil {
				return err
			}
			if wait, inLine := h.cfg.Reconciler.Expect(key); inLine && story.Status != nil {
				seconds := wait.Seconds()
				story.Status.TurnSeconds = &seconds
			}
			answer.Stories = append(answer.Stories, story)
		}
		for _, e := range f.former {
			answer.Former = append(answer.Former, Former{e.Source, e.SlackID, e.ID, e.UserName, e.Email, e.Ended})
		}
		return nil
	})
	if err == nil {
		h.unrecorded(r.Context(), h.recordTold(r.Context(), answer.Stories))
	}
	if err == nil {
		h.addRules(answer.Stories)
		if r.URL.Query().Get("live") == "true" {
			h.addLive(r.Context(), answer.Stories)
		}
	}
	switch {
	case err != nil:
		h.fail(w, r, err)
	case len(answer.Stories)+len(answer.Former) == 0:
		writeError(w, http.StatusNotFound, nobody(who))
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

// recordTold keeps who was told of whom, by our ids.
func (h *Handler) recordTold(ctx context.Context, stories []Story) error {
	if len(stories) == 0 {
		return nil
	}
	record, of := newRecord(ctx, "admin.explain"), make([]string, len(stories))
	for i, s := range stories {
		of[i] = s.Key.String()
	}
	record.Detail = strings.Join(of, ", ")
	return h.record(ctx, record)
}

const whoIsMissing = "the parameter who is missing: name an id, a userName, an e-mail, an externalId, a group's display name or a Slack id"

func nobody(who string) string {
	return fmt.Sprintf("nobody and no group is known here as %q: no source has pushed it, or it is gone and forgotten", who)
}

// addRules says which rule made what of the people.
func (h *Handler) addRules(stories []Story) {
	for _, s := range stories {
		if s.Link == nil || s.Key.Type != store.User || h.cfg.Rule == nil {
			continue
		}
		s.Link.Rules = map[scim.SlackAttribute]string{}
		for a := range s.Link.Applied {
			if rule := h.cfg.Rule(s.Key.Source, a); rule != "" {
				s.Link.Rules[a] = rule
			}
		}
	}
}

// addLive reads what Slack holds of those who are linked.
func (h *Handler) addLive(ctx context.Context, stories []Story) {
	for i := range stories {
		if s := &stories[i]; s.Link != nil {
			live := h.cfg.Reconciler.Live(ctx, s.Key)
			s.Live = &live
		}
	}
}

// tell gathers the story of one key.
func tell(tx store.Tx, key store.Key) (Story, error) {
	s := Story{Key: key}
	r, err := tx.Resource(key)
	if err == nil {
		s.Name = nameOf(r)
		s.Resource = &Resource{r.Generation, r.Created, r.Modified, r.Deleted, r.Document}
	} else if !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	for _, add := range []func(store.Tx) error{s.addLink, s.addStatus, s.addIntent, s.addMembership, s.addAudit} {
		if err := add(tx); err != nil {
			return s, err
		}
	}
	return s, nil
}
