package slacksim

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 16 << 20

// Handler serves the organization under /scim/v2/, /scim/v1/ and /api/. It
// refuses connections that do not end at a loopback address, since it is no
// server for anything but tests. A lost answer aborts the connection with
// [http.ErrAbortHandler]; mind that net/http's client repeats GETs whose
// reused connection ended so.
func (s *Sim) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

func (s *Sim) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !atLoopback(r) {
		http.Error(w, "slacksim is a simulator and serves loopback addresses only", http.StatusForbidden)
		return
	}
	req, err := readRequest(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away in mid-body
	}
	a := s.serve(r.Context(), req)
	if a.err != nil || a.loss == lossDropped || a.loss == lossRefused {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusNoContent {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(a.status)
	if a.loss == lossTruncated {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(a.body)
}

// atLoopback says whether the connection, if it is one, ends on this machine.
func atLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return !ok || addr.IP.IsLoopback()
}

// Transport reaches the organization without a network and without
// goroutines, at whatever host and scheme. It honours the context of the
// request. Lost answers are errors that wrap [io.EOF] or, within a body,
// [io.ErrUnexpectedEOF]; refused connections wrap ECONNREFUSED in a dial error.
func (s *Sim) Transport() http.RoundTripper { return transport{s} }

// Client returns a client over [Sim.Transport].
func (s *Sim) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

type transport struct{ sim *Sim }

// RoundTrip answers a request, or fails as a network would.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	req, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	a := t.sim.serve(r.Context(), req)
	switch {
	case a.err != nil:
		return nil, a.err
	case a.loss == lossRefused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case a.loss == lossDropped:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: io.EOF}
	}
	var body io.Reader = bytes.NewReader(a.body)
	if a.loss == lossTruncated {
		body = io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), broken{})
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode: a.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        a.header,
		Body:          io.NopCloser(body),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}, nil
}

// broken is the end of a connection within a body.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// readRequest reads the whole body and closes it. A body over maxBody is cut,
// which makes it invalid JSON.
func readRequest(r *http.Request) (*request, error) {
	req := &request{
		method: r.Method, path: r.URL.Path, query: r.URL.Query(), raw: r.URL.RawQuery, header: r.Header,
	}
	if r.Body == nil {
		return req, nil
	}
	defer r.Body.Close()
	var err error
	req.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody))
	return req, err
}
