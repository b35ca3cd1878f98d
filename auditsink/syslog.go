package auditsink

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"scim2slack/store"
)

// Syslog makes a sink that sends each record as a message of RFC 5424, facility log audit (13), severity informational (6), with the event as its
// MSGID and the line as its text. See ParseSyslog for the address.
//
// A stream counts octets (RFC 6587 section 3.4.1). Syslog acknowledges nothing: what a receiver had not read when it went down may be lost on a stream, and
// anything may be over UDP. What is missing shows by the sequence numbers, and can be exported.
func Syslog(st store.Store, address string, log *slog.Logger) (*Sink, error) {
	network, target, err := ParseSyslog(address)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this machine: %w", err)
	}
	return &Sink{name: "syslog", store: st, log: log, target: &syslog{network: network, address: target, host: header(host, 255)}}, nil
}

// ParseSyslog reads udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH, which is a datagram socket such as /dev/log.
func ParseSyslog(text string) (network, address string, err error) {
	u, err := url.Parse(text)
	if err == nil && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		switch {
		case (u.Scheme == "udp" || u.Scheme == "tcp") && u.Hostname() != "" && u.Port() != "" && u.Path == "":
			return u.Scheme, u.Host, nil
		case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1:
			return "unixgram", u.Path, nil
		}
	}
	return "", "", errors.New("a syslog receiver is written udp://HOST:PORT, tcp://HOST:PORT or unix:///dev/log")
}

type syslog struct {
	network, address, host string
	conn                   net.Conn // nil: not connected
}

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 10 * time.Second
	// largestDatagram keeps below what UDP carries (65,507 bytes). A longer record goes without its content.
	largestDatagram = 60_000
	priority        = 13*8 + 6
)

func (s *syslog) deliver(_ []byte, records []store.Sealed) error {
	err := s.connect()
	if err == nil {
		err = s.send(records)
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

func (s *syslog) send(records []store.Sealed) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	for _, r := range records {
		message := s.message(r)
		if s.network == "tcp" {
			message = append([]byte(strconv.Itoa(len(message))+" "), message...)
		}
		if _, err := s.conn.Write(message); err != nil {
			return err
		}
	}
	return s.alive()
}

// message is one record in the form of RFC 5424 section 6.
func (s *syslog) message(r store.Sealed) []byte {
	at, event := "-", "-"
	if a, err := store.DecodeAudit(r.Record); err == nil {
		at, event = a.Time.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), header(a.Event, 32)
	}
	message := fmt.Appendf(nil, "<%d>1 %s %s scim2slack %d %s - ", priority, at, s.host, os.Getpid(), event)
	begin := len(message)
	if message = store.AppendLine(message, r); len(message) > largestDatagram && s.network != "tcp" {
		r.Record = []byte(`"too long for a datagram: see audit export"`)
		message = store.AppendLine(message[:begin], r)
	}
	return message[:len(message)-1]
}

// header makes a field of the header: printable ASCII, not too long (RFC 5424 section 6).
func header(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	if text == "" {
		return "-"
	}
	return text[:min(len(text), most)]
}

// connect connects, unless it is connected and the receiver is still there.
func (s *syslog) connect() (err error) {
	if s.conn != nil && s.alive() == nil {
		return nil
	}
	if err := s.close(); err != nil {
		s.conn = nil // a broken connection may not close well; it is gone
	}
	s.conn, err = net.DialTimeout(s.network, s.address, dialTimeout)
	return err
}

// alive reports an error if the receiver closed the stream: a write into that is lost without a word. Receivers send nothing.
func (s *syslog) alive() error {
	if s.network != "tcp" {
		return nil
	}
	if err := s.conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, s.conn, 1)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return nil
	}
	return err
}

func (s *syslog) close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}
