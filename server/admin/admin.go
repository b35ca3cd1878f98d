// Package admin is the side of the gateway that people and monitors look at: health, metrics, and an API that tells the status of
// everything and the story of one person or group. It has a listener of its own and a unix socket. The credentials of the
// sources open nothing here.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"scim2slack/scim"
	"scim2slack/store"
)

// Reconciler is what this package needs of the loop.
type Reconciler interface {
	// Overview returns the state of the loop.
	Overview() Overview
	// Expect estimates how long it will be until a key that waits in line has its turn; false for one that does not.
	Expect(key store.Key) (time.Duration, bool)
	// Retry forgets the failed attempts of a key and asks for work on it now. store.ErrNotFound.
	Retry(ctx context.Context, key store.Key) error
	// Live reads what Slack holds of a linked resource now.
	Live(ctx context.Context, key store.Key) Live
	// Resume lets the outbound side go on after an alarm, and reports whether there was one.
	Resume(ctx context.Context) (bool, error)
}

// Overview is the state of the loop.
type Overview struct {
	Identity    Identity // zero until Slack said whose token it is
	Paused      string   // why the outbound side rests; "" if it does not
	PausedSince time.Time
	Queued      int // keys that are ready or due later
	Working     int // keys that are worked on
	LastSuccess time.Time
	Pauses      map[string]time.Time // limits of Slack that rest, and until when
	Lanes       []Lane               // in which something waits, most urgent first
	Drift       *DriftSummary        // nil if Slack was not compared since the start
}

// DriftSummary is what the last comparison with Slack came to.
type DriftSummary struct {
	Time       time.Time `json:"time"`
	Accounts   int       `json:"accounts"`
	Differing  int       `json:"differing"`
	Orphans    int       `json:"orphans"`
	Duplicates int       `json:"duplicates"`
}

// Lane is how much of one kind waits, and how long it will be until Slack has all of it if nothing is added.
type Lane struct {
	Lane    string  `json:"lane"`
	Waiting int     `json:"waiting"`
	Seconds float64 `json:"seconds"`
}

// Identity is whom the Slack token belongs to.
type Identity struct {
	UserID       string `json:"userId"`
	User         string `json:"user"`
	TeamID       string `json:"teamId"`
	Team         string `json:"team"`
	EnterpriseID string `json:"enterpriseId,omitempty"`
	URL          string `json:"url,omitempty"`
}

// Config is what a Handler works with.
type Config struct {
	Store      store.Store
	Reconciler Reconciler
	Sources    []string // the names of the configured sources, in their order
	// Rule says which rule of a source gives an attribute, and where it is written; "" is none. nil: there are no rules.
	Rule func(source string, a scim.SlackAttribute) string
	// Plan judges another configuration, which it reads, and answers line by line how far it is and what it comes to.
	Plan func(ctx context.Context, request io.Reader, answer func(line any) error) error
	// Adopt compares what has no link with all of Slack's accounts and answers in the same way. With apply it links those of whom there is no doubt.
	Adopt func(ctx context.Context, apply bool, answer func(line any) error) error
	// Drift compares Slack with what it was told and answers in the same way. With repair it has what differs mended.
	Drift func(ctx context.Context, repair bool, answer func(line any) error) error
	// SourceTokens has the tokens count that are made here.
	SourceTokens SourceTokens
	// IssuerKeys tells the state of the keys that issuers of JWTs publish. nil: there are none.
	IssuerKeys func() []IssuerKeys
	// Backup hands fn a snapshot of the store's file.
	Backup func(ctx context.Context, fn func(size int64, snapshot io.WriterTo) error) error
	// Sealer verifies the audit; nil: it cannot be verified.
	Sealer *store.Sealer
	// AuditLag tells, for each place that audit records are copied to, how many it is behind; nil: there is none.
	AuditLag func() map[string]uint64
	// Tokens open the admin API over TCP. Without any it is closed there; the socket needs none.
	Tokens []Token
	// Hosts are the names, beside addresses and localhost, under which the TCP listener is asked.
	Hosts []string
	// GuardMetrics closes the metrics to who has no role.
	GuardMetrics bool
	// Metrics are those of parts that this package does not know.
	Metrics []prometheus.Collector
	Version string
	Log     *slog.Logger
}

// Handler answers the admin side. Make it with New; it starts nothing. It is safe for concurrent use.
type Handler struct {
	cfg      Config
	sources  atomic.Pointer[[]string]
	tokens   atomic.Pointer[[]Token]
	draining atomic.Bool
	writable probe
	readable probe
	registry *prometheus.Registry
	census   cachedCensus
	backups  sync.Mutex // held while one is taken

	crossOrigin *http.CrossOriginProtection
	guesses     throttle // of tokens
	strangers   throttle // of records about those whom we do not know
}

// New makes a Handler.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg, crossOrigin: http.NewCrossOriginProtection()}
	h.SetSources(cfg.Sources)
	h.SetTokens(cfg.Tokens)
	h.writable.ask = h.write
	h.readable.ask = h.read
	h.registry = h.newRegistry()
	return h
}

// SetSources replaces the names of the sources.
func (h *Handler) SetSources(names []string) { h.sources.Store(&names) }

// Drain makes the gateway say that it is not ready, because it is about to stop.
func (h *Handler) Drain() { h.draining.Store(true) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // an error means that the client has gone
}

// Error is the body of every answer that is an error.
type Error struct {
	Error string `json:"error"`
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, Error{message})
}

// fail answers an error of the store. What is inside it goes to the log alone.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone
	}
	h.cfg.Log.Error("admin request failed", "path", r.URL.Path, "request", RequestID(r.Context()), "error", err)
	writeError(w, http.StatusInternalServerError, "the store could not be read or written: the gateway's log tells more under request "+RequestID(r.Context()))
}
