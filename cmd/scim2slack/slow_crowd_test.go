//go:build !race

package main

// The race detector knows at most 8,128 goroutines.

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var slow = flag.Int("slow", 1000, "with how many slow clients TestSlowCrowd attacks; how fast the honest are served is judged from 10000 on, when nothing else should run")

// TestSlowCrowd attacks a gateway in a process of its own with many clients who are slow on purpose, each in its own way, and come back when they are
// cut off. Meanwhile an honest source is served as ever, and the gateway stays small.
func TestSlowCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	many := *slow >= 10_000
	wanted, arriving, lasting := uint64(*slow+1000), 2*time.Second, 5*time.Second
	if many {
		arriving, lasting = 10*time.Second, 25*time.Second
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if files.Cur < wanted { // the runtime has raised it as far as the system allows
		if os.Getenv("CI") != "" {
			t.Fatalf("the system allows %d open files, and %d are needed: raise the hard limit (ulimit -Hn)", files.Cur, wanted)
		}
		t.Skipf("SKIPPED: the system allows %d open files, and %d are needed: raise the hard limit (ulimit -Hn)", files.Cur, wanted)
	}
	cert, key := writePair(t, t.TempDir(), time.Now().Add(time.Hour), true)
	slackAddr, listen, adminAddr := freePort(t), freePort(t), freePort(t)
	start(t, nil, "sandbox", "--listen", slackAddr, "--token", "xoxp-test", "--limits", "off")
	gateway := start(t, []string{
		"SCIM2SLACK_LISTEN=" + listen, "SCIM2SLACK_ADMIN_LISTEN=" + adminAddr, "SCIM2SLACK_ADMIN_TOKEN=" + testAdminToken, "SCIM2SLACK_TLS_CERT_FILE=" + cert, "SCIM2SLACK_TLS_KEY_FILE=" + key,
		"SCIM2SLACK_DATA=" + filepath.Join(t.TempDir(), "crowd.db"), "SCIM2SLACK_TOKEN=" + testToken, "SCIM2SLACK_SLACK_TOKEN=xoxp-test",
		"SCIM2SLACK_SLACK_SCIM_URL=http://" + slackAddr + "/scim", "SCIM2SLACK_SLACK_API_URL=http://" + slackAddr + "/api/", "SCIM2SLACK_ANSWER_WAIT=0",
	}, "serve", "--log-level", "error")
	eventually(t, "the gateway is ready", 20*time.Second, func() bool { return get("http://"+adminAddr+"/readyz", "") != nil })

	honest := newHonestSource(t, listen, cert)
	crowd := &slowCrowd{address: listen, tls: honest.tls, arriving: arriving, end: make(chan struct{})}
	for i := range *slow {
		crowd.wg.Go(func() { crowd.attack(i) })
	}
	honest.push(lasting)
	close(crowd.end)
	crowd.wg.Wait()

	slices.Sort(honest.took)
	p99 := honest.took[len(honest.took)*99/100]
	memory := peakMemory(t, gateway.Process.Pid)
	t.Logf("%d slow clients connected, %d times in all, %d at once; %d honest requests, p50 %v, p99 %v, longest %v; the gateway took %d MB at most", crowd.first.Load(), crowd.dials.Load(), crowd.most.Load(),
		len(honest.took), honest.took[len(honest.took)/2], p99, honest.took[len(honest.took)-1], memory>>20)
	if len(honest.failed) > 0 {
		t.Errorf("%d honest requests failed: %v", len(honest.failed), honest.failed[0])
	}
	if many && p99 > 100*time.Millisecond {
		t.Errorf("honest requests took %v (p99), more than 100 ms", p99)
	}
	if memory > 256<<20 {
		t.Errorf("the gateway took %d MB, more than 256", memory>>20)
	}
	if crowd.first.Load() < int64(*slow) {
		t.Errorf("only %d slow clients ever connected", crowd.first.Load())
	}
	if err := gateway.end(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// slowCrowd is the attackers.
type slowCrowd struct {
	address                  string
	tls                      *tls.Config
	arriving                 time.Duration
	end                      chan struct{}
	wg                       sync.WaitGroup
	first, dials, open, most atomic.Int64
}

// attack is one attacker: it arrives in the first seconds, and comes back a few seconds after each time that it was cut off.
func (s *slowCrowd) attack(i int) {
	pause := rand.N(s.arriving)
	for round := 0; ; round++ {
		select {
		case <-s.end:
			return
		case <-time.After(pause):
		}
		pause = 8*time.Second + rand.N(4*time.Second)
		from := net.IPv4(127, 0, 1, byte(1+i%200)) // 50 to an address
		if i%20 == 0 {
			from = net.IPv4(127, 0, 0, 1) // that of the honest source
		}
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 20 * time.Second}).Dial("tcp", s.address)
		if err != nil {
			continue
		}
		if s.dials.Add(1); round == 0 {
			s.first.Add(1)
		}
		open := s.open.Add(1)
		for most := s.most.Load(); open > most && !s.most.CompareAndSwap(most, open); most = s.most.Load() {
		}
		stop := make(chan struct{})
		go func() {
			select {
			case <-s.end:
			case <-stop:
			}
			conn.Close()
		}()
		s.dawdle(conn, i)
		close(stop)
		s.open.Add(-1)
	}
}

