package scimhandlers

import (
	"context"
	"sync"
	"time"

	"scim2slack/store"
)

// creations knows which creations their sources know of. The store marks a new resource as unacknowledged in the transaction
// that makes it. The mark is taken off after the answer was written, in batches, because it need not be durable at once: a mark that
// outlives a crash makes a repeated POST 201 instead of 409. Until it is off, the answer is remembered here.
type creations struct {
	mu       sync.Mutex
	underWay map[store.Key]struct{} // not yet answered
	answered map[store.Key]struct{} // with the mark still in the store
	wake     chan struct{}          // holds one if there is something answered
}

func newCreations() creations {
	return creations{underWay: map[store.Key]struct{}{}, answered: map[store.Key]struct{}{}, wake: make(chan struct{}, 1)}
}

// begin and end bracket the request that creates the key.
func (c *creations) begin(key store.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underWay[key] = struct{}{}
}

func (c *creations) end(key store.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.underWay, key)
}

// acknowledge notes that the source has the answer.
func (c *creations) acknowledge(key store.Key) {
	c.mu.Lock()
	c.answered[key] = struct{}{}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// answeredOrUnderWay reports whether the source knows of the creation, or is about to.
func (c *creations) answeredOrUnderWay(key store.Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.underWay[key]; ok {
		return true
	}
	_, ok := c.answered[key]
	return ok
}

// takeAnswered returns the keys whose marks are to be taken off. They stay remembered until forget.
func (c *creations) takeAnswered() []store.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := make([]store.Key, 0, len(c.answered))
	for key := range c.answered {
		keys = append(keys, key)
	}
	return keys
}

func (c *creations) forget(keys []store.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.answered, key)
	}
}

// flushDelay is how long answered creations are gathered before their marks are taken off together.
const flushDelay = time.Second

// Run takes the marks off answered creations until ctx ends, and once more then. Run it for as long as the handler serves;
// end it after the last request and before the store is closed. It returns an error if the last marks could not be taken off, which harms
// nothing but that a repeated POST is answered with 201.
func (h *Handler) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return h.flush(context.WithoutCancel(ctx))
		case <-h.creations.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(flushDelay):
			if err := h.flush(ctx); err != nil && ctx.Err() == nil {
				h.cfg.Log.ErrorContext(ctx, "cannot note which creations were answered; it is tried again with the next", "error", err)
			}
		}
	}
}

func (h *Handler) flush(ctx context.Context) error {
	keys := h.creations.takeAnswered()
	if len(keys) == 0 {
		return nil
	}
	err := h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for _, key := range keys {
			if err := tx.SetUnacknowledged(key, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		h.creations.forget(keys)
	}
	return err
}
