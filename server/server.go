// Package server is the edge of the SCIM side: the listener, who is calling, limits, request ids, the request log and panics. Whatever
// it refuses, it refuses with a SCIM error (RFC 7644 section 3.12). Behind it stands one http.Handler, which serves SCIM.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"scim2slack/scim"
)

// Limits of the listener. A provisioning client needs far less; whatever exceeds these is none.
const (
	maxURL            = 16 << 10 // bytes of path and query
	maxHeader         = 64 << 10 // bytes of all headers
	maxConnections    = 1000     // each costs about 40 KB with TLS; a large identity system keeps a few dozen
	maxPerAddress     = 200      // for several of them behind one address, while one address alone cannot take all
	handshakeTimeout  = 5 * time.Second
	readHeaderTimeout = 5 * time.Second  // with the handshake: they come in one piece, or from somebody who is slow on purpose
	readTimeout       = 60 * time.Second // 8 MiB at 1.2 Mbit/s
	writeTimeout      = 90 * time.Second // from the end of the headers on, the wait for Slack's word included
	idleTimeout       = 2 * time.Minute  // longer than a source pauses within one round; a connection anew costs it milliseconds
	drainTimeout      = 25 * time.Second
)

// Config is what a Server works with.
type Config struct {
	// SCIM serves what is below /scim/v2 and /scim/v1. It gets the whole path, and the source from SourceName.
	SCIM http.Handler
	// Credentials say who may call, with those of SetTokens.
	Credentials []Credential
	// Rates say how much each source may ask. One that is not in it has no limit.
	Rates map[string]Rate
	// Guesses says how many wrong credentials an address may present before it is told to wait; the zero Rate is any number.
	Guesses Rate
	// KeysTransport fetches the keys that issuers of JWTs publish. nil is the network.
	KeysTransport http.RoundTripper
	Log           *slog.Logger
	// MaxBody is the most bytes that a body may have; 0 is that of scim.DefaultLimits.
	MaxBody int64
	// Door is how the listener is entered. nil: in the clear, by everybody who reaches it.
	Door *Door
}

// Server is the SCIM listener. Make it with New, which starts nothing.
type Server struct {
	cfg     Config
	setKeys sync.Mutex // held by who replaces keys
	keys    atomic.Pointer[keyring]
	tokens  []Credential // of SetTokens
	gates   atomic.Pointer[map[string]*gate]
	guesses *guesses
	issuers *keySets
	mint    *mint
	echo    *echo.Echo
}

// New makes a Server. It returns every fault of the credentials at once.
func New(cfg Config) (*Server, error) {
	keys, err := newKeyring(cfg.Credentials)
	if err != nil {
		return nil, err
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = int64(scim.DefaultLimits.Bytes)
	}
	if cfg.Door == nil {
		cfg.Door = &Door{Name: "SCIM", Log: cfg.Log}
	}
	s := &Server{cfg: cfg, guesses: newGuesses(cfg.Guesses), issuers: newKeySets(cfg.KeysTransport, cfg.Log), mint: newMint(), echo: echo.New()}
	s.use(keys)
	s.gates.Store(&map[string]*gate{})
	s.SetRates(cfg.Rates)
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.IPExtractor = echo.ExtractIPDirect()
	s.echo.HTTPErrorHandler = s.answerError
	// These run before the router. No address is found without a credential, however it is written (CVE-2026-32130), but that where clients get one.
	s.echo.Pre(s.identifyRequest, s.logRequest, s.recoverPanic, limitURL, s.issueTokens, s.authenticate, s.limitRate, authorize, s.limitBody)
	handler := echo.WrapHandler(cfg.SCIM)
	for _, root := range []string{"/scim/v2", "/scim/v1"} {
		s.echo.Any(root, handler)
		s.echo.Any(root+"/*", handler)
	}
	return s, nil
}

// SetCredentials replaces the credentials for the requests that come from now on. It returns every fault of them at once, and then the old ones
// stay.
func (s *Server) SetCredentials(credentials []Credential) error {
	s.setKeys.Lock()
	defer s.setKeys.Unlock()
	keys, err := newKeyring(credentials)
	if err != nil {
		return err
	}
	return s.replaceKeys(keys, s.tokens)
}

// SetTokens replaces the tokens that are taken beside the credentials, for the requests that come from now on: those that the gateway
// made itself. It returns every fault of them at once, and then the old ones stay.
func (s *Server) SetTokens(tokens []Credential) error {
	s.setKeys.Lock()
	defer s.setKeys.Unlock()
	return s.replaceKeys(s.keys.Load(), tokens)
}

func (s *Server) replaceKeys(keys *keyring, tokens []Credential) error {
	keys, err := keys.withTokens(tokens)
	if err == nil {
		s.tokens = tokens
		s.use(keys)
	}
	return err
}

// use lets the keyring decide from now on.
func (s *Server) use(keys *keyring) {
	keys.mint = s.mint
	s.issuers.bind(keys.trusts)
	s.keys.Store(keys)
}

// Handler returns the whole edge as a handler, for listeners of others.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve answers on the listener, which it closes, until ctx ends; then it accepts nobody any more, lets the requests under way
// finish for 25 s at the most, and returns nil. It returns an error if the listener fails or requests were cut off.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	hs := &http.Server{Handler: s.echo, ReadTimeout: readTimeout, WriteTimeout: writeTimeout}
	listener = s.cfg.Door.Guard(hs, listener)
	failed := make(chan error, 1)
	go func() { failed <- hs.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve SCIM on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := hs.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were cut off at the stop: %w", err), hs.Close())
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
