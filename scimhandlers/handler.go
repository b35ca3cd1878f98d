// Package scimhandlers answers SCIM 2.0 (RFC 7644), and 1.1 below an address of its own: users, groups and discovery. It keeps what sources desire in the store and
// lets the reconciler know; Slack is never asked from here.
//
// A write is one transaction of the store. Its commit is the promise to the source: after it the answer is 2xx, whatever becomes of it
// in Slack, with one exception: if Slack refuses for good while the request waits (Config.AnswerWait), the source is told.
//
// POST is idempotent for a source that never learned of a creation, because the answer was lost or the gateway stopped: a POST with the
// same userName (displayName of a group) or externalId is then applied to the resource that is there and answered with 201 and
// the same id. Any other POST of a name that is there is 409, unless the source's profile says otherwise.
package scimhandlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

// Root is the path below which a Handler answers SCIM 2.0.
const Root = "/scim/v2"

// Syncer is what this package needs of the reconciler.
type Syncer interface {
	// Sync asks for work on the key and waits until this generation or a later one has been decided, or ctx ends: then
	// the status is Pending and the error that of ctx. It may answer Pending at once.
	Sync(ctx context.Context, key store.Key, generation uint64) (store.Status, error)
	// Enqueue asks for work on the key and returns.
	Enqueue(key store.Key)
}

// Source is who is calling, and how its requests are read.
type Source struct {
	Name    string
	Profile dialect.Profile // what it does not say is as for dialect.Generic
	// GroupsDecide: what becomes of a person in Slack depends on the groups that they are in.
	GroupsDecide bool
	// NestedDecide: also on the groups that these groups are in.
	NestedDecide bool
}

// Config is what a Handler works with.
type Config struct {
	Store  store.Store
	Syncer Syncer
	// Source tells who is calling. A request of nobody (the empty name) is answered with 401.
	Source func(*http.Request) Source
	// AnswerWait is how long a write waits for its outcome in Slack. 0 does not wait at all.
	AnswerWait time.Duration
	// BaseURL is the absolute URL of Root as clients see it. If empty it is made of each request's own scheme and host.
	BaseURL string
	Log     *slog.Logger
}

// Handler answers the requests below Root. Make it with New; it starts nothing. Run keeps account of answered creations. It is safe
// for concurrent use. The request id for log and audit is the X-Request-Id that the edge has put into the answer's header.
type Handler struct {
	cfg       Config
	creations creations
	bookmarks bookmarks
	cursorKey atomic.Pointer[[]byte]
	pages     sync.Pool // of *[]byte, for lists
	discovery atomic.Pointer[discovery]
	// maxPageMembers is the constant of that name, smaller in tests.
	maxPageMembers int
}

// New makes a Handler.
func New(cfg Config) *Handler {
	return &Handler{cfg: cfg, creations: newCreations(), maxPageMembers: maxPageMembers, pages: sync.Pool{New: func() any { return new([]byte) }}}
}

// exchange is one request and its answer.
type exchange struct {
	h      *Handler
	w      http.ResponseWriter
	r      *http.Request
	source Source
	*protocol
	base string    // absolute URL of the protocol's root
	id   string    // of the resource in the path
	part *bulkPart // nil for a request of its own
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, protocol: protocolOf(r.URL.Path)}
	x.base = h.base(r, x.root)
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}

func (x *exchange) serve() error {
	if x.source = x.h.cfg.Source(x.r); x.source.Name == "" {
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
		return &httpError{status: http.StatusUnauthorized, detail: "nobody has authenticated this request"}
	}
	x.source.Profile = x.profile.Or(x.source.Profile).Or(dialect.Of(dialect.Generic))
	methods, err := x.route()
	if err != nil {
		return err
	}
	method, err := x.method()
	if err != nil {
		return err
	}
	answer, ok := methods[method]
	if ok {
		return answer()
	}
	x.w.Header().Set("Allow", allowed(methods))
	if x.r.Method == http.MethodOptions {
		x.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return &httpError{status: http.StatusMethodNotAllowed, detail: "this address takes " + allowed(methods) + " only"}
}

// method is what the request asks for. Where clients cannot send more than GET and POST, a header of the POST says what it stands for.
func (x *exchange) method() (string, error) {
	override := x.r.Header.Get("X-HTTP-Method-Override")
	if !x.override || override == "" || x.r.Method != http.MethodPost {
		return x.r.Method, nil
	}
	switch method := strings.ToUpper(override); method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return method, nil
	}
	return "", scim.Errorf(scim.InvalidValue, "X-HTTP-Method-Override must be PUT, PATCH or DELETE, not %s", shorten(override))
}

// methods are those of one address.
type methods map[string]func() error

