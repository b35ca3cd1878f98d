package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// smuggled is a request that somebody hides in another one. It has a good credential, so that whoever reads it serves it.
const smuggled = "GET /scim/v2/Smuggled HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n\r\n"

// smugglingText is one request that has to remain one, or none.
type smugglingText struct{ name, bytes string }

// smugglingTexts makes texts from tricks by which readers came to see different requests in the same bytes. No text is a pair of requests that
// everybody would read as a pair.
func smugglingTexts() (texts []smugglingText) {
	add := func(name, head, fields, body string) {
		texts = append(texts, smugglingText{name, head + "Host: x\r\nAuthorization: Bearer " + secret + "\r\n" + fields + "\r\n" + body})
	}
	length := "Content-Length: " + strconv.Itoa(len(smuggled)) + "\r\n"
	for _, head := range []string{"POST /scim/v2/Users HTTP/1.1\r\n", "GET /scim/v2/Users HTTP/1.1\r\n", "PATCH http://elsewhere/scim/v2/Users/1 HTTP/1.1\r\n", "POST /scim/v2/Users HTTP/1.0\r\nConnection: keep-alive\r\n"} {
		for _, te := range encodings {
			// CL.TE: who goes by the length sees all as the body, who goes by the chunks sees the body end before the second request.
			whole := "0\r\n\r\n" + smuggled
			cl := "Content-Length: " + strconv.Itoa(len(whole)) + "\r\n"
			add("CL.TE", head, cl+te, whole)
			add("TE.CL of all", head, te+cl, whole)
			// TE.CL: the length ends where the chunk begins.
			chunk := fmt.Sprintf("%x\r\n", len(smuggled))
			cl = "Content-Length: " + strconv.Itoa(len(chunk)) + "\r\n"
			add("TE.CL", head, te+cl, chunk+smuggled+"\r\n0\r\n\r\n")
			add("TE alone", head, te, whole)
		}
		for _, cl := range lengths {
			add("CL", head, strings.ReplaceAll(cl, "<n>", strconv.Itoa(len(smuggled))), smuggled)
		}
		for _, body := range chunkings {
			add("chunks", head, "Transfer-Encoding: chunked\r\n", body+smuggled)
			add("chunks in a folded field", head, "Transfer-Encoding:\r\n chunked\r\n", body+smuggled)
		}
		for _, field := range []string{"Expect: 100-continue\r\n", "Connection: close\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "Content_Length: 0\r\n", "Transfer_Encoding: chunked\r\n",
			"Content-Length-: 0\r\n", "X-HTTP-Method-Override: GET\r\n", "Connection: Content-Length\r\n", "Trailer: Content-Length\r\n", "TE: trailers\r\n"} {
			add("a body that reads like a request", head, field+length, smuggled)
		}
		for _, field := range []string{"X: a\n", "X: a\nY: b\r\n", "X: a\n\r\n", "X: a\n\n", "X: a\r\r\n", "X: a\rY: b\r\n", "X: \x00\r\n", "X\x00: a\r\n", "X: a\r\n b\r\n", "X: a\r\n\tb\r\n", "X : a\r\n", "\x0bX: a\r\n", "X\r\n", ": a\r\n", "X: \x7f\r\n",
			"\r\r\n", "\n", "\x00\r\n", " \r\n", "Host: y\r\n", "Expect: more\r\n"} {
			add("fields", head, field, smuggled)
		}
	}
	for _, line := range []string{"GET /scim/v2/Users HTTP/1.1\n", "GET /scim/v2/Users HTTP/1.1\r", "GET /scim/v2/Users HTTP/1.1\r\r\n", "GET /scim/v2/Users\r\n", "GET /scim/v2/Users \r\n", "GET  /scim/v2/Users HTTP/1.1\r\n", "GET\t/scim/v2/Users\tHTTP/1.1\r\n",
		"GET /scim/v2/Users HTTP/1.1 \r\n", "GET /scim/v2/Users HTTP/1.1 HTTP/1.1\r\n", "GET /scim/v2/Users HTTP/2.0\r\n", "GET /scim/v2/Users HTTP/1.2\r\n", "GET /scim/v2/Users HTTP/0.9\r\n", "GET /scim/v2/Users http/1.1\r\n", "GET /scim/v2/Users HTTP/01.1\r\n", "GET /scim/v2/Users HTTP/1.1\x00\r\n",
		"GET /scim/v2/Us\x00ers HTTP/1.1\r\n", "GET /scim/v2/Us\x7fers HTTP/1.1\r\n", "G\x00ET /scim/v2/Users HTTP/1.1\r\n", "G ET /scim/v2/Users HTTP/1.1\r\n", "GET: /scim/v2/Users HTTP/1.1\r\n", "\"GET\" /scim/v2/Users HTTP/1.1\r\n", "(GET) /scim/v2/Users HTTP/1.1\r\n", " GET /scim/v2/Users HTTP/1.1\r\n",
		"\r\nGET /scim/v2/Users HTTP/1.1\r\n", "\nGET /scim/v2/Users HTTP/1.1\r\n", "GET /%zz HTTP/1.1\r\n", "GET  HTTP/1.1\r\n", "/scim/v2/Users HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "GET http://[::1/scim/v2/Users HTTP/1.1\r\n", "GET /scim/v2/Users HTTP/1.1\r\nHost: y\r\n", "GET /scim/v2/Users HTTP/1.1\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n"} {
		add("lines", line, "", smuggled)
		add("lines with a body", line, length, smuggled)
	}
	for _, refused := range []string{"", "Authorization: Bearer of-nobody\r\n", "Authorization: Basic x\r\n"} { // 401
		for fields, body := range map[string]string{"": "", length: smuggled, "Transfer-Encoding: chunked\r\n": "0\r\n\r\n"} {
			texts = append(texts, smugglingText{"after a refusal", "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\n" + refused + fields + "\r\n" + body + smuggled})
		}
	}
	return texts
}

