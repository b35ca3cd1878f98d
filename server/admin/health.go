package admin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"scim2slack/store"
)

// Health is asked by anybody, as often as they like, so an answer of the store serves for a second, and it is given
// no longer than a prober waits.
const (
	probeServes  = time.Second
	probeTimeout = 3 * time.Second
)

// probe asks a question of the store, at most one at a time.
type probe struct {
	ask   func(context.Context) error
	mu    sync.Mutex
	asked time.Time
	err   error
}

func (p *probe) answer() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked.IsZero() && time.Since(p.asked) < probeServes {
		return p.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	p.err = p.ask(ctx)
	p.asked = time.Now()
	return p.err
}

// read asks for a setting that need not exist.
func (h *Handler) read(ctx context.Context) error {
	return h.cfg.Store.View(ctx, func(tx store.Tx) error {
		if _, err := tx.Setting(probeSetting); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}

// write writes, because a full or read-only disk shows in nothing else.
func (h *Handler) write(ctx context.Context) error {
	return h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.PutSetting(probeSetting, []byte(time.Now().UTC().Format(time.RFC3339)))
	})
}

const probeSetting = "admin.probe"

type health struct {
	Status string `json:"status"`
}

// live says whether the process and its store answer. Neither Slack nor a source matters here.
func (h *Handler) live(w http.ResponseWriter, _ *http.Request) {
	if err := h.readable.answer(); err != nil {
		h.cfg.Log.Error("the store cannot be read", "error", err)
		writeError(w, http.StatusServiceUnavailable, "the store does not answer: see the gateway's log")
		return
	}
	writeJSON(w, http.StatusOK, health{"live"})
}

// ready says whether a write would be kept. That Slack is away does not make the gateway unready: it keeps what comes in.
func (h *Handler) ready(w http.ResponseWriter, _ *http.Request) {
	if h.draining.Load() {
		writeError(w, http.StatusServiceUnavailable, "the gateway is about to stop")
		return
	}
	if err := h.writable.answer(); err != nil {
		h.cfg.Log.Error("the store cannot be written", "error", err)
		writeError(w, http.StatusServiceUnavailable, "the store cannot be written: see the gateway's log")
		return
	}
	writeJSON(w, http.StatusOK, health{"ready"})
}
