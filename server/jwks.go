package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// How the published keys of an issuer are kept. Nobody who is not known yet can make any of it happen more often.
const (
	keysEvery   = 5 * time.Minute  // they are fetched again; so long may a key be used that the issuer withdrew
	keysGap     = 30 * time.Second // between the beginnings of two fetches, whatever comes
	keysTimeout = 5 * time.Second  // for one fetch
	keysMaxAge  = 24 * time.Hour   // the last good ones are used while no fetch succeeds
	maxKeysBody = 1 << 20          // bytes
)

// keySet is what one issuer publishes. A request never waits for it: it finds the key among those of the last fetch, or is refused and has the
// keys fetched soon.
type keySet struct {
	url    string
	client *http.Client
	log    *slog.Logger
	wanted chan struct{} // has room for one: a key that is not known was named

	fetched atomic.Pointer[fetchedKeys]
	problem atomic.Pointer[string] // of the last fetch, if it failed
}

// fetchedKeys are those of one answer. They are immutable.
type fetchedKeys struct {
	at   time.Time
	keys []publishedKey
}

// run keeps the keys fresh until ctx ends. One fetch follows another here alone, each after the gap that began before the one before: a flood of
// tokens with made-up keys costs the issuer a fetch every 30 s, and so does not keep a key that is really new from being found.
func (s *keySet) run(ctx context.Context) {
	for {
		gap := time.NewTimer(keysGap)
		select {
		case <-s.wanted: // answered by what follows
		default:
		}
		err := s.fetch(ctx)
		if !wait(ctx, gap.C, nil) {
			return
		}
		if err == nil && !wait(ctx, time.After(keysEvery-keysGap), s.wanted) {
			return
		}
	}
}

// wait returns at the time or when something is wanted; false if ctx ended.
func wait(ctx context.Context, until <-chan time.Time, wanted <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-until:
	case <-wanted:
	}
	return true
}

// fetch replaces the keys, or leaves them if that fails. A row of failures is logged once, and its end.
func (s *keySet) fetch(ctx context.Context) error {
	keys, err := s.read(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	before := s.problem.Load()
	if err != nil {
		text := err.Error()
		s.problem.Store(&text)
		if before == nil {
			s.log.Warn("the keys of an issuer of JWTs cannot be fetched; those of the last time are used for a day, and it is tried again each half minute",
				"url", s.url, "error", err, "age", s.age())
		}
		return err
	}
	last := s.fetched.Swap(&fetchedKeys{at: time.Now(), keys: keys})
	s.problem.Store(nil)
	if len(keys) == 0 && (last == nil || len(last.keys) > 0) {
		s.log.Warn("an issuer of JWTs publishes no key that verifies signatures: nobody comes in by them", "url", s.url)
	}
	if before != nil {
		s.log.Info("the keys of an issuer of JWTs are fetched again", "url", s.url, "keys", len(keys))
	}
	return nil
}

func (s *keySet) read(ctx context.Context) ([]publishedKey, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s; redirects are not followed", answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeysBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeysBody {
		return nil, fmt.Errorf("the answer has more than %d bytes", maxKeysBody)
	}
	return parseKeys(body)
}

// age is how old the keys are; 0 if there are none.
func (s *keySet) age() time.Duration {
	if f := s.fetched.Load(); f != nil {
		return time.Since(f.at).Round(time.Second)
	}
	return 0
}

// find returns the first key of that name that is one for the algorithm; kid "" is a token that names none, for which there must be but one such key.
func (s *keySet) find(algorithm, kid string) (any, error) {
	f := s.fetched.Load()
	if f == nil || time.Since(f.at) > keysMaxAge {
		return nil, errNoKeys
	}
	var only any
	for _, k := range f.keys {
		if !k.fits(algorithm) {
			continue
		}
		if kid != "" && k.id == kid {
			return k.key, nil
		}
		if kid == "" && only != nil {
			return nil, errUnnamed
		}
		only = k.key
	}
	if kid == "" && only != nil {
		return only, nil
	}
	select {
	case s.wanted <- struct{}{}:
	default: // it is wanted already
	}
	return nil, errUnknown
}

// newKeysClient asks issuers for their keys: no redirects, which would let others choose where the keys come from; no cookies; HTTP/1.1 alone. A
// proxy of the environment is used as for Slack: TLS ends at the issuer. transport is for tests; nil is the network.
func newKeysClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: keysTimeout, MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives: true, Protocols: protocols}
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
