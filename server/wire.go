package server

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// wire reads along with what a client sends and refuses a request of which two readers could tell different ends: so no proxy in
// front and no server behind it can be made to see two requests where the other sees one. It is stricter than net/http, which takes a bare
// line feed for an end of line, folded fields, the same Content-Length twice, and Content-Length beside Transfer-Encoding
// (RFC 9112 sections 2.2, 5.2, 6.1 and 6.3 let a server refuse each). It keeps nothing of what it reads but a few bytes.
//
// What follows a chunked body is not looked at, as a connection ends with the first request that has one (see Door.Guard). The zero wire
// stands before a request line.
type wire struct {
	at      place
	begun   bool   // the element has a byte already
	word    []byte // the version, or the name of the field in lower case, as far as it matters
	value   []byte // of a field that frames the body
	frames  bool   // the field says where the body ends
	old     bool   // HTTP/1.0
	sized   bool   // there was a Content-Length
	chunked bool
	left    int64 // bytes of the body that are still to come
}

// place is what a wire expects next.
type place int

const (
	inMethod place = iota
	inTarget
	inVersion
	atLineEnd // the line feed of the request line
	atField   // the first byte of a field, or the end of all
	inName
	inValue
	atFieldEnd
	atHeaderEnd
	inBody
	inChunks // until the connection ends
)

// errMalformed is what net/http answers with 400 and the end of the connection, as it does with every error of a read that it does not know.
var errMalformed = errors.New("not a request that has one meaning alone")

func malformed(what string) error { return fmt.Errorf("%w: %s", errMalformed, what) }

// scan follows the bytes p and returns how many of them are good: all, or those before the byte that the error is about.
func (w *wire) scan(p []byte) (good int, err error) {
	for good < len(p) {
		switch w.at {
		case inChunks:
			return len(p), nil
		case inBody:
			n := int(min(w.left, int64(len(p)-good)))
			good += n
			if w.left -= int64(n); w.left == 0 {
				w.restart()
			}
		default:
			if good += w.skip(p[good:]); good == len(p) {
				return good, nil
			}
			if err := w.step(p[good]); err != nil {
				return good, err
			}
			good++
		}
	}
	return good, nil
}

// skip returns how many bytes from the first on change nothing: those within an address, or within the value of a field that does not frame the
// body. They are most of a head.
func (w *wire) skip(p []byte) int {
	least := byte(' ')
	switch {
	case w.at == inTarget && w.begun:
		least++
	case w.at != inValue || w.frames:
		return 0
	}
	for i, b := range p {
		if b < least || b == 0x7f {
			return i
		}
	}
	return len(p)
}

// step follows one byte of the head of a request.
func (w *wire) step(b byte) error {
	switch w.at {
	case inMethod:
		return w.element(b, ' ', inTarget, isTokenByte, "a method is a word, with one blank behind it")
	case inTarget:
		return w.element(b, ' ', inVersion, func(b byte) bool { return b > ' ' && b != 0x7f }, "an address has no blank and no control character")
	case inVersion:
		return w.version(b)
	case atLineEnd, atFieldEnd:
		return w.lineFeed(b, atField)
	case atField:
		if b == '\r' {
			w.at = atHeaderEnd
			return nil
		}
		w.at, w.word, w.value, w.begun = inName, w.word[:0], w.value[:0], false
		return w.name(b)
	case inName:
		return w.name(b)
	case inValue:
		return w.fieldValue(b)
	case atHeaderEnd:
		if err := w.lineFeed(b, atField); err != nil {
			return err
		}
		return w.body()
	}
	return nil
}

// element follows a part of the request line up to the byte that ends it.
func (w *wire) element(b, end byte, next place, allowed func(byte) bool, rule string) error {
	if b == end && w.begun {
		w.at, w.begun = next, false
		return nil
	}
	if !allowed(b) {
		return malformed(rule)
	}
	w.begun = true
	return nil
}

func (w *wire) version(b byte) error {
	if b != '\r' {
		if w.word = append(w.word, b); len(w.word) > len("HTTP/1.1") {
			return malformed("the version is HTTP/1.1")
		}
		return nil
	}
	switch string(w.word) {
	case "HTTP/1.0":
		w.old = true
	case "HTTP/1.1":
	default:
		return malformed("the version is HTTP/1.1")
	}
	w.at = atLineEnd
	return nil
}

func (w *wire) lineFeed(b byte, next place) error {
	if b != '\n' {
		return malformed("a line ends with carriage return and line feed")
	}
	w.at = next
	return nil
}

func (w *wire) name(b byte) error {
	const longest = len("transfer-encoding")
	switch {
	case b == ':' && w.begun:
		w.at, w.frames = inValue, string(w.word) == "content-length" || string(w.word) == "transfer-encoding"
	case !isTokenByte(b): // also a blank: before a colon, or where a line begins that continues the last one
		return malformed("a field begins with its name and a colon")
	case len(w.word) <= longest:
		w.word = append(w.word, lower(b))
	}
	w.begun = true
	return nil
}

func (w *wire) fieldValue(b byte) error {
	const longest = 64 // of a value that matters
	switch {
	case b == '\r':
		w.at = atFieldEnd
		return w.field(strings.Trim(string(w.value), " \t"))
	case b < ' ' && b != '\t' || b == 0x7f:
		return malformed("a field has no control character")
	case len(w.value) < longest && w.frames:
		w.value = append(w.value, b)
	case w.frames:
		return malformed("the length of the body takes few bytes to say")
	}
	return nil
}

// field takes from a complete field what it says about the body.
func (w *wire) field(value string) error {
	switch string(w.word) {
	case "content-length":
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil || n > math.MaxInt64 || w.sized {
			return malformed("Content-Length is one number, given once")
		}
		w.left, w.sized = int64(n), true
	case "transfer-encoding":
		if w.chunked || !strings.EqualFold(value, "chunked") {
			return malformed("Transfer-Encoding is chunked, given once")
		}
		w.chunked = true
	}
	return nil
}

// body is what follows the last field.
func (w *wire) body() error {
	switch {
	case w.chunked && (w.sized || w.old):
		return malformed("Transfer-Encoding stands alone, and not in HTTP/1.0")
	case w.chunked:
		w.at = inChunks
	case w.left > 0:
		w.at = inBody
	default:
		w.restart()
	}
	return nil
}

// restart expects another request.
func (w *wire) restart() { *w = wire{word: w.word[:0], value: w.value[:0]} }

// isTokenByte reports whether b may be in a token (RFC 9110 section 5.6.2).
func isTokenByte(b byte) bool {
	return 'a' <= lower(b) && lower(b) <= 'z' || '0' <= b && b <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}