// dawdle returns when the connection has ended.
func (s *slowCrowd) dawdle(conn net.Conn, i int) {
	switch i % 10 {
	case 0: // half of a hello, byte by byte
		drip(conn, "\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"+strings.Repeat("x", 200))
	case 1: // headers, byte by byte, behind a good handshake
		drip(tls.Client(conn, s.tls), "GET /scim/v2/Users HTTP/1.1\r\nX: "+strings.Repeat("x", 200))
	case 2: // a body that does not come, of a stranger
		secure := tls.Client(conn, s.tls)
		io.WriteString(secure, "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		drip(secure, strings.Repeat("x", 200))
	default: // nothing at all
		io.Copy(io.Discard, conn)
	}
}

func drip(conn net.Conn, text string) {
	for i := range text {
		if _, err := conn.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(2 * time.Second)
	}
}

// honestSource pushes and reads, on a connection that it keeps and on new ones.
type honestSource struct {
	tls         *tls.Config
	kept, fresh *http.Client
	url         string
	took        []time.Duration
	failed      []error
}

func newHonestSource(t *testing.T, listen, certFile string) *honestSource {
	t.Helper()
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	client := func(fresh bool) *http.Client {
		c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: fresh}}
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	return &honestSource{tls: config, kept: client(false), fresh: client(true), url: "https://" + listen + "/scim/v2/Users"}
}

// push asks some fifty times a second.
func (h *honestSource) push(long time.Duration) {
	begun := time.Now()
	for i := 0; time.Since(begun) < long; i++ {
		client := h.kept
		if i%5 == 0 {
			client = h.fresh
		}
		begin := time.Now()
		if err := h.ask(client, i); err != nil {
			h.failed = append(h.failed, err)
		}
		h.took = append(h.took, time.Since(begin))
		time.Sleep(20 * time.Millisecond)
	}
}

func (h *honestSource) ask(client *http.Client, i int) error {
	method, url, body, want := "GET", h.url+"?filter=userName%20eq%20%22nobody%22", "", http.StatusOK
	if i%4 == 0 {
		method, url, want = "POST", h.url, http.StatusCreated
		body = fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u%d","emails":[{"value":"u%d@example.com","primary":true}]}`, i, i)
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != want {
		return fmt.Errorf("%s: %s", method, answer.Status)
	}
	return nil
}

// peakMemory is the most memory that a process had, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if text, found := strings.CutPrefix(line, "VmHWM:"); found {
			var kb int64
			if _, err := fmt.Sscan(text, &kb); err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("the system does not tell the memory of a process")
	return 0
}
