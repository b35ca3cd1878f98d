package auditsink

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"scim2slack/store"
)

var message = regexp.MustCompile(`^<110>1 2026-11-03T08:00:00\.000000Z \S+ scim2slack \d+ resource\.patched - (\{"seq":(\d+),"keyId":"[0-9a-f]{16}","mac":"[0-9a-f]{64}","record":\{.*\}\})$`)

func newSyslog(t *testing.T, st store.Store, address string) *Sink {
	t.Helper()
	s, err := Syslog(st, address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.target.close() })
	return s
}

func TestSyslogDatagrams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unix, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	for address, receiver := range map[string]net.PacketConn{"udp://" + udp.LocalAddr().String(): udp, "unix://" + path: unix} {
		st := openStore(t)
		happen(t, st, 20)
		sent := make(chan error)
		sink := newSyslog(t, st, address)
		go func() { _, err := sink.step(context.Background()); sent <- err }()
		buffer := make([]byte, 64<<10)
		for seq := 1; seq <= 20; seq++ {
			if err := receiver.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			n, _, err := receiver.ReadFrom(buffer)
			if err != nil {
				t.Fatal(err)
			}
			if m := message.FindSubmatch(buffer[:n]); m == nil || string(m[2]) != strconv.Itoa(seq) {
				t.Errorf("%s: message %d is %s", address, seq, buffer[:n])
			}
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		receiver.Close()
	}
}

// receive reads n messages of a stream that counts octets, and closes it.
func receive(listener net.Listener, n int) (messages []string, err error) {
	conn, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for range n {
		count, err := r.ReadString(' ')
		if err != nil {
			return messages, err
		}
		size, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil {
			return messages, err
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(r, text); err != nil {
			return messages, err
		}
		messages = append(messages, string(text))
	}
	return messages, nil
}

// Over TCP octets are counted. A receiver that went down is noticed before anything is sent into the void, and what it did not get follows.
func TestSyslogStream(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st := openStore(t)
	happen(t, st, 10)
	s := newSyslog(t, st, "tcp://"+listener.Addr().String())
	got := make(chan []string)
	expect := func(n int) {
		go func() {
			messages, err := receive(listener, n)
			if err != nil {
				messages = append(messages, err.Error())
			}
			got <- messages
		}()
	}
	check := func(first, n int) {
		t.Helper()
		messages := <-got
		if len(messages) != n {
			t.Fatalf("%d messages: %v", len(messages), messages)
		}
		for i, text := range messages {
			if m := message.FindStringSubmatch(text); m == nil || m[2] != strconv.Itoa(first+i) {
				t.Errorf("message %d is %s", i, text)
			}
		}
	}
	expect(10)
	_, err = s.step(context.Background()) // it may notice that the receiver closed after the last one, and repeats then
	check(1, 10)
	first := 11
	if err != nil {
		first = 1
	}
	address := listener.Addr().String()
	listener.Close()
	happen(t, st, 5)
	if _, err := s.step(context.Background()); err == nil {
		t.Error("nobody receives, and it is no error")
	}
	if s.Lag() != uint64(16-first) {
		t.Errorf("the lag is %d", s.Lag())
	}
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	expect(16 - first)
	_, _ = s.step(context.Background())
	check(first, 16-first)
}

func TestSyslogAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"udp://log.test:514": "udp log.test:514", "tcp://[::1]:601": "tcp [::1]:601", "unix:///dev/log": "unixgram /dev/log",
		"udp://log.test": "", "tcp://:514": "", "http://log.test:514": "", "/dev/log": "", "unix://dev/log": "", "udp://u:p@log.test:514": "", "udp://log.test:514/x": "", "": "",
	} {
		network, address, err := ParseSyslog(text)
		if got := strings.TrimSpace(fmt.Sprint(network, " ", address)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

// A record that no datagram carries goes with its number and seal, without its content.
func TestSyslogLongRecord(t *testing.T) {
	s := &syslog{network: "udp", host: "h"}
	r := store.Sealed{Seq: 7, KeyID: sealer.KeyID(), Record: []byte(`{"event":"resource.patched","detail":"` + strings.Repeat("x", 100_000) + `"}`)}
	if text := string(s.message(r)); len(text) > 1000 || !strings.Contains(text, `"seq":7`) || !strings.Contains(text, "too long") {
		t.Errorf("it is %.200s", text)
	}
	s.network = "tcp"
	if len(s.message(r)) < 100_000 {
		t.Error("a stream carries it")
	}
}
