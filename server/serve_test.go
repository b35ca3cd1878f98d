package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// serve lets s answer on a port of loopback, and returns its address and what stops it.
func serve(t testing.TB, s *Server) (address string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	return listener.Addr().String(), func() {
		t.Helper()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

// TestDrain stops the server in the middle of a request: it is answered, and nobody new is let in.
func TestDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, _ := newTestServer(t, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "done")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	answer := make(chan string, 1)
	go func() {
		_, body := raw(t, listener.Addr().String(), "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+secret+"\r\n\r\n")
		answer <- body
	}()
	<-entered
	cancel()
	for { // until the listener is closed
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("it did not wait for the request: %v", err)
	default:
	}
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("answer %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestServeOverTheWire(t *testing.T) {
	s, _ := newTestServer(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	address := listener.Addr().String()
	auth := "Host: x\r\nAuthorization: Bearer " + secret + "\r\n"
	for request, want := range map[string]int{
		"GET /scim/v2/Users HTTP/1.1\r\n" + auth + "\r\n":                                                                                    200,
		"GET http://x/scim/v2/Users HTTP/1.1\r\n" + auth + "\r\n":                                                                            200,
		"GET /scim/v2/Users HTTP/1.1\r\n" + auth + "X-Large: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n":                               431,
		"POST /scim/v2/Users HTTP/1.1\r\n" + auth + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx":                                       400,
		"POST /scim/v2/Users HTTP/1.1\r\n" + auth + "Content-Length: 1\r\nTransfer-Encoding: smuggle\r\n\r\nx":                               400,
		"GET /scim/v2/Users HTTP/1.1\r\n" + auth + " folded: x\r\n\r\n":                                                                      400,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                                                                   400,
		"GET /scim/v2/Users HTTP/1.1\r\n" + auth + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n": 200,
	} {
		if code, _ := raw(t, address, request); code != want {
			t.Errorf("%.80q: %d, want %d", request, code, want)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
