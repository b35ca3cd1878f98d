package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"scim2slack/store"
)

// LinkRow is one link with what identifies its two ends: a line of a list, an export or an import.
type LinkRow struct {
	Type        store.Type   `json:"type"` // User or Group
	Source      string       `json:"source"`
	ID          string       `json:"id,omitempty"` // ours
	SlackID     string       `json:"slackId"`
	UserName    string       `json:"userName,omitempty"`
	Email       string       `json:"email,omitempty"`
	ExternalID  string       `json:"externalId,omitempty"`
	DisplayName string       `json:"displayName,omitempty"` // of a group
	Origin      store.Origin `json:"origin,omitempty"`
	MatchedBy   string       `json:"matchedBy,omitempty"`
	Linked      time.Time    `json:"linked,omitzero"`
	Active      bool         `json:"active"` // as Slack last said of a user
}

// matches reports whether a word is in what identifies the link.
func (r LinkRow) matches(word string) bool {
	word = strings.ToLower(word)
	for _, text := range []string{r.ID, r.SlackID, r.UserName, r.Email, r.ExternalID, r.DisplayName, r.Source, string(r.Origin)} {
		if strings.Contains(strings.ToLower(text), word) {
			return true
		}
	}
	return false
}

func rowOf(tx store.Tx, link store.Link) (LinkRow, error) {
	row := LinkRow{Type: link.Key.Type, Source: link.Key.Source, ID: link.Key.ID, SlackID: link.SlackID, Origin: link.Origin,
		MatchedBy: link.MatchedBy, Linked: link.Linked, Active: link.Active}
	resource, err := tx.Resource(link.Key)
	if errors.Is(err, store.ErrNotFound) {
		return row, nil
	}
	if err != nil {
		return row, err
	}
	row.ExternalID = resource.Document.String("externalId")
	if link.Key.Type == store.Group {
		row.DisplayName = resource.Document.String("displayName")
		return row, nil
	}
	row.UserName = resource.Document.String("userName")
	for _, e := range store.IndexEntries(resource) {
		if e.Index == store.IndexEmail {
			row.Email = e.Value
			break
		}
	}
	return row, nil
}

// links answers every link, or those with the word q, one line each.
func (h *Handler) links(w http.ResponseWriter, r *http.Request) {
	word, encoder := r.URL.Query().Get("q"), json.NewEncoder(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	err := h.cfg.Store.View(r.Context(), func(tx store.Tx) error {
		for link, err := range tx.AllLinks() {
			var row LinkRow
			if err == nil {
				row, err = rowOf(tx, link)
			}
			if err != nil {
				return err
			}
			if word == "" || row.matches(word) {
				if err := encoder.Encode(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil && r.Context().Err() == nil {
		h.cfg.Log.Error("the links could not be listed", "error", err)
		_ = encoder.Encode(Error{"the links could not be listed to the end: see the gateway's log"}) // an error means that the client has gone
	}
}

// Relinked is the answer to POST /admin/v1/links/relink and unlink.
type Relinked struct {
	Key     store.Key `json:"key"`
	SlackID string    `json:"slackId"` // the new one; "" after unlink
	Before  string    `json:"before"`  // the old one; "" if there was none
}

// relink ties the resource that who names to another Slack account or group.
func (h *Handler) relink(w http.ResponseWriter, r *http.Request) {
	slackID := r.URL.Query().Get("slackId")
	if slackID == "" {
		writeError(w, http.StatusBadRequest, "say with slackId which Slack account or group it is to be")
		return
	}
	h.changeLink(w, r, slackID)
}

// unlink ends the link of the resource that who names. Nothing is done for it until it changes, or somebody says retry or relink.
func (h *Handler) unlink(w http.ResponseWriter, r *http.Request) { h.changeLink(w, r, "") }

func (h *Handler) changeLink(w http.ResponseWriter, r *http.Request, slackID string) {
	who := r.URL.Query().Get("who")
	if who == "" {
		writeError(w, http.StatusBadRequest, whoIsMissing)
		return
	}
	key, status, message, err := h.one(r, who)
	if err == nil && status != 0 {
		writeError(w, status, message)
		return
	}
	if err == nil && slackID != "" && !slackIDs[key.Type].MatchString(slackID) {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("%q is no Slack id of a %s", slackID, key.Type))
		return
	}
	done := Relinked{Key: key, SlackID: slackID}
	if err == nil {
		err = h.cfg.Store.Update(r.Context(), func(tx store.Tx) (err error) {
			done.Before, err = changeLink(r.Context(), tx, key, slackID)
			return err
		})
	}
	if linked := (*store.LinkedError)(nil); errors.As(err, &linked) {
		writeError(w, http.StatusConflict, fmt.Sprintf("Slack's %s is linked to %s: unlink that first", linked.SlackID, linked.Holder))
		return
	}
	if errors.Is(err, errUnderWay) {
		writeError(w, http.StatusConflict, err.Error())
		return
	}
	if err == nil && slackID != "" {
		err = h.cfg.Reconciler.Retry(r.Context(), key)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, done)
}

// changeLink ends a link and, if there is a new one, makes that. Slack is read before anything is written over a new link.
func changeLink(ctx context.Context, tx store.Tx, key store.Key, slackID string) (before string, err error) {
	link, err := tx.Link(key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	if err := undecided(tx, key); err != nil {
		return "", err
	}
	before = link.SlackID
	if err := errors.Join(tx.DeleteLink(key), tx.DeleteIntent(key)); err != nil {
		return "", err
	}
	if before != "" {
		if err := tx.DeleteFormer(before); err != nil {
			return "", err
		}
	}
	record := newRecord(ctx, "link.relinked")
	record.Key, record.SlackID, record.Detail = key, slackID, "before: "+before
	if slackID != "" {
		return before, errors.Join(tx.PutLink(newLink(key, slackID, store.Relinked, record.Time)), tx.AppendAudit(record))
	}
	st, err := tx.Status(key)
	if err != nil {
		return "", err
	}
	resource, err := tx.Resource(key)
	if err != nil {
		return "", err
	}
	st.Observed, st.Phase, st.Reason, st.NextAttempt, st.Updated = resource.Generation, store.Held, "unlinked", time.Time{}, record.Time
	st.Message = "an administrator ended the link to Slack's " + before + "; the resource is matched anew when it changes, or when somebody says retry or links relink"
	record.Event, record.SlackID = "link.unlinked", before
	return before, errors.Join(tx.PutStatus(st), tx.AppendAudit(record))
}

// errUnderWay says that Slack is being asked about the resource.
var errUnderWay = errors.New("a call to Slack about it is under way, and its outcome is not known yet: try again in a minute")

// undecided refuses a resource about which Slack is being asked, unless that came to a point where a person must decide.
func undecided(tx store.Tx, key store.Key) error {
	if _, err := tx.Intent(key); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	st, err := tx.Status(key)
	if err == nil && st.Phase != store.Held {
		err = errUnderWay
	}
	return err
}

// newLink is a link that somebody declared. What Slack holds is not known: it is read first, because the link is unsure.
func newLink(key store.Key, slackID string, origin store.Origin, now time.Time) store.Link {
	return store.Link{Key: key, SlackID: slackID, Origin: origin, Linked: now, Active: true, Unsure: now}
}
