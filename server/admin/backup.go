package admin

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// slowestBackup is how many bytes a second who takes a backup must take: as long as it lasts, the file of the store grows.
const slowestBackup = 1 << 20

// backup answers with a snapshot of the store's file. One is taken at a time. The record of it is in the snapshot.
func (h *Handler) backup(w http.ResponseWriter, r *http.Request) {
	if !h.backups.TryLock() {
		writeError(w, http.StatusConflict, "another backup is under way: wait for it")
		return
	}
	defer h.backups.Unlock()
	begun := false
	err := h.cfg.Backup(r.Context(), func(size int64, snapshot io.WriterTo) error {
		begun = true
		longest := time.Minute + time.Duration(size/slowestBackup)*time.Second
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longest)) // one that cannot be set is the listener's
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		_, err := snapshot.WriteTo(w)
		return err
	})
	switch {
	case err != nil && begun: // the length tells the client that it is not whole
		h.cfg.Log.Warn("a backup broke off", "error", err)
	case err != nil:
		h.fail(w, r, err)
	}
}
