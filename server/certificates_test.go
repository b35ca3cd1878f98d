package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newTLSServer is a test server behind a door with certificates.
func newTLSServer(t *testing.T, files *tlsFiles, handler http.HandlerFunc, options ...func(*Config)) (s *Server, certificates *Certificates, log *logBuffer) {
	t.Helper()
	log = &logBuffer{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	certificates = files.load(logger)
	s, _ = newTestServer(t, handler, append(options, func(c *Config) {
		c.Log = logger
		c.Door = &Door{Name: "SCIM", Certificates: certificates, Log: logger}
	})...)
	return s, certificates, log
}

// TestCertificateRotation replaces the certificate 500 times under load. Each is served as soon as it was looked at, and no request fails, whether on
// a new connection or on one that is kept.
func TestCertificateRotation(t *testing.T) {
	files := newTLSFiles(t)
	s, certificates, _ := newTLSServer(t, files, nil)
	address, stop := serve(t, s)
	defer stop()

	var failed, served atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	for i := range 4 {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: files.clientConfig(), DisableKeepAlives: i%2 == 0}, Timeout: 30 * time.Second}
		go func() {
			defer func() { done <- struct{}{} }()
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				if err := askOver(client, "https://"+address); err != nil {
					failed.Add(1)
					t.Log(err)
				}
				served.Add(1)
			}
		}()
	}
	const rotations = 500
	for range rotations {
		next := files.serverCert()
		files.replacePair(next)
		begin := time.Now()
		certificates.look()
		conn, err := tls.Dial("tcp", address, files.clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		if !conn.ConnectionState().PeerCertificates[0].Equal(next.cert) {
			t.Fatal("the old certificate is served")
		}
		conn.Close()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the new certificate was served after %v", took)
		}
	}
	cancel()
	for range 4 {
		<-done
	}
	if failed.Load() > 0 || served.Load() < rotations {
		t.Errorf("%d of %d requests failed", failed.Load(), served.Load())
	}
	t.Logf("%d requests during %d rotations", served.Load(), rotations)
}

