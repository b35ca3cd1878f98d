package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim2slack/store"
)

// Record is one audit record.
type Record struct {
	Seq        uint64            `json:"seq"`
	Time       time.Time         `json:"time"`
	Actor      string            `json:"actor"`
	Key        *store.Key        `json:"key,omitempty"`
	Event      string            `json:"event"`
	Generation uint64            `json:"generation,omitempty"`
	SlackID    string            `json:"slackId,omitempty"`
	RequestID  string            `json:"requestId,omitempty"`
	Attributes []string          `json:"attributes,omitempty"` // the names of Changes
	Changes    []store.Change    `json:"changes,omitempty"`
	Added      []string          `json:"added,omitempty"`   // ids of members that came, at most store.MostMembers
	Removed    []string          `json:"removed,omitempty"` // and of those that went
	Reason     string            `json:"reason,omitempty"`
	Rule       string            `json:"rule,omitempty"`
	Plan       string            `json:"plan,omitempty"`
	Calls      []store.SlackCall `json:"calls,omitempty"`
	Detail     string            `json:"detail,omitempty"`
	Message    string            `json:"message,omitempty"`
}

func recordOf(a store.Audit) Record {
	r := Record{Seq: a.Seq, Time: a.Time, Actor: a.Actor, Event: a.Event, Generation: a.Generation, SlackID: a.SlackID, RequestID: a.RequestID,
		Attributes: a.Attributes(), Changes: a.Changes, Added: a.Added, Removed: a.Removed, Reason: a.Reason, Rule: a.Rule, Plan: a.Plan, Calls: a.Calls, Detail: a.Detail, Message: a.Message}
	if a.Key != (store.Key{}) {
		r.Key = &a.Key
	}
	return r
}

// auditHead answers where the chain ends now.
func (h *Handler) auditHead(w http.ResponseWriter, r *http.Request) {
	var head store.Head
	err := h.cfg.Store.View(r.Context(), func(tx store.Tx) (err error) {
		head, err = tx.AuditHead()
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		writeError(w, http.StatusNotFound, "there is no sealed record yet")
	case err != nil:
		h.fail(w, r, err)
	default:
		writeJSON(w, http.StatusOK, head)
	}
}

// auditVerify answers with a store.Verdict.
func (h *Handler) auditVerify(w http.ResponseWriter, r *http.Request) {
	h.stream(w, func(answer func(any) error) error {
		var head store.Head
		if text := r.URL.Query().Get("head"); text != "" {
			var err error
			if head, err = store.ParseHead(text); err != nil {
				return err
			}
		}
		if h.cfg.Sealer == nil {
			return store.ErrNoSealer
		}
		verdict, err := store.VerifyAudit(r.Context(), h.cfg.Store, h.cfg.Sealer, head)
		if err != nil {
			return err
		}
		return answer(verdict)
	})
}

// auditQuery answers the newest records that fit, oldest first, one line each.
func (h *Handler) auditQuery(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	h.stream(w, func(answer func(any) error) error {
		q, err := newAuditQuery(r)
		if err != nil {
			return err
		}
		found, err := h.queryAudit(r.Context(), q)
		for i := range found {
			if err == nil {
				err = answer(recordOf(found[i]))
			}
		}
		return err
	})
}

// auditQuery is what records are asked for.
type auditQuery struct {
	who          string // as explain finds them; "" is everybody
	event, actor string // or what is below it: slack is slack.intent too, admin is admin:ann too
	since, until time.Time
	limit        int
}

const (
	defaultAuditLimit = 100
	largestAuditLimit = 10_000
)

func newAuditQuery(r *http.Request) (q auditQuery, err error) {
	values := r.URL.Query()
	q = auditQuery{who: values.Get("who"), event: values.Get("event"), actor: values.Get("actor"), limit: defaultAuditLimit}
	for name, t := range map[string]*time.Time{"since": &q.since, "until": &q.until} {
		if text := values.Get(name); text != "" {
			if *t, err = time.Parse(time.RFC3339, text); err != nil {
				return q, fmt.Errorf("%s is %q: use a time such as 2026-11-03T08:00:00Z", name, text)
			}
		}
	}
	if text := values.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 1 || q.limit > largestAuditLimit {
			return q, fmt.Errorf("limit is %q: use a number from 1 to %d", text, largestAuditLimit)
		}
	}
	return q, nil
}

