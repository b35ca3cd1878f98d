package admin

import (
	"encoding/json"
	"net/http"
	"time"
)

// plan judges another configuration.
func (h *Handler) plan(w http.ResponseWriter, r *http.Request) {
	h.stream(w, func(answer func(any) error) error { return h.cfg.Plan(r.Context(), r.Body, answer) })
}

// adopt proposes links, and makes them if apply is true.
func (h *Handler) adopt(w http.ResponseWriter, r *http.Request) {
	h.stream(w, func(answer func(any) error) error {
		return h.cfg.Adopt(r.Context(), asksFor(r, "apply"), answer)
	})
}

// drift tells how Slack differs from what it was told, and has that mended if repair is true.
func (h *Handler) drift(w http.ResponseWriter, r *http.Request) {
	h.stream(w, func(answer func(any) error) error {
		return h.cfg.Drift(r.Context(), asksFor(r, "repair"), answer)
	})
}

// stream answers what takes long: JSON, one line for each step, the result last; an error after the first line is a line with the key
// error.
func (h *Handler) stream(w http.ResponseWriter, do func(answer func(line any) error) error) {
	flusher := http.NewResponseController(w)
	_ = flusher.SetWriteDeadline(time.Time{}) // Slack's limits say how long it takes; one that cannot be set is the listener's
	encoder := json.NewEncoder(w)
	begun := false
	err := do(func(line any) error {
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
		_ = encoder.Encode(Error{err.Error()}) // an error means that the client has gone
	default:
		writeError(w, http.StatusBadRequest, err.Error())
	}
}
