package admin

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The kernel says who is at the other end of a real socket, and the record says it too.
func TestPeer(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("this system does not say who is at the other end")
	}
	f := newFixture(t, "")
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	data := filepath.Join(dir, "a.db")
	socket, err := ListenSocket(data)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		listener net.Listener
		want     int
	}{{socket, 200}, {tcp, 403}} {
		srv := &http.Server{Handler: f.handler.Socket(), ConnContext: PeerContext}
		go func() { _ = srv.Serve(test.listener) }()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, test.listener.Addr().Network(), test.listener.Addr().String())
		}}}
		answer, err := client.Post("http://gateway/admin/v1/resume", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("over %s: %d, want %d", test.listener.Addr().Network(), answer.StatusCode, test.want)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
	records := f.records()
	if len(records) != 2 || records[0] != socketActor+" admin.resume" || !strings.HasPrefix(records[1], "unknown admin.refused POST /admin/v1/resume: the kernel did not say") {
		t.Errorf("records %q", records)
	}
}

// The socket is for the gateway's own user and root, whatever somebody made of its mode.
func TestPeersOfOthers(t *testing.T) {
	f := newFixture(t, adminToken)
	own := os.Geteuid()
	for uid, want := range map[int]int{own: 200, 0: 200, own + 1: 403, 65534: 403} {
		r := f.request("GET", "/admin/v1/status")
		r.Header.Set("Authorization", "Bearer "+adminToken) // opens nothing here
		w := newAnswer(f.handler.Socket(), r.WithContext(WithPeer(r.Context(), uid)))
		if w.Code != want {
			t.Errorf("user %d: %d, want %d", uid, w.Code, want)
		}
	}
}