// encodings say that the body is chunked, or only seem to.
var encodings = []string{
	"Transfer-Encoding: chunked\r\n", "transfer-encoding: CHUNKED\r\n", "Transfer-Encoding:chunked\r\n", "Transfer-Encoding:\tchunked\r\n", "Transfer-Encoding: chunked \r\n", "Transfer-Encoding : chunked\r\n", " Transfer-Encoding: chunked\r\n",
	"Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding:\n chunked\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Transfer-Encoding: chunked\x00\r\n", "Transfer-Encoding\x00: chunked\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunk\r\n", "Transfer-Encoding: 'chunked'\r\n",
	"Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: chunked;q=1\r\n", "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity, chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: ,chunked\r\n", "Transfer-Encoding:\r\n",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", "X: a\nTransfer-Encoding: chunked\r\n", "X: a\rTransfer-Encoding: chunked\r\n", "X: a\r\n\tTransfer-Encoding: chunked\r\n",
	"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked\n\r\n", "Transfer-Encoding:\xa0chunked\r\n",
}

// lengths say how long the body is in ways that are no number given once; <n> is how long it is.
var lengths = []string{
	"Content-Length: 0\r\nContent-Length: <n>\r\n", "Content-Length: <n>\r\nContent-Length: 0\r\n", "Content-Length: <n>\r\nContent-Length: <n>\r\n", "Content-Length: 0, <n>\r\n", "Content-Length: <n>, <n>\r\n", "Content-Length: +0\r\n", "Content-Length: -0\r\n", "Content-Length: -<n>\r\n",
	"Content-Length: 0x0\r\n", "Content-Length: 0 <n>\r\n", "Content-Length: 0.0\r\n", "Content-Length: 0e0\r\n", "Content-Length: 0_0\r\n", "Content-Length:\r\n", "Content-Length: \"0\"\r\n", "Content-Length: 0;x\r\n", "Content-Length: 0\x00\r\n", "Content-Length: 0\x0b\r\n", "Content-Length:\xa00\r\n",
	"Content-Length : 0\r\n", " Content-Length: 0\r\n", "Content-Length:\r\n 0\r\n", "Content-Length: 0\r\n <n>\r\n", "Content-Length\x00: 0\r\n", "X: a\nContent-Length: 0\r\n", "X: a\rContent-Length: 0\r\n", "Content-Length: 18446744073709551616\r\n", "Content-Length: 9223372036854775808\r\n",
	"Content-Length: 4294967296000000000000\r\n", "Content-Length: 0\n\r\n", "content-length: 0\r\nCONTENT-LENGTH: <n>\r\n", "Content-Length: \xd9\xa0\r\n",
}

