package scim

import (
	"strings"
	"unicode/utf8"
)

const (
	// MaxFilterLength is the longest filter or path, in bytes, that is read at all.
	MaxFilterLength = 8 << 10
	// MaxFilterDepth is how deep parentheses and brackets of a filter may nest. It is counted while reading, before
	// any deeper call is made: Go cannot recover from a stack that overflows.
	MaxFilterDepth = 32
)

// scanner reads the text of a filter or a path from left to right. Its faults carry kind, the position counted in
// bytes from 1, and what was expected there.
type scanner struct {
	text  string
	pos   int
	depth int
	kind  ErrorType
	quiet bool // whoever reads does not care what is wrong
}

// unread is the fault of a quiet scanner.
var unread = &Error{Type: InvalidPath, Detail: "this is no path"}

func newScanner(text string, kind ErrorType) (scanner, error) {
	what := "filter"
	if kind == InvalidPath {
		what = "path"
	}
	if len(text) > MaxFilterLength {
		return scanner{}, Errorf(kind, "the %s is %d bytes long; at most %d are read", what, len(text), MaxFilterLength)
	}
	if !utf8.ValidString(text) {
		return scanner{}, Errorf(kind, "the %s is not valid UTF-8", what)
	}
	s := scanner{text: text, kind: kind}
	s.skipBlanks()
	if s.done() {
		return scanner{}, Errorf(kind, "the %s is empty", what)
	}
	return s, nil
}

// fault reports what was expected at the byte offset pos.
func (s *scanner) fault(pos int, expected string) *Error {
	if s.quiet {
		return unread
	}
	found := "the end"
	if pos < len(s.text) {
		found = quoteExcerpt(s.text[pos:])
	}
	return Errorf(s.kind, "at position %d of %s: expected %s, found %s", pos+1, quoteExcerpt(s.text), expected, found)
}

// quoteExcerpt keeps messages short: a client may send 8 KiB of anything.
func quoteExcerpt(text string) string {
	const most = 60
	if len(text) <= most {
		return Quote(text)
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return Quote(text[:cut]) + "..."
}

func (s *scanner) done() bool { return s.pos >= len(s.text) }

func (s *scanner) skipBlanks() {
	for s.pos < len(s.text) && isBlank(s.text[s.pos]) {
		s.pos++
	}
}

// next reports whether the next byte is c, and passes it if so.
func (s *scanner) next(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// enter counts one more parenthesis or bracket.
func (s *scanner) enter() error {
	s.depth++
	if s.depth > MaxFilterDepth {
		return Errorf(s.kind, "at position %d of %s: more than %d parentheses and brackets are nested",
			s.pos+1, quoteExcerpt(s.text), MaxFilterDepth)
	}
	return nil
}

func (s *scanner) leave() { s.depth-- }

// word reads up to the next blank, parenthesis, bracket or quotation mark. It may be empty.
func (s *scanner) word() string {
	start := s.pos
	for s.pos < len(s.text) && !isBlank(s.text[s.pos]) && !isDelimiter(s.text[s.pos]) && s.text[s.pos] != '"' {
		s.pos++
	}
	return s.text[start:s.pos]
}

// peekWord skips blanks and returns the word that follows without passing it.
func (s *scanner) peekWord() string {
	s.skipBlanks()
	start := s.pos
	word := s.word()
	s.pos = start
	return word
}

// quoted reads a JSON string whose opening quotation mark is next.
func (s *scanner) quoted() (string, error) {
	start := s.pos
	s.pos++
	rest := s.text[s.pos:]
	end := strings.IndexAny(rest, `"\`)
	if end >= 0 && rest[end] == '"' { // no escapes: the text itself, without a copy
		s.pos += end + 1
		return rest[:end], nil
	}
	var b strings.Builder
	for !s.done() {
		switch c := s.text[s.pos]; c {
		case '"':
			s.pos++
			return b.String(), nil
		case '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		default:
			b.WriteByte(c)
			s.pos++
		}
	}
	return "", s.fault(start, "a string that is closed by a quotation mark")
}

// escape reads one JSON escape whose backslash is next.
func (s *scanner) escape() (rune, error) {
	start := s.pos
	if s.pos+1 >= len(s.text) {
		return 0, s.fault(start, "a JSON escape")
	}
	c := s.text[s.pos+1]
	s.pos += 2
	decode := func() (rune, bool) { return shortEscape(c) }
	if c == 'u' {
		decode = s.unicodeEscape
	}
	if r, ok := decode(); ok {
		return r, nil
	}
	return 0, s.fault(start, `a JSON escape such as \" or \\ or \u00e9`)
}

// unicodeEscape reads the digits after \u, and the second half of a surrogate pair.
func (s *scanner) unicodeEscape() (rune, bool) {
	r, ok := s.hex4()
	if !ok || r < 0xD800 || r > 0xDFFF {
		return r, ok
	}
	if r >= 0xDC00 || !strings.HasPrefix(s.text[s.pos:], `\u`) {
		return 0, false
	}
	s.pos += 2
	low, ok := s.hex4()
	if !ok || low < 0xDC00 || low > 0xDFFF {
		return 0, false
	}
	return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, true
}

func (s *scanner) hex4() (rune, bool) {
	if s.pos+4 > len(s.text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.text[s.pos : s.pos+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	s.pos += 4
	return r, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isDelimiter(c byte) bool { return c == '(' || c == ')' || c == '[' || c == ']' }
