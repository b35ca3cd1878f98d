package server

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// keySets are the published keys of all issuers that count, one set for each URL. They outlive a change of the configuration.
type keySets struct {
	client *http.Client
	log    *slog.Logger

	mu      sync.Mutex
	byURL   map[string]*keySet
	changed chan struct{} // has room for one
}

func newKeySets(transport http.RoundTripper, log *slog.Logger) *keySets {
	return &keySets{client: newKeysClient(transport), log: log, byURL: map[string]*keySet{}, changed: make(chan struct{}, 1)}
}

// bind gives each trust the keys of its issuer. Those of issuers that no trust has any more are forgotten.
func (s *keySets) bind(trusts []*trust) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.byURL
	s.byURL = map[string]*keySet{}
	for _, t := range trusts {
		url := t.JWT.KeysURL
		if url == "" {
			continue
		}
		set := s.byURL[url]
		if set == nil {
			set = before[url]
		}
		if set == nil {
			set = &keySet{url: url, client: s.client, log: s.log, wanted: make(chan struct{}, 1)}
		}
		s.byURL[url] = set
		if t.keys == nil { // else requests read it
			t.keys = set
		}
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *keySets) all() []*keySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.byURL), func(a, b *keySet) int { return strings.Compare(a.url, b.url) })
}

// run keeps every set fresh until ctx ends; each by itself, so that a slow issuer does not delay another.
func (s *keySets) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancelAll := context.WithCancel(ctx)
	defer cancelAll()
	cancels := map[*keySet]context.CancelFunc{}
	for {
		sets := s.all()
		for set, cancel := range cancels {
			if !slices.Contains(sets, set) {
				cancel()
				delete(cancels, set)
			}
		}
		for _, set := range sets {
			if cancels[set] == nil {
				own, cancel := context.WithCancel(ctx)
				cancels[set] = cancel
				running.Go(func() { set.run(own) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
		}
	}
}

// RefreshKeys keeps the published keys of the issuers of JWTs fresh until ctx ends, and returns nil. Without it nobody comes in by them.
func (s *Server) RefreshKeys(ctx context.Context) error {
	s.issuers.run(ctx)
	return nil
}

// IssuerKeys is the state of the published keys of one issuer.
type IssuerKeys struct {
	URL     string
	Keys    int       // that may be used
	Fetched time.Time // zero if they never were
	Problem string    // of the last fetch, or ""
}

// IssuerKeys returns the state of all published keys.
func (s *Server) IssuerKeys() []IssuerKeys {
	var out []IssuerKeys
	for _, set := range s.issuers.all() {
		state := IssuerKeys{URL: set.url}
		if f := set.fetched.Load(); f != nil {
			state.Keys, state.Fetched = len(f.keys), f.at
		}
		if p := set.problem.Load(); p != nil {
			state.Problem = *p
		}
		out = append(out, state)
	}
	return out
}