// chunkings are bodies that have ended, for some readers, before the second request comes.
var chunkings = []string{
	"0\r\n\r\n", "00\r\n\r\n", "+0\r\n\r\n", "-0\r\n\r\n", "0x0\r\n\r\n", "0;x\r\n\r\n", "0;x=\"\r\n\r\n", "0 \r\n\r\n", " 0\r\n\r\n", "\t0\r\n\r\n", "0\n\r\n", "0\r\n\n", "0\n\n", "0\r\r\n\r\n", "0\r\n\r\r\n", "0\r\n\r", "0\x00\r\n\r\n", "00000000000000000\r\n\r\n", "10000000000000000\r\n\r\n", "ffffffffffffffff\r\n\r\n", "fffffffffffffff0\r\n\r\n",
	"\r\n\r\n", "G\r\n\r\n", "5\r\nabcde0\r\n\r\n", "5\r\nabcde\n0\r\n\r\n", "5\nabcde\r\n0\r\n\r\n", "5\r\nabcdefg\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nX\r\n\r\n", "0\r\n X: y\r\n\r\n", "5;x=\ny\r\nabcde\r\n0\r\n\r\n", "1\r\nx\r\n0;" + strings.Repeat("x", 5000) + "\r\n\r\n",
}

// TestSmuggling sends each text to a handler that reads the body and to one that does not: neither is called twice, nothing is answered
// after a 400, and each connection ends.
func TestSmuggling(t *testing.T) {
	texts, known := smugglingTexts(), map[string]bool{}
	for _, text := range texts {
		known[text.bytes] = true
	}
	if len(known) < 500 {
		t.Fatalf("only %d different texts", len(known))
	}
	t.Logf("%d texts", len(known))
	for name, reads := range map[string]bool{"read": true, "not read": false} {
		t.Run(name, func(t *testing.T) {
			victim := &victim{reads: reads}
			s, _ := newTestServer(t, victim.ServeHTTP)
			listener, stop := serve(t, s)
			defer stop()
			if twice := victim.attack(t, listener, texts); len(twice) > 0 {
				t.Errorf("%d texts became two requests, such as %s: %q", len(twice), twice[0].name, twice[0].bytes)
			}
		})
	}
}

// TestSmugglingIsPossible shows that the texts do what they are for: without the door some of them become two requests.
func TestSmugglingIsPossible(t *testing.T) {
	victim := &victim{reads: true}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bare := &http.Server{Handler: victim}
	ended := make(chan error, 1)
	go func() { ended <- bare.Serve(listener) }()
	if twice := victim.attack(t, listener.Addr().String(), smugglingTexts()); len(twice) < 20 {
		t.Errorf("only %d texts become two requests in net/http alone", len(twice))
	}
	bare.Close()
	<-ended
}

// victim counts the requests of each connection.
type victim struct {
	reads bool
	calls sync.Map // remote address -> *atomic.Int64
}

func (v *victim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := v.calls.LoadOrStore(r.RemoteAddr, &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
	if r.URL.Path == "/scim/v2/Smuggled" { // alone, too: then it stood behind one that was refused
		n.(*atomic.Int64).Add(1)
	}
	if v.reads {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	io.WriteString(w, "served")
}

// attack sends each text on a connection of its own, and returns those that became several requests.
func (v *victim) attack(t *testing.T, address string, texts []smugglingText) (twice []smugglingText) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan smugglingText)
	for range 16 {
		wg.Go(func() {
			for text := range work {
				local, answer, err := exchange(address, text.bytes)
				if err != nil {
					t.Errorf("%s: %q: %v", text.name, text.bytes, err)
				}
				if _, after, bad := strings.Cut(answer, "HTTP/1.1 400"); bad && strings.Contains(after, "HTTP/1.1 ") {
					t.Errorf("%s: %q: something is answered after a 400", text.name, text.bytes)
				}
				if n, called := v.calls.LoadAndDelete(local); called && n.(*atomic.Int64).Load() > 1 {
					mu.Lock()
					twice = append(twice, text)
					mu.Unlock()
				}
			}
		})
	}
	for _, text := range texts {
		work <- text
	}
	close(work)
	wg.Wait()
	return twice
}

// exchange sends a text, says that there is no more, and returns all that is answered. A server that does not end is an error.
func exchange(address, text string) (local, answer string, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	go func() {
		io.WriteString(conn, text) // the server may have gone
		conn.(*net.TCPConn).CloseWrite()
	}()
	var all strings.Builder
	if _, err = io.Copy(&all, conn); err != nil && strings.Contains(err.Error(), "reset") {
		err = nil // it ended with bytes unread
	}
	return conn.LocalAddr().String(), all.String(), err
}
