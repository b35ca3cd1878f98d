package admin

import (
	"encoding/json"
	"net/http"
)

const planPath = "/admin/v1/plan"

// plan judges another configuration. The answer is JSON, one line for each step, the verdict last; an error after the first line is a line with
// the key error.
func (h *Handler) plan(w http.ResponseWriter, r *http.Request) {
	flusher := http.NewResponseController(w)
	encoder := json.NewEncoder(w)
	begun := false
	err := h.cfg.Plan(r.Context(), r.Body, func(line any) error {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.WriteHeader(http.StatusOK)
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
		return flusher.Flush()
	})
	switch {
	case err == nil:
	case begun:
		h.cfg.Log.Error("a plan failed", "error", err)
		_ = encoder.Encode(Error{"the plan failed: see the gateway's log"}) // an error means that the client has gone
	default:
		writeError(w, http.StatusBadRequest, err.Error())
	}
}
