package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"time"
)

// CertificateFiles are the names of the files, in PEM, by which a listener speaks TLS.
type CertificateFiles struct {
	Cert, Key string
	// ClientCA holds the authorities of client certificates; "": clients are not asked for any.
	ClientCA string
}

// Certificates are what is in the files now: they are looked at every 2 s by content, and what is new and good is used from then on, for
// handshakes and requests to come; connections that are open stay. What is new and bad changes nothing and is logged once.
// Make them with LoadCertificates. They are safe for concurrent use.
type Certificates struct {
	pair    watched[*tls.Certificate]
	clients watched[*ClientCAs]
	log     *slog.Logger
	asked   bool // of clients
}

// lookEvery is how often the files are looked at. Their content counts, and not their time: links that are moved over them, as orchestrators do, are
// noticed too.
const lookEvery = 2 * time.Second

// LoadCertificates reads the files. The error is a *FileError.
func LoadCertificates(files CertificateFiles, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{log: log, asked: files.ClientCA != ""}
	c.pair = watched[*tls.Certificate]{what: "certificate", read: func() (*tls.Certificate, []byte, error) { return readPair(files.Cert, files.Key) }}
	c.clients = watched[*ClientCAs]{what: "client CA", read: func() (*ClientCAs, []byte, error) { return readClientCAs(files.ClientCA) }}
	if _, err := c.pair.look(); err != nil {
		return nil, err
	}
	if c.asked {
		if _, err := c.clients.look(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Run looks at the files until ctx ends, and warns of certificates that end soon.
func (c *Certificates) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		c.warn()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		c.look()
	}
}

// look takes over what changed.
func (c *Certificates) look() {
	changed, err := c.pair.look()
	report(c.log, c.pair.what, changed, err)
	if c.asked {
		changed, err = c.clients.look()
		report(c.log, c.clients.what, changed, err)
	}
}

func report(log *slog.Logger, what string, changed bool, err error) {
	if err != nil {
		log.Error("the new "+what+" is not used, and the old one stays", "error", err)
	} else if changed {
		log.Info("the new " + what + " is used from now on")
	}
}

// config is what TLS the listener speaks: 1.2 or newer, with Go's choice of ciphers.
func (c *Certificates) config() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}, // see Door.Guard
		// A session that is resumed does not show its certificate again, and would outlive it (CVE-2025-68121). Those who push keep their connections.
		SessionTicketsDisabled: true,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.get(), nil },
	}
	if c.asked {
		config.ClientAuth = tls.RequestClientCert // whether it is good is asked at each request, by what counts then
	}
	return config
}

// ClientCAs are the authorities that count now. nil: none.
func (c *Certificates) ClientCAs() *ClientCAs {
	if c == nil || !c.asked {
		return nil
	}
	return c.clients.get()
}

// watched is what was read from files the last time that it was good.
type watched[T any] struct {
	what    string
	read    func() (value T, content []byte, err error)
	current atomic.Pointer[T]
	seen    string // what the last look saw: a hash of the content, or what was wrong
	told    warned
}

func (w *watched[T]) get() T { return *w.current.Load() }

// look reads again, and reports whether there is another value. What is bad in the same way as at the last look is no error again.
func (w *watched[T]) look() (changed bool, err error) {
	value, content, err := w.read()
	hash := sha256.Sum256(content)
	saw := string(hash[:])
	if err != nil {
		saw += err.Error()
	}
	if saw == w.seen {
		return false, nil
	}
	w.seen = saw
	if err == nil {
		w.current.Store(&value)
	}
	return err == nil, err
}

// ClientCAs are authorities of client certificates.
type ClientCAs struct {
	pool *x509.CertPool
	ends time.Time // of the first of them
}
