package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"scim2slack/server/admin"
	"scim2slack/store/boltstore"
)

// withAudit uses the admin API of the running gateway. If there is none it reads the data file, by the same API, served in this process.
func (f *adminFlags) withAudit(con *console, use func(*adminClient) error) error {
	client, err := f.client(con)
	if err != nil {
		return err
	}
	err = use(client)
	if gone := (*unansweredError)(nil); !errors.As(err, &gone) || f.Admin != "" {
		return err
	}
	cfg, cfgErr := whereabouts(f.Config, con.environ)
	if cfgErr != nil {
		return cfgErr
	}
	if cfg.Encryption.keys, cfgErr = encryptionKeys(f.Config, con.environ); cfgErr != nil {
		return cfgErr
	}
	offline, closeAll, openErr := cfg.offline(!f.JSON)
	if openErr != nil {
		return fmt.Errorf("%w; and the data file cannot be read: %w", err, openErr)
	}
	return errors.Join(use(offline), closeAll())
}

// offline returns a client of an admin API over the closed data file. The file is not changed.
func (c *config) offline(plain bool) (*adminClient, func() error, error) {
	sealer, err := c.sealer(c.auditKey)
	if errors.Is(err, fs.ErrNotExist) {
		sealer, err = nil, nil // verify says what is missing; all else does without
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := boltstore.Open(c.Data, boltstore.Options{ReadOnly: true, Keys: c.Encryption.keys, Sealer: sealer})
	if err != nil {
		return nil, nil, err
	}
	handler := admin.New(admin.Config{Store: file, Sources: c.sourceNames(), Sealer: sealer, Log: slog.New(slog.DiscardHandler)})
	listener := &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler.DataFile(), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	client := &adminClient{base: "http://offline", where: "the data file", plain: plain,
		http: &http.Client{Timeout: adminTimeout, Transport: &http.Transport{DialContext: listener.dial, DisableKeepAlives: true}}}
	return client, func() error { return errors.Join(server.Close(), closed(<-ended), file.Close()) }, nil
}

// pipes is a listener that this process alone can reach.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.waiting <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the other end of a dial.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.waiting:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. The server calls it once.
func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

// Addr is of no use here.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "offline", Net: "pipe"} }
