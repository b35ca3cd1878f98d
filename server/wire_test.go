package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"scim2slack/fuzzcost"
)

func TestWire(t *testing.T) {
	const head = "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\n"
	good := []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET http://x/scim/v2/Users?filter=a HTTP/1.1\r\nHost:x\r\nX-Empty:\r\nX-Tab:\ta b\t\r\n\r\n",
		"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX: \xc3\xa9\r\n\r\n",
		head + "Content-Length: 3\r\n\r\nabc" + head + "content-length:0\r\n\r\n",
		head + "Content-Length:   3  \r\n\r\n\r\n\nGET / HTTP/1.1\r\n\r\n",
		head + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\nwhatever \x00",
		head + "X-Content-Length: 1\r\nContent-Lengt: x\r\nTransfer-Encodings: x\r\nTransfer-Encodin: y\r\n\r\n",
	}
	for _, text := range good {
		for _, step := range []int{1, 7, len(text)} {
			w, rest := wire{}, []byte(text)
			for len(rest) > 0 {
				n := min(step, len(rest))
				if got, err := w.scan(rest[:n]); err != nil || got != n {
					t.Fatalf("%q in steps of %d: %d %v", text, step, got, err)
				}
				rest = rest[n:]
			}
		}
	}
	for text, reason := range map[string]string{
		head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx":                         "given once",
		head + "Content-Length: 1, 1\r\n\r\nx":                                           "one number",
		head + "Content-Length: +1\r\n\r\nx":                                             "one number",
		head + "Content-Length: -1\r\n\r\nx":                                             "one number",
		head + "Content-Length: 0x1\r\n\r\nx":                                            "one number",
		head + "Content-Length: 1_0\r\n\r\nx":                                            "one number",
		head + "Content-Length:\r\n\r\nx":                                                "one number",
		head + "Content-Length: 9223372036854775808\r\n\r\nx":                            "one number",
		head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n":                 "stands alone",
		head + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n":                 "stands alone",
		head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n":        "given once",
		head + "Transfer-Encoding: identity\r\n\r\n":                                     "is chunked",
		head + "Transfer-Encoding: gzip, chunked\r\n\r\n":                                "is chunked",
		head + "Transfer-Encoding: " + strings.Repeat(" ", 80) + "chunked\r\n\r\n":       "few bytes",
		head + "Transfer-Encoding : chunked\r\n\r\n":                                     "begins with its name",
		head + " Transfer-Encoding: chunked\r\n\r\n":                                     "begins with its name",
		head + "X: a\r\n b\r\n\r\n":                                                      "begins with its name",
		head + ": x\r\n\r\n":                                                             "begins with its name",
		head + "X: a\n\r\n":                                                              "no control character",
		head + "X: a\rb\r\n\r\n":                                                         "line feed",
		head + "X: a\x00\r\n\r\n":                                                        "no control character",
		head + "\n":                                                                      "begins with its name",
		head + "\r\r\n":                                                                  "line feed",
		"GET / HTTP/1.1\n\n":                                                             "the version is",
		"GET / HTTP/1.1 \r\n\r\n":                                                        "the version is",
		"GET / HTTP/2.0\r\n\r\n":                                                         "the version is",
		"GET /\r\n\r\n":                                                                  "no control character",
		"GET  / HTTP/1.1\r\n\r\n":                                                        "no blank",
		"GET\t/ HTTP/1.1\r\n\r\n":                                                        "a method is a word",
		"\r\nGET / HTTP/1.1\r\n\r\n":                                                     "a method is a word",
		" GET / HTTP/1.1\r\n\r\n":                                                        "a method is a word",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n":                          "not in HTTP/1.0",
		head + "Content-Length: 2\r\n\r\nabcGET / HTTP/1.1\r\nContent-Length: x\r\n\r\n": "one number",
		head + "Content-Length: 1\r\n\r\nxG\x00":                                         "a method is a word",
	} {
		w := wire{}
		if n, err := w.scan([]byte(text)); !errors.Is(err, errMalformed) || !strings.Contains(err.Error(), reason) || n == len(text) {
			t.Errorf("%q: %d %v, want %q", text, n, err, reason)
		}
	}
}

// FuzzWire: where the wire sees a request end, net/http sees it end, whatever is sent; and what follows is no request that the wire has not seen.
func FuzzWire(f *testing.F) {
	for i, text := range smugglingTexts() {
		if i%10 == 0 {
			f.Add([]byte(text.bytes))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var ends []int // after each complete request
		fuzzcost.Check(t, len(text), 4<<10, func() { ends = endsOf(text) })
		source := &counting{r: bytes.NewReader(text)}
		reader := bufio.NewReader(source)
		for _, end := range ends {
			r, err := http.ReadRequest(reader)
			if err != nil {
				return // net/http is the stricter one here, and the connection ends
			}
			if len(r.TransferEncoding) > 0 {
				t.Fatalf("net/http reads %q as chunked", text)
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if at := source.n - reader.Buffered(); at != end {
				t.Fatalf("%q: net/http is at %d, the wire at %d", text, at, end)
			}
		}
	})
}

// endsOf returns where the complete requests end that the wire sees.
func endsOf(text []byte) (ends []int) {
	w := wire{}
	for i := range text {
		if _, err := w.scan(text[i : i+1]); err != nil {
			break
		}
		if w.at == inMethod && !w.begun {
			ends = append(ends, i+1)
		}
	}
	return ends
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
