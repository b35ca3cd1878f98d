package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"scim2slack/server"
	"scim2slack/server/admin"
)

// serveHTTP serves until ctx ends, then lets the requests under way finish, for 5 s at the most.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	return serveThrough(ctx, nil, listener, handler, log)
}

// serveThrough is serveHTTP behind a door; nil is none.
func serveThrough(ctx context.Context, door *server.Door, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 3 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnContext: admin.PeerContext}
	if door != nil {
		srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.Welcome(r.Context())
			handler.ServeHTTP(w, r)
		})
		listener = door.Guard(srv, listener)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := srv.Shutdown(last)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	return errors.Join(err, closed(<-ended))
}

// serving is serveHTTP as a part of something that begins and stops.
func serving(l net.Listener, h http.Handler, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error { return serveHTTP(ctx, l, h, log) }
}

// closed leaves out of an error that a server was closed on purpose.
func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