func allowed(m methods) string {
	names := []string{http.MethodOptions}
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// route finds what the path names.
func (x *exchange) route() (methods, error) {
	path, ok := segments(x.r.URL, x.root)
	if !ok {
		return nil, notFound("there is nothing at this address; users are at " + x.base + "/Users")
	}
	if len(path) == 0 && x.queries {
		return listMethods(func() error { return x.list(users, groups) }), nil
	}
	if len(path) == 0 {
		return nil, notFound("there is nothing at this address; users are at " + x.base + "/Users")
	}
	switch {
	case path[0] == "Users":
		return x.routeResource(users, path[1:])
	case path[0] == "Groups":
		return x.routeResource(groups, path[1:])
	case path[0] == "Bulk" && len(path) == 1 && x.queries:
		return methods{http.MethodPost: x.bulk}, nil
	case path[0] == ".search" && len(path) == 1 && x.queries:
		return methods{http.MethodPost: func() error { return x.searchRequest(users, groups) }}, nil
	case path[0] == "Me" || path[0] == "Bulk":
		return nil, &httpError{status: http.StatusNotImplemented, detail: "/" + path[0] + " is not offered here; see /ServiceProviderConfigs"}
	}
	if answer := x.discovery(x, path); answer != nil {
		return methods{http.MethodGet: answer, http.MethodHead: answer}, nil
	}
	return nil, notFound("there is nothing at this address; users are at " + x.base + "/Users")
}

func (x *exchange) routeResource(t *resourceType, path []string) (methods, error) {
	bind := func(answer func(*resourceType) error) func() error {
		return func() error { return answer(t) }
	}
	switch {
	case len(path) == 0:
		m := listMethods(func() error { return x.list(t) })
		m[http.MethodPost] = bind(x.create)
		return m, nil
	case len(path) > 1:
		return nil, notFound("there is nothing below a resource")
	case path[0] == ".search" && x.queries:
		return methods{http.MethodPost: func() error { return x.searchRequest(t) }}, nil
	}
	x.id = path[0]
	return methods{
		http.MethodGet: bind(x.read), http.MethodHead: bind(x.read),
		http.MethodPut: bind(x.replace), http.MethodPatch: bind(x.patch), http.MethodDelete: bind(x.remove),
	}, nil
}

func listMethods(list func() error) methods {
	return methods{http.MethodGet: list, http.MethodHead: list}
}

// segments splits the path below root. The path is split before it is decoded, so that an encoded slash never makes
// one address look like another. One slash at the end is taken as none.
func segments(u *url.URL, root string) ([]string, bool) {
	rest, ok := strings.CutPrefix(u.EscapedPath(), root)
	if !ok || rest != "" && rest[0] != '/' {
		return nil, false
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "/"), "/")
	if rest == "" {
		return nil, true
	}
	path := strings.Split(rest, "/")
	for i := range path {
		var err error
		if path[i], err = url.PathUnescape(path[i]); err != nil || path[i] == "" {
			return nil, false
		}
	}
	return path, true
}

// base returns the absolute URL of a root. A proxy that ends TLS says so in X-Forwarded-Proto; a client that lies about it
// deceives itself alone.
func (h *Handler) base(r *http.Request, root string) string {
	if h.cfg.BaseURL != "" {
		configured := strings.TrimSuffix(h.cfg.BaseURL, "/")
		if before, ok := strings.CutSuffix(configured, Root); ok {
			return before + root
		}
		return configured
	}
	scheme := "http"
	forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if r.TLS != nil || strings.EqualFold(strings.TrimSpace(forwarded), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host + root
}

// resourceType is users or groups as this package needs them.
type resourceType struct {
	schema *scim.ResourceType
	kind   store.Type
	// nameAttribute is what tells resources of a source apart, and its index.
	nameAttribute string
	nameIndex     store.Index
	maxBody       int // bytes
}

// A user is small; a group may carry 50,000 members.
var (
	users  = &resourceType{schema: scim.Users, kind: store.User, nameAttribute: "userName", nameIndex: store.IndexUserName, maxBody: 1 << 20}
	groups = &resourceType{schema: scim.Groups, kind: store.Group, nameAttribute: "displayName", nameIndex: store.IndexDisplayName,
		maxBody: scim.DefaultLimits.Bytes}
)

// noun is the type in the middle of a sentence.
func (t *resourceType) noun() string { return strings.ToLower(string(t.kind)) }

func (x *exchange) key(t *resourceType, id string) store.Key {
	return store.Key{Source: x.source.Name, Type: t.kind, ID: id}
}

// location is the absolute URL of a resource.
func (x *exchange) location(t store.Type, id string) string {
	endpoint := scim.Users.Endpoint
	if t == store.Group {
		endpoint = scim.Groups.Endpoint
	}
	return x.base + endpoint + "/" + id
}

func (x *exchange) requestID() string { return x.w.Header().Get("X-Request-Id") }
