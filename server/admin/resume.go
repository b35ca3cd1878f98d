package admin

import "net/http"

// Resumed is the answer to POST /admin/v1/resume.
type Resumed struct {
	// Resumed is false if there was no alarm.
	Resumed bool `json:"resumed"`
}

// resume lets the outbound side go on after an alarm.
func (h *Handler) resume(w http.ResponseWriter, r *http.Request) {
	resumed, err := h.cfg.Reconciler.Resume(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, Resumed{resumed})
}
