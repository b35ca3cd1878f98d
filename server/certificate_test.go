package server

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestClientCertificates presents each vector over the wire, in TLS 1.3 and 1.2: none is taken for somebody that it does not prove.
func TestClientCertificates(t *testing.T) {
	root := authority(t, "clients", nil)
	files := newTLSFiles(t, root)
	s, _, _ := newTLSServer(t, files, nil, certifiedSources)
	address, stop := serve(t, s)
	defer stop()
	vectors := mtlsVectors(t, root)
	refused := 0
	for _, name := range slices.Sorted(maps.Keys(vectors)) {
		v := vectors[name]
		if v.want == "" {
			refused++
		}
		for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
			config := files.clientConfig(v.cert)
			config.MaxVersion = version
			source, err := whoAmI(address, config, v.headers...)
			if source != v.want {
				t.Errorf("%s (%s): source %q, want %q: %v", name, tls.VersionName(version), source, v.want, err)
			}
		}
	}
	if refused < 80 {
		t.Errorf("only %d vectors are to be refused", refused)
	}
	t.Logf("%d vectors, %d of them to be refused", len(vectors), refused)
}

// whoAmI asks which source a client is; "" if it is refused, in whatever way.
func whoAmI(address string, config *tls.Config, headers ...string) (string, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 30 * time.Second}
	return askWho(client, address, headers...)
}

func askWho(client *http.Client, address string, headers ...string) (string, error) {
	r, err := http.NewRequest("GET", "https://"+address+"/scim/v2/Users", nil)
	if err != nil {
		return "", err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header[http.CanonicalHeaderKey(headers[i])] = []string{strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '.'
			}
			return r
		}, headers[i+1])}
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return "", err
	}
	source, _, _ := strings.Cut(string(body), " ")
	return source, err
}

// A connection that is kept is worth what its certificate is worth now: not after the end of the certificate, the removal of its authority or that of
// the name; and a session is not resumed past them.
func TestClientCertificateAtUse(t *testing.T) {
	root, next := authority(t, "clients", nil), authority(t, "the next clients", nil)
	files := newTLSFiles(t, root)
	s, certificates, _ := newTLSServer(t, files, nil, certifiedSources)
	address, stop := serve(t, s)
	defer stop()
	keep := func(c *pkiMember) *http.Client {
		config := files.clientConfig(c.tls())
		config.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: 30 * time.Second}
		t.Cleanup(client.CloseIdleConnections)
		return client
	}
	expect := func(what string, client *http.Client, want string) {
		t.Helper()
		for range 2 { // on the connection that is kept, and if it was closed, on one that resumes the session if it can
			if source, err := askWho(client, address); source != want {
				t.Errorf("%s: %q, want %q (%v)", what, source, want, err)
			}
		}
	}
	kept := keep(issue(t, root, named("DNS:idp.example.com")))
	expect("good", kept, "idp")

	files.write(files.ClientCA, next.certPEM())
	certificates.look()
	expect("the authority was removed", kept, "")
	files.write(files.ClientCA, next.certPEM(root))
	certificates.look()
	expect("both authorities", kept, "idp")
	expect("by the next authority", keep(issue(t, next, named("DNS:idp.example.com"))), "idp")

	names := func(san string) []Credential {
		return []Credential{Token("idp", secret), {Source: "idp", Name: "mtls", SANs: []string{san}}}
	}
	if err := s.SetCredentials(names("DNS:idp2.example.com")); err != nil {
		t.Fatal(err)
	}
	expect("the name was removed", kept, "")
	if err := s.SetCredentials(names("DNS:idp.example.com")); err != nil {
		t.Fatal(err)
	}
	expect("the name is back", kept, "idp")
}

// The end of a certificate counts on a connection that stands, too.
func TestClientCertificateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := authority(t, "clients", nil)
		log := &logBuffer{}
		logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		door := &Door{Certificates: newTLSFiles(t, root).load(logger), Log: logger}
		brief := named("DNS:idp.example.com")
		brief.NotAfter = time.Now().Add(time.Hour)
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		c := &conn{Conn: near, state: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{issue(t, root, brief).cert}}}
		if len(door.describe(c).VerifiedChains) == 0 {
			t.Error("it is not good before its end")
		}
		time.Sleep(time.Hour + time.Second)
		if len(door.describe(c).VerifiedChains) > 0 || !strings.Contains(log.String(), "expired") {
			t.Error("it is good after its end, or the log does not tell why it is not")
		}
	})
}

// TestClientCertificateCost: whatever is presented is refused in under 1 ms and 64 KiB.
func TestClientCertificateCost(t *testing.T) {
	root := authority(t, "clients", nil)
	cas := &ClientCAs{pool: x509.NewCertPool()}
	cas.pool.AddCert(root.cert)
	for name, v := range mtlsVectors(t, root) {
		var presented []*x509.Certificate
		for _, der := range v.cert.Certificate {
			if c, err := x509.ParseCertificate(der); err == nil {
				presented = append(presented, c)
			}
		}
		took, bytes := time.Hour, uint64(math.MaxUint64)
		for range 20 { // the machine has other work too
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			_, _ = cas.verify(presented)
			took = min(took, time.Since(begin))
			runtime.ReadMemStats(&after)
			bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
		}
		if took > time.Millisecond*slowdown || bytes > 64<<10 {
			t.Errorf("%s: %v and %d bytes", name, took, bytes)
		}
	}
}

// Without authorities no certificate is asked for, and none counts.
func TestNoClientCertificatesWithoutAuthorities(t *testing.T) {
	root := authority(t, "clients", nil)
	files := newTLSFiles(t)
	s, _, _ := newTLSServer(t, files, nil, certifiedSources)
	address, stop := serve(t, s)
	defer stop()
	asked := false
	config := files.clientConfig()
	cert := issue(t, root, named("DNS:idp.example.com")).tls()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { asked = true; return &cert, nil }
	if source, _ := whoAmI(address, config); source != "" || asked {
		t.Errorf("source %q, asked %v", source, asked)
	}
}

func TestCertificateNameOfTwoSources(t *testing.T) {
	_, err := newKeyring([]Credential{{Source: "a", SANs: []string{"DNS:x", "DNS:y"}}, {Source: "b", SANs: []string{"DNS:y"}}})
	if err == nil || !strings.Contains(err.Error(), "the sources a and b have the same certificate name DNS:y") {
		t.Error(err)
	}
	if _, err := newKeyring([]Credential{{Source: "a", SANs: []string{"DNS:x"}}, {Source: "a", Name: "next", SANs: []string{"DNS:x"}}}); err != nil {
		t.Error(err)
	}
}

// Who may only read may only read by a certificate too, alone and beside a token that may more.
func TestReadOnlyCertificate(t *testing.T) {
	k, err := newKeyring([]Credential{{Source: "a", SANs: []string{"DNS:x"}, ReadOnly: true}, Token("a", secret)})
	if err != nil {
		t.Fatal(err)
	}
	cert := issue(t, authority(t, "clients", nil), named("DNS:x")).cert
	r, _ := http.NewRequest("GET", "/", nil)
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{cert}}}
	for _, header := range []string{"", "Bearer " + secret} {
		if r.Header.Del("Authorization"); header != "" {
			r.Header.Set("Authorization", header)
		}
		if caller, err := k.admit(r); err != nil || caller.Source != "a" || !caller.ReadOnly {
			t.Errorf("%q: %+v %v", header, caller, err)
		}
	}
}