func askOver(client *http.Client, url string) error {
	r, _ := http.NewRequest("GET", url+"/scim/v2/Users", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// What is bad keeps the old one, and is told once; when it is mended, it counts.
func TestBadCertificatesAreNotUsed(t *testing.T) {
	files := newTLSFiles(t, authority(t, "clients", nil))
	log := &logBuffer{}
	c := files.load(slog.New(slog.NewJSONHandler(log, nil)))
	first, firstCAs := c.pair.get().Leaf, c.ClientCAs()
	next := files.serverCert()
	bad := []struct{ name, file, content, fault string }{
		{"half of a new pair", files.Cert, string(next.certPEM()), "are no pair"},
		{"the other half, broken", files.Key, "nothing", "are no pair"},
		{"no certificate", files.Cert, "", "are no pair"},
		{"no authority", files.ClientCA, string(next.certPEM()), "none of an authority in place 1"},
		{"a key of an authority", files.ClientCA, string(next.keyPEM(t)), "holds something that is no certificate"},
		{"no authorities", files.ClientCA, "none", "holds no certificate"},
		{"garbage in a block", files.ClientCA, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read in place 1"},
		{"far too much", files.ClientCA, strings.Repeat("x", maxCertificateFile+1), "bytes"},
	}
	for i, b := range bad {
		files.write(b.file, []byte(b.content))
		for range 5 {
			c.look()
		}
		if got := strings.Count(log.String(), "stays"); got != i+1 || !strings.Contains(log.String(), b.fault) {
			t.Errorf("%s was told %d times, want once more: %s", b.name, got-i, log)
		}
	}
	os.Chmod(files.Key, 0o640)
	c.look()
	c.look()
	if os.Getuid() == 0 && strings.Count(log.String(), "readable by others") != 1 {
		t.Error("a key that others may read is used")
	}
	if !c.pair.get().Leaf.Equal(first) || c.ClientCAs() != firstCAs {
		t.Error("what is bad is used")
	}
	files.replacePair(next)
	files.write(files.ClientCA, files.ca.certPEM())
	c.look()
	if !c.pair.get().Leaf.Equal(next.cert) || c.ClientCAs() == firstCAs {
		t.Error("what was mended is not used")
	}
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("the log holds a key")
	}
}

func TestLoadCertificates(t *testing.T) {
	files := newTLSFiles(t)
	for name, c := range map[string]struct {
		mode   os.FileMode
		files  CertificateFiles
		file   string
		reason string
	}{
		"open to all":      {0o644, files.CertificateFiles, files.Key, "is readable by others on this machine (mode 0644): chmod 600 it"},
		"no certificate":   {0o600, CertificateFiles{Cert: files.Cert + "x", Key: files.Key}, files.Cert + "x", "cannot be read: no such file or directory"},
		"no key":           {0o600, CertificateFiles{Cert: files.Cert, Key: files.Key + "x"}, files.Key + "x", "cannot be read: no such file or directory"},
		"a directory":      {0o600, CertificateFiles{Cert: t.TempDir(), Key: files.Key}, "", "is not a file"},
		"no authorities":   {0o600, CertificateFiles{Cert: files.Cert, Key: files.Key, ClientCA: files.Key + "x"}, files.Key + "x", "cannot be read"},
		"the wrong way on": {0o600, CertificateFiles{Cert: files.Key, Key: files.Key}, files.Key, "are no pair"},
	} {
		os.Chmod(files.Key, c.mode)
		_, err := LoadCertificates(c.files, slog.New(slog.DiscardHandler))
		fault := (*FileError)(nil)
		if !errors.As(err, &fault) || c.file != "" && fault.File != c.file || !strings.Contains(fault.Error(), c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The end of a certificate is told 30, 7 and 1 days before it and when it has come, each once, and a new one is told of anew.
func TestCertificatesThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := newTLSFiles(t, issue(t, nil, x509.Certificate{NotAfter: time.Now().Add(2 * 365 * 24 * time.Hour), BasicConstraintsValid: true, IsCA: true}))
		log := &logBuffer{}
		c := files.load(slog.New(slog.NewTextHandler(log, nil))) // for 100 days
		day := func() (told []string) {
			before := log.String()
			for range 24 {
				time.Sleep(time.Hour)
				c.look()
				c.warn()
			}
			for line := range strings.Lines(log.String()[len(before):]) {
				told = append(told, line)
			}
			return told
		}
		want := map[int]string{70: "ends soon", 93: "ends soon", 99: "level=ERROR msg=\"the certificate ends soon", 100: "has ended and is refused"}
		for n := 1; n <= 110; n++ {
			told := day()
			if text := want[n]; (text == "") != (len(told) == 0) || len(told) > 1 || text != "" && !strings.Contains(told[0], text) {
				t.Errorf("day %d: %q, want %q", n, told, text)
			}
		}
		soon := issue(t, files.ca, x509.Certificate{NotAfter: time.Now().Add(40 * 24 * time.Hour), DNSNames: []string{"localhost"}})
		files.replacePair(soon)
		for n := 1; n <= 11; n++ {
			if told := day(); len(told) > 0 != (n == 1 || n == 10) {
				t.Errorf("day %d with the new one: %q", n, told)
			}
		}
		if ends := c.Ends()["certificate"]; !ends.Equal(soon.cert.NotAfter) {
			t.Error(ends)
		}
	})
}

// New files are found by themselves, also when a link is moved over the old ones.
func TestCertificatesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, others := newTLSFiles(t), newTLSFiles(t)
		c := files.load(slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		first := c.pair.get().Leaf
		time.Sleep(time.Minute)
		for _, name := range [][2]string{{others.Cert, files.Cert}, {others.Key, files.Key}} {
			if err := os.Symlink(name[0], name[1]+".link"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(name[1]+".link", name[1]); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(lookEvery)
		synctest.Wait()
		if c.pair.get().Leaf.Equal(first) {
			t.Error("the new certificate is not noticed")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestTLS says what is spoken: TLS 1.2 or newer, HTTP/1.1 alone, no session that is resumed; and to whoever does not speak it, what to do.
func TestTLS(t *testing.T) {
	files := newTLSFiles(t)
	s, _, log := newTLSServer(t, files, nil)
	address, stop := serve(t, s)
	defer stop()
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := files.clientConfig()
		config.MinVersion, config.MaxVersion, config.NextProtos = version, version, []string{"h2", "http/1.1"}
		config.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		for range 2 {
			conn, err := tls.Dial("tcp", address, config)
			if (err == nil) != ok {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
			if err != nil {
				continue
			}
			io.WriteString(conn, "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			io.Copy(io.Discard, conn)
			if state := conn.ConnectionState(); state.NegotiatedProtocol != "http/1.1" || state.DidResume {
				t.Errorf("%s: protocol %q, resumed %v", tls.VersionName(version), state.NegotiatedProtocol, state.DidResume)
			}
			conn.Close()
		}
	}
	config := files.clientConfig()
	config.NextProtos = []string{"h2"}
	if conn, err := tls.Dial("tcp", address, config); err == nil {
		conn.Close()
		t.Error("HTTP/2 alone is spoken")
	}
	if code, text := raw(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); code != 400 || !strings.Contains(text, "use https") {
		t.Errorf("plain HTTP: %d %q", code, text)
	}
	if !strings.Contains(log.String(), "TLS handshake failed") || s.cfg.Door.Cuts()["handshake"] == 0 {
		t.Error("failed handshakes are not told")
	}
}