func (q auditQuery) fits(a store.Audit) bool {
	return below(a.Event, q.event, ".") && below(a.Actor, q.actor, ":") && !a.Time.Before(q.since) && (q.until.IsZero() || a.Time.Before(q.until))
}

func below(name, wanted, separator string) bool {
	return wanted == "" || name == wanted || strings.HasPrefix(name, wanted+separator)
}

// queryAudit reads in pieces, so that a long audit keeps nobody from writing.
func (h *Handler) queryAudit(ctx context.Context, q auditQuery) (found []store.Audit, err error) {
	keep := func(a store.Audit) {
		if q.fits(a) {
			if len(found) == 2*q.limit {
				found = append(found[:0], found[q.limit:]...)
			}
			found = append(found, a)
		}
	}
	if q.who != "" {
		err = h.cfg.Store.View(ctx, func(tx store.Tx) error { return h.auditOfWho(tx, q.who, keep) })
	} else {
		err = h.eachAudit(ctx, keep)
	}
	return found[max(0, len(found)-q.limit):], err
}

// auditOfWho hands on the records of all that who names, oldest first.
func (h *Handler) auditOfWho(tx store.Tx, who string, keep func(store.Audit)) error {
	f, err := h.find(tx, who)
	if err != nil {
		return err
	}
	keys := f.keys
	for _, former := range f.former {
		if key := (store.Key{Source: former.Source, Type: store.User, ID: former.ID}); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return errors.New(nobody(who))
	}
	var all []store.Audit
	for _, key := range keys {
		for a, err := range tx.AuditOf(key) {
			if err != nil {
				return err
			}
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b store.Audit) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, a := range all {
		keep(a)
	}
	return nil
}

// recordsPerView is how many records are read in one View.
const recordsPerView = 5000

func (h *Handler) eachAudit(ctx context.Context, keep func(store.Audit)) error {
	for last, n := uint64(0), recordsPerView; n == recordsPerView; {
		n = 0
		err := h.cfg.Store.View(ctx, func(tx store.Tx) error {
			for a, err := range tx.AuditAfter(last) {
				if err != nil {
					return err
				}
				keep(a)
				last = a.Seq
				if n++; n == recordsPerView {
					break
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

// auditExport answers the records after a Seq as lines of an exported audit, the head last.
func (h *Handler) auditExport(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if text := r.URL.Query().Get("after"); text != "" && err != nil {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("after is %q: use the seq of a record", text))
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // one that cannot be set is the listener's
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := h.exportAudit(w, r, after); err != nil && r.Context().Err() == nil {
		h.cfg.Log.Error("the audit could not be exported", "error", err)
		_, _ = w.Write([]byte(`{"error":"the audit could not be exported to the end: see the gateway's log"}` + "\n")) // an error means that the client has gone
	}
}

// exportAudit reads in pieces and writes between them: a client that reads slowly keeps nobody from writing.
func (h *Handler) exportAudit(w http.ResponseWriter, r *http.Request, after uint64) error {
	end := store.Line{Head: &store.Head{}}
	for n, begun := recordsPerView, false; n == recordsPerView; begun = true {
		n = 0
		var lines []byte
		err := h.cfg.Store.View(r.Context(), func(tx store.Tx) error {
			if begin, some, err := store.ExportBegin(tx, after); err != nil {
				return err
			} else if some && !begun {
				if lines, err = begin.Append(lines); err != nil {
					return err
				}
			}
			for s, err := range tx.SealedAfter(after) {
				if err != nil {
					return err
				}
				lines = store.AppendLine(lines, s)
				after, end.Head = s.Seq, &store.Head{Seq: s.Seq, MAC: s.MAC, KeyID: s.KeyID}
				if n++; n == recordsPerView {
					return nil
				}
			}
			head, err := tx.AuditHead()
			if err == nil {
				end.Head = &head
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err := w.Write(lines); err != nil {
			return err
		}
	}
	last, err := end.Append(nil)
	if err == nil {
		_, err = w.Write(last)
	}
	return err
}
