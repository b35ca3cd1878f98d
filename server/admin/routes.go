package admin

import (
	"net/http"
	"slices"
	"strings"
)

// route is one thing that the admin side does.
type route struct {
	method, path string
	// need is the role without which nobody is served. A route without one serves nobody.
	need Role
	// effect is the parameter with which, if it is true, a request that reads becomes one that changes. That needs an operator.
	effect string
	// event is recorded before the request is served. It is "" for what records itself, together with what it changes, and for what is polled: health,
	// metrics and status.
	event string
	// maxBody is how many bytes are read; 0 is 1 KiB.
	maxBody int64
	serve   http.HandlerFunc
}

// routes is everything that is served here. What is not in it does not exist, and there is no other way in: tests hold openapi.yaml and
// the roles to this table.
func (h *Handler) routes() []route {
	metrics := everybody
	if h.cfg.GuardMetrics {
		metrics = Viewer
	}
	return []route{
		{method: "GET", path: "/livez", need: everybody, serve: h.live},
		{method: "GET", path: "/readyz", need: everybody, serve: h.ready},
		{method: "GET", path: "/metrics", need: metrics, serve: h.metrics().ServeHTTP},

		{method: "GET", path: "/admin/v1/status", need: Viewer, serve: h.status},
		{method: "GET", path: "/admin/v1/explain", need: Viewer, serve: h.explain},
		{method: "GET", path: "/admin/v1/links", need: Viewer, event: "admin.links", serve: h.links},
		{method: "GET", path: "/admin/v1/audit", need: Viewer, event: "admin.audit.query", serve: h.auditQuery},
		{method: "GET", path: "/admin/v1/audit/head", need: Viewer, serve: h.auditHead},
		{method: "GET", path: "/admin/v1/audit/verify", need: Viewer, event: "admin.audit.verify", serve: h.auditVerify},
		{method: "GET", path: "/admin/v1/audit/export", need: Viewer, event: "admin.audit.export", serve: h.auditExport},
		{method: "POST", path: "/admin/v1/plan", need: Viewer, event: "admin.plan", maxBody: 1 << 20, serve: h.plan},
		{method: "POST", path: "/admin/v1/drift", need: Viewer, effect: "repair", event: "admin.drift", serve: h.drift},
		{method: "POST", path: "/admin/v1/links/adopt", need: Viewer, effect: "apply", event: "admin.adopt", serve: h.adopt},

		{method: "GET", path: "/admin/v1/backup", need: Approver, event: "admin.backup", serve: h.backup},
		{method: "POST", path: "/admin/v1/retry", need: Operator, serve: h.retry},
		{method: "POST", path: "/admin/v1/resume", need: Operator, event: "admin.resume", serve: h.resume},
		{method: "POST", path: "/admin/v1/links/relink", need: Operator, serve: h.relink},
		{method: "POST", path: "/admin/v1/links/unlink", need: Operator, serve: h.unlink},
		{method: "POST", path: "/admin/v1/links/import", need: Operator, maxBody: largestImport, serve: h.importLinks},

		{method: "GET", path: "/admin/v1/tokens", need: Viewer, event: "admin.tokens", serve: h.sourceTokens},
		{method: "POST", path: "/admin/v1/tokens", need: Approver, serve: h.newSourceToken},
		{method: "POST", path: "/admin/v1/tokens/revoke", need: Approver, serve: h.revokeSourceToken},
	}
}

// needOf is the role that this very request needs.
func (rt *route) needOf(r *http.Request) Role {
	if rt.effect != "" && asksFor(r, rt.effect) && !rt.need.covers(Operator) {
		return Operator
	}
	return rt.need
}

// asksFor reports whether a parameter of the request is true. Who decides what a request may do and who does it both ask here.
func asksFor(r *http.Request, parameter string) bool { return r.URL.Query().Get(parameter) == "true" }

// find returns the route of a request, or nil and the methods that the address takes, none if it does not exist. An address is written in
// one way alone: nothing is decoded or cleaned, so no other spelling reaches it.
func find(table []route, r *http.Request) (found *route, allowed []string) {
	path, method := r.URL.EscapedPath(), r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range table {
		if table[i].path != path {
			continue
		}
		if table[i].method == method {
			return &table[i], nil
		}
		allowed = append(allowed, table[i].method)
	}
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	return nil, allowed
}

// noRoute says what is wrong with a request that has no route.
func noRoute(allowed []string) *refusal {
	if len(allowed) > 0 {
		methods := strings.Join(allowed, ", ")
		return &refusal{status: http.StatusMethodNotAllowed, allow: methods, reason: "a method that the address does not take", message: "this address takes " + methods + " only"}
	}
	return &refusal{status: http.StatusNotFound, reason: "an address that does not exist",
		message: "there is nothing at this address: openapi.yaml lists what is below /admin/v1"}
}
