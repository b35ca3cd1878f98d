package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"scim2slack/store"
)

// Retried is the answer to POST /admin/v1/retry.
type Retried struct {
	Key store.Key `json:"key"`
}

// retry asks for work now on the one resource that who names.
func (h *Handler) retry(w http.ResponseWriter, r *http.Request) {
	who := r.URL.Query().Get("who")
	if who == "" {
		writeError(w, http.StatusBadRequest, whoIsMissing)
		return
	}
	key, status, message, err := h.one(r, who)
	if err == nil && status == 0 {
		err = h.cfg.Store.Update(r.Context(), func(tx store.Tx) error {
			record := newRecord(r.Context(), "admin.retry")
			record.Key = key
			return tx.AppendAudit(record)
		})
		if err == nil {
			err = h.cfg.Reconciler.Retry(r.Context(), key)
		}
	}
	switch {
	case err != nil:
		h.fail(w, r, err)
	case status != 0:
		writeError(w, status, message)
	default:
		writeJSON(w, http.StatusAccepted, Retried{key})
	}
}

// one finds the only resource of that name, or the status and message of the refusal.
func (h *Handler) one(r *http.Request, who string) (key store.Key, status int, message string, err error) {
	var keys []store.Key
	err = h.cfg.Store.View(r.Context(), func(tx store.Tx) error {
		keys = nil
		f, err := h.find(tx, who)
		if err != nil {
			return err
		}
		for _, k := range f.keys {
			if _, err := tx.Resource(k); err == nil {
				keys = append(keys, k)
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return key, 0, "", err
	case len(keys) == 0:
		return key, http.StatusNotFound, nobody(who), nil
	case len(keys) > 1:
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = k.String()
		}
		return key, http.StatusConflict, fmt.Sprintf("%q names several: use the id of one of %s", who, strings.Join(names, ", ")), nil
	}
	return keys[0], 0, "", nil
}
