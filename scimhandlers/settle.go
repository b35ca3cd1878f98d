package scimhandlers

import (
	"context"
	"errors"
	"net/http"

	"scim2slack/scim"
	"scim2slack/store"
)

// settle lets the reconciler know of a change and, if the source is to be told, waits for the outcome. It returns a final refusal by
// Slack and nothing else: that there is a backlog, that Slack is away, that a person must decide or that the time is up does not
// concern the source, for the change is kept. Nor does it that something is missing yet: only a value can be wrong.
func (e *edit) settle() *refusedError {
	e.wakeTouched()
	if !e.changed && !e.replayed && !e.adopted {
		return nil
	}
	h := e.x.h
	if h.cfg.AnswerWait <= 0 || e.x.part != nil {
		h.cfg.Syncer.Enqueue(e.resource.Key)
		return nil
	}
	ctx, cancel := context.WithTimeout(e.x.r.Context(), h.cfg.AnswerWait)
	defer cancel()
	st, err := h.cfg.Syncer.Sync(ctx, e.resource.Key, e.resource.Generation)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			h.cfg.Log.WarnContext(ctx, "cannot wait for the outcome; the change is kept and follows", "resource", e.resource.Key.String(),
				"error", err, "request", e.x.requestID())
		}
		return nil
	}
	if st.Phase == store.Failed && st.Reason != store.ReasonIncomplete {
		return &refusedError{status: st}
	}
	return nil
}

// wakeTouched lets the reconciler know of the groups that changed with a resource.
func (e *edit) wakeTouched() {
	for _, key := range e.touched {
		e.x.h.cfg.Syncer.Enqueue(key)
	}
}

// finish settles a PUT or PATCH and answers it. What Slack refuses stays desired and shows as failed.
func (e *edit) finish(status int, projection scim.Projection) error {
	if refused := e.settle(); refused != nil {
		return refused
	}
	if status == http.StatusNoContent {
		e.x.w.Header().Set("ETag", etag(e.resource))
		e.x.w.WriteHeader(status)
		return nil
	}
	return e.answer(status, projection)
}

// answer writes the resource as the edit left it.
func (e *edit) answer(status int, projection scim.Projection) error {
	var o scim.Object
	// The client may have left; then the answer goes nowhere, which is no failure.
	err := e.x.h.cfg.Store.View(context.WithoutCancel(e.x.r.Context()), func(tx store.Tx) (err error) {
		o, err = newRenderer(e.x, tx).resource(e.t, e.resource, projection)
		return err
	})
	if err != nil {
		return err
	}
	e.x.w.Header().Set("ETag", etag(e.resource))
	if err := e.x.writeObject(status, e.x.present(o)); err == nil && status == http.StatusCreated {
		e.acknowledge()
	}
	return nil
}
