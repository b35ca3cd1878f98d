package admin

import (
	"context"
	"time"

	"scim2slack/store"
)

// caller is who a request comes from, as a token or the kernel proves.
type caller struct {
	name string
	role Role
}

type contextKey int

const (
	callerKey contextKey = iota
	requestIDKey
	peerKey
)

// ActorOf returns who asked for what is done in ctx, as records name them: admin:NAME, where NAME is that of a token or, over
// the socket, uid=1000(janet). It is "" outside a request that was let in.
func ActorOf(ctx context.Context) string {
	c, ok := ctx.Value(callerKey).(caller)
	if !ok {
		return ""
	}
	return "admin:" + c.name
}

// RequestID returns the id of the request that ctx belongs to, or "". The answer has it as X-Request-Id.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// newRecord begins the record of something that was asked for in ctx.
func newRecord(ctx context.Context, event string) store.Audit {
	return store.Audit{Time: time.Now(), Actor: ActorOf(ctx), RequestID: RequestID(ctx), Event: event}
}

// unrecorded says in the log that somebody reads what no record tells of. With a full disk nothing can be recorded, and then people must be able
// to look more than ever.
func (h *Handler) unrecorded(ctx context.Context, err error) {
	if err != nil {
		h.cfg.Log.Error("what an administrator reads could not be recorded", "actor", ActorOf(ctx), "request", RequestID(ctx), "error", err)
	}
}

// record keeps a record that stands by itself, even if the client has gone.
func (h *Handler) record(ctx context.Context, record store.Audit) error {
	return h.cfg.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.AppendAudit(record) })
}
