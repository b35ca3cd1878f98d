package admin

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// refusal is why a request is not served.
type refusal struct {
	status  int
	message string // what the client is told
	reason  string // what log and records say
	allow   string // the methods that the address takes
	// retryAfter is how long the client must wait.
	retryAfter time.Duration
}

// TCP serves health to everybody, metrics as configured, and the API to who has a token.
func (h *Handler) TCP() http.Handler { return h.front(h.routes(), h.foreign, h.admitByToken) }

// Socket serves the same to the user who runs the gateway and to root, and no browser comes here. Its server needs PeerContext.
func (h *Handler) Socket() http.Handler {
	return h.front(h.routes(), func(*http.Request) *refusal { return nil }, admitByPeer)
}

// DataFile serves whoever has opened the data file itself, in their own process: they can read all of it anyway. Nothing can be changed.
func (h *Handler) DataFile() http.Handler {
	return h.front(h.routes(), func(*http.Request) *refusal { return nil }, func(*http.Request) (caller, *refusal) {
		return caller{name: "data file", role: Viewer}, nil
	})
}

// front stands before all routes: it finds out who is asking, whether they may, and keeps a record of it. Who is asking comes before what for, so
// that nobody unknown learns what exists.
func (h *Handler) front(table []route, foreign func(*http.Request) *refusal, admit func(*http.Request) (caller, *refusal)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		harden(w.Header())
		w.Header().Set("X-Request-Id", id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey, id))
		found, allowed := find(table, r)
		no := foreign(r)
		if no == nil && found != nil && found.need == everybody {
			found.serve(w, r)
			return
		}
		var who caller
		if no == nil {
			if who, no = admit(r); no == nil {
				r = r.WithContext(context.WithValue(r.Context(), callerKey, who))
				no = mayUse(who, found, allowed, r)
			}
		}
		if no != nil {
			h.refuse(w, r, found, no)
			return
		}
		h.serve(w, r, found)
	})
}

// mayUse says why somebody whom we know is not served; nil if they are.
func mayUse(who caller, found *route, allowed []string, r *http.Request) *refusal {
	if found == nil {
		return noRoute(allowed)
	}
	need := found.needOf(r)
	if who.role.covers(need) {
		return nil
	}
	return &refusal{status: http.StatusForbidden, reason: fmt.Sprintf("it needs the role %s", need),
		message: fmt.Sprintf("this needs the role %s, and %s has the role %s", need, who.name, who.role)}
}

// serve answers a request that is allowed. It is recorded before; what changes something is not done without its record.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, found *route) {
	if found.method == http.MethodPost && found.need != Viewer {
		r = r.WithContext(context.WithoutCancel(r.Context())) // what began to change is carried through, also for a client who leaves
	}
	r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(found.maxBody, 1<<10))
	if found.event != "" {
		a := newRecord(r.Context(), found.event)
		if found.effect != "" && asksFor(r, found.effect) {
			a.Detail = found.effect
		}
		err := h.record(r.Context(), a)
		if err != nil && found.needOf(r) != Viewer {
			h.fail(w, r, err)
			return
		}
		h.unrecorded(r.Context(), err)
	}
	outcome := &outcome{ResponseWriter: w}
	found.serve(outcome, r)
	if outcome.status >= http.StatusBadRequest && outcome.status < http.StatusInternalServerError {
		h.recordRefusal(r, found, http.StatusText(outcome.status))
	}
}

// refuse answers a request that is not served, and keeps a record of it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, found *route, no *refusal) {
	h.cfg.Log.Warn("admin request refused", "reason", no.reason, "actor", ActorOf(r.Context()), "remote", r.RemoteAddr, "request", RequestID(r.Context()))
	if ActorOf(r.Context()) != "" || h.strangers.attempt(addressOf(r), func() bool { return false }) == 0 {
		h.recordRefusal(r, found, no.reason)
	}
	header := w.Header()
	if no.allow != "" {
		header.Set("Allow", no.allow)
	}
	if no.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="scim2slack admin"`)
	}
	if no.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(no.retryAfter.Seconds()))))
	}
	writeError(w, no.status, no.message)
}

// recordRefusal keeps what was refused to whom, and why. Nothing that the client chose is in it. One that cannot be kept is refused all the same.
func (h *Handler) recordRefusal(r *http.Request, found *route, reason string) {
	what := "something that does not exist"
	if found != nil {
		what = found.method + " " + found.path
	}
	a := newRecord(r.Context(), "admin.refused")
	a.Actor = cmp.Or(a.Actor, stranger)
	a.Detail = what + ": " + reason
	if a.Actor == stranger {
		a.Detail += fmt.Sprintf(" (from %s)", r.RemoteAddr)
	}
	if err := h.record(r.Context(), a); err != nil {
		h.cfg.Log.Error("a refusal could not be recorded", "request", RequestID(r.Context()), "error", err)
	}
}

// stranger is the actor of a request of nobody known.
const stranger = "unknown"

// outcome remembers the status of an answer.
type outcome struct {
	http.ResponseWriter
	status int
}

func (o *outcome) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (o *outcome) Unwrap() http.ResponseWriter { return o.ResponseWriter }
