package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"scim2slack/store"
)

// largestImport is the body of an import, in bytes.
const largestImport = 64 << 20

// ImportResult is the answer to POST /admin/v1/links/import: what was done or, if there are faults, nothing.
type ImportResult struct {
	// Linked resources were there; Waiting ones are linked when their source pushes them; Unchanged ones were linked so already.
	Linked    int           `json:"linked"`
	Waiting   int           `json:"waiting"`
	Unchanged int           `json:"unchanged"`
	Faults    []ImportFault `json:"faults,omitempty"`
}

// ImportFault is what is wrong with a row.
type ImportFault struct {
	Row     int    `json:"row"` // from 1
	Problem string `json:"problem"`
}

// mostFaults is how many faults are told at once.
const mostFaults = 100

var slackIDs = map[store.Type]*regexp.Regexp{
	store.User: regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`), store.Group: regexp.MustCompile(`^S[A-Z0-9]{2,20}$`),
}

// importLinks takes links that another connector knew, all or, if one is wrong, none. Nothing is sent to Slack by that, and nothing that is
// linked otherwise is changed.
func (h *Handler) importLinks(w http.ResponseWriter, r *http.Request) {
	var rows []LinkRow
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rows); err != nil {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("the list cannot be read: %v", err))
		return
	}
	var result ImportResult
	var keys []store.Key
	err := h.cfg.Store.Update(r.Context(), func(tx store.Tx) (err error) {
		result, keys, err = h.importRows(r.Context(), tx, rows)
		if err == nil && len(result.Faults) > 0 {
			err = errFaults
		}
		return err
	})
	switch {
	case errors.Is(err, errFaults):
		writeJSON(w, http.StatusUnprocessableEntity, ImportResult{Faults: result.Faults})
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	for _, key := range keys {
		if err := h.cfg.Reconciler.Retry(r.Context(), key); err != nil && !errors.Is(err, store.ErrNotFound) {
			h.fail(w, r, err)
			return
		}
	}
	writeJSON(w, http.StatusOK, result)
}

// errFaults takes a transaction back.
var errFaults = errors.New("rows are wrong")

func (h *Handler) importRows(ctx context.Context, tx store.Tx, rows []LinkRow) (result ImportResult, keys []store.Key, err error) {
	seen := map[string]bool{}
	for i, row := range rows {
		if row.Type == "" {
			row.Type = store.User
		}
		if row.Source == "" && len(*h.sources.Load()) == 1 {
			row.Source = (*h.sources.Load())[0]
		}
		problem := h.rowProblem(row)
		if problem == "" && seen[row.SlackID] {
			problem = fmt.Sprintf("names %s, as one before it does", row.SlackID)
		}
		seen[row.SlackID] = true
		var linked *store.Key
		if problem == "" {
			linked, problem, err = importRow(ctx, tx, row, &result)
		}
		if err != nil {
			return result, nil, err
		}
		if problem != "" && len(result.Faults) < mostFaults {
			result.Faults = append(result.Faults, ImportFault{i + 1, problem})
		}
		if linked != nil {
			keys = append(keys, *linked)
		}
	}
	record := newRecord(ctx, "links.imported")
	record.Detail = fmt.Sprintf("%d linked, %d waiting, %d unchanged", result.Linked, result.Waiting, result.Unchanged)
	return result, keys, tx.AppendAudit(record)
}

func (h *Handler) rowProblem(row LinkRow) string {
	known := false
	for _, source := range *h.sources.Load() {
		known = known || source == row.Source
	}
	form, isType := slackIDs[row.Type]
	switch {
	case !known:
		return fmt.Sprintf("is of the source %q: use one of %v", row.Source, *h.sources.Load())
	case !isType:
		return fmt.Sprintf("has the type %q: use User or Group", row.Type)
	case !form.MatchString(row.SlackID):
		return fmt.Sprintf("has the Slack id %q, which is none of a %s", row.SlackID, row.Type)
	case row.ID+row.ExternalID+row.UserName+row.Email+row.DisplayName == "":
		return "says nobody: give id, externalId, userName, email or, for a group, displayName"
	}
	return ""
}

// importRow links the resource that the row names, or remembers whose the account is until it is pushed.
func importRow(ctx context.Context, tx store.Tx, row LinkRow, result *ImportResult) (linked *store.Key, problem string, err error) {
	holder, err := tx.LinkOf(row.Type, row.SlackID)
	taken := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, "", err
	}
	key, found, problem, err := named(tx, row)
	switch {
	case err != nil || problem != "":
		return nil, problem, err
	case taken && (!found || holder.Key != key):
		return nil, fmt.Sprintf("names %s, which is linked to %s already", row.SlackID, holder.Key), nil
	case taken:
		result.Unchanged++
		return nil, "", nil
	case !found && row.Type == store.Group: // Slack's group is found by its name when the source pushes it
		result.Waiting++
		return nil, "", nil
	case !found:
		result.Waiting++
		return nil, "", tx.PutFormer(store.Former{Source: row.Source, SlackID: row.SlackID, UserName: row.UserName, ExternalID: row.ExternalID,
			Email: row.Email, Ended: time.Now(), Imported: true})
	}
	if link, err := tx.Link(key); err == nil {
		return nil, fmt.Sprintf("is about %s, which is linked to %s: relink or unlink it first", key, link.SlackID), nil
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, "", err
	}
	if err := undecided(tx, key); errors.Is(err, errUnderWay) {
		return nil, fmt.Sprintf("is about %s: %v", key, err), nil
	} else if err != nil {
		return nil, "", err
	}
	result.Linked++
	record := newRecord(ctx, "link.imported")
	record.Key, record.SlackID = key, row.SlackID
	return &key, "", errors.Join(tx.PutLink(newLink(key, row.SlackID, store.Imported, record.Time)), tx.AppendAudit(record))
}

// named finds the resource that a row names: by our id, else by each identifier that it has, which must all lead to the same.
func named(tx store.Tx, row LinkRow) (key store.Key, found bool, problem string, err error) {
	key = store.Key{Source: row.Source, Type: row.Type, ID: row.ID}
	if row.ID != "" {
		if live, err := tx.Live(key); err != nil || live {
			return key, live, "", err
		}
	}
	names := []store.IndexEntry{{Index: store.IndexExternalID, Value: row.ExternalID}}
	if row.Type == store.User {
		names = append(names, store.IndexEntry{Index: store.IndexUserName, Value: row.UserName}, store.IndexEntry{Index: store.IndexEmail, Value: row.Email})
	} else {
		names = append(names, store.IndexEntry{Index: store.IndexDisplayName, Value: row.DisplayName})
	}
	for _, name := range names {
		if name.Value == "" {
			continue
		}
		keys, err := tx.FindResources(row.Source, row.Type, name.Index, name.Value)
		if err != nil {
			return key, false, "", err
		}
		for _, k := range keys {
			if found && k != key {
				return key, false, fmt.Sprintf("names two: %s and %s", key, k), nil
			}
			key, found = k, true
		}
	}
	return key, found, "", nil
}
