package admin

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"scim2slack/store"
)

// Status is the answer to GET /admin/v1/status.
type Status struct {
	Version     string    `json:"version"`
	Time        time.Time `json:"time"`
	Slack       *Identity `json:"slack"` // null until Slack said whose token it is
	Paused      string    `json:"paused"`
	PausedSince time.Time `json:"pausedSince,omitzero"`
	Queued      int       `json:"queued"`
	Working     int       `json:"working"`
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	// Lanes in which something waits, most urgent first, with how long it will take.
	Lanes []Lane `json:"lanes"`
	// Drift is what the last comparison with Slack came to; null if there was none since the start.
	Drift *DriftSummary `json:"drift"`
	// Limits of Slack that rest because Slack said so.
	LimitPauses []LimitPause `json:"limitPauses"`
	Counts      []Count      `json:"counts"`
	Pending     int          `json:"pending"`
	// OldestPending is the resource that waits longest. Beyond 10,000 pending ones it is the oldest of some 10,000.
	OldestPending *Trouble `json:"oldestPending"`
	// Failed and Held name the newest 20 of each.
	Failed []Trouble `json:"failed"`
	Held   []Trouble `json:"held"`
}

// LimitPause is a limit that rests.
type LimitPause struct {
	Limit string    `json:"limit"`
	Until time.Time `json:"until"`
}

// Count says how the resources of a source and type stand. Phases also counts removed ones for which Slack has work left.
type Count struct {
	Source    string              `json:"source"`
	Type      store.Type          `json:"type"`
	Resources int                 `json:"resources"`
	Phases    map[store.Phase]int `json:"phases"`
}

// Trouble is a resource that has not come through.
type Trouble struct {
	Key         store.Key `json:"key"`
	Name        string    `json:"name"`
	Since       time.Time `json:"since"`
	Reason      string    `json:"reason"`
	Message     string    `json:"message"`
	Attempts    int       `json:"attempts,omitempty"`
	NextAttempt time.Time `json:"nextAttempt,omitzero"`
}

func (h *Handler) status(w http.ResponseWriter, r *http.Request) {
	st, err := h.Status(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, st)
}

// Status returns the state of everything. Errors are those of the store.
func (h *Handler) Status(ctx context.Context) (Status, error) {
	c, err := h.takeCensus(ctx)
	if err != nil {
		return Status{}, err
	}
	o := h.cfg.Reconciler.Overview()
	st := Status{
		Version: h.cfg.Version, Time: time.Now().UTC(), Paused: o.Paused, PausedSince: o.PausedSince, Queued: o.Queued, Working: o.Working,
		LastSuccess: o.LastSuccess, Lanes: append([]Lane{}, o.Lanes...), Drift: o.Drift, LimitPauses: []LimitPause{}, Counts: c.counts, Pending: c.pending, OldestPending: c.oldest,
		Failed: c.failed, Held: c.held,
	}
	if o.Identity != (Identity{}) {
		st.Slack = &o.Identity
	}
	for _, limit := range slices.Sorted(maps.Keys(o.Pauses)) {
		st.LimitPauses = append(st.LimitPauses, LimitPause{limit, o.Pauses[limit]})
	}
	return st, nil
}
