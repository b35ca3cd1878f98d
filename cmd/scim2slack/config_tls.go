package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"scim2slack/server"
)

// tlsConfig says how the listeners that others reach are entered: by TLS, or in the clear by the proxies that end it. Its zero value is for
// loopback alone.
type tlsConfig struct {
	CertFile, KeyFile, ClientCAFile string
	Terminated                      []string // addresses and networks of proxies
}

// mtlsConfig is how the client certificates of a source are named.
type mtlsConfig struct {
	SANs []string
}

func (t tlsConfig) ours() bool { return t.CertFile != "" || t.KeyFile != "" }

// proxies are the networks of the proxies.
func (t tlsConfig) proxies() (out []netip.Prefix) {
	for _, text := range t.Terminated {
		network, err := parseProxy(text)
		if err == nil { // checked when it was read
			out = append(out, network)
		}
	}
	return out
}

func parseProxy(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return a.Unmap().Prefix(a.Unmap().BitLen())
	}
	return netip.ParsePrefix(text)
}

// checkProxy wants an address or a network that is not the whole world.
func checkProxy(text string) error {
	network, err := parseProxy(text)
	switch {
	case err != nil:
		return fmt.Errorf("lists %s: use the addresses of proxies, such as 10.0.0.7 or 10.0.0.0/8", quoteValue(text))
	case network.Bits() == 0:
		return fmt.Errorf("lists %s, which is everybody: use the addresses of the proxies alone", quoteValue(text))
	case network != network.Masked():
		return fmt.Errorf("lists %s, which is an address within a network: use %s, or the address alone", quoteValue(text), network.Masked())
	case network.Addr().Is4In6():
		return fmt.Errorf("lists %s: write it as an IPv4 network", quoteValue(text))
	}
	return nil
}

// checkSAN wants a name as it stands in a certificate, with its kind before it.
func checkSAN(text string) error {
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "DNS", "URI", "email":
	default:
		return fmt.Errorf("lists %s: use DNS:host, URI:uri or email:address, as openssl x509 -ext subjectAltName prints them", quoteValue(text))
	}
	problem := ""
	parsed, err := url.Parse(name)
	switch {
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }):
		problem = "is no name in ASCII"
	case strings.Contains(name, "*"):
		problem = "has a wildcard in it, and names are compared letter for letter"
	case kind == "URI" && (err != nil || parsed.Scheme == ""):
		problem = "is no URI with a scheme"
	case kind == "email" && strings.Count(name, "@") != 1:
		problem = "is no address"
	}
	if problem != "" {
		return fmt.Errorf("lists %s, which %s: write the name as it stands in the certificate", quoteValue(text), problem)
	}
	return nil
}

// checkTLS finds out whether the listeners can be entered safely.
func (l *loader) checkTLS() {
	t := &l.config.TLS
	if t.ours() && len(t.Terminated) > 0 {
		l.report(l.origins["tls.terminated"], "tls.terminated", "is given beside certFile and keyFile: either this gateway speaks TLS or proxies end it before; keep one of the two")
	}
	for _, pair := range [][3]string{{"tls.certFile", t.CertFile, t.KeyFile}, {"tls.keyFile", t.KeyFile, t.CertFile}} {
		if pair[1] == "" && pair[2] != "" && !l.faulty(pair[0]) {
			l.reportMissing("tls", pair[0], tlsVariables[pair[0]], "is missing: certFile and keyFile belong together")
		}
	}
	if t.ClientCAFile != "" && !t.ours() {
		l.report(l.origins["tls.clientCAFile"], "tls.clientCAFile", "needs certFile and keyFile: clients show certificates to whoever speaks TLS with them")
	}
	if t.CertFile != "" && t.KeyFile != "" && !l.faulty("tls") {
		l.readCertificates(t)
	}
	l.checkReach("listen", l.config.Listen, "")
	l.checkReach("admin.listen", l.config.Admin.Listen, ", or use the socket beside the data file")
	l.checkCertificateNames()
}

var tlsVariables = map[string]string{"tls.certFile": variablePrefix + "TLS_CERT_FILE", "tls.keyFile": variablePrefix + "TLS_KEY_FILE"}

// readCertificates tries the files.
func (l *loader) readCertificates(t *tlsConfig) {
	certificates, err := server.LoadCertificates(t.files(), slog.New(slog.DiscardHandler))
	if fault := (*server.FileError)(nil); errors.As(err, &fault) {
		key := "tls.certFile"
		switch fault.File {
		case t.KeyFile:
			key = "tls.keyFile"
		case t.ClientCAFile:
			key = "tls.clientCAFile"
		}
		l.report(l.origins[key], key, "%v", fault)
		return
	}
	for what, ends := range certificates.Ends() {
		if time.Now().After(ends) {
			l.warn(l.origins["tls.certFile"], "tls.certFile", "the %s ended on %s: put a new one into its file", what, ends.UTC().Format(time.DateOnly))
		}
	}
}

func (t tlsConfig) files() server.CertificateFiles {
	return server.CertificateFiles{Cert: t.CertFile, Key: t.KeyFile, ClientCA: t.ClientCAFile}
}

// checkReach refuses to let others reach a listener in the clear.
func (l *loader) checkReach(key, address, or string) {
	t := l.config.TLS
	if isLoopback(address) || t.ours() || len(t.Terminated) > 0 || l.faulty(key, "tls") {
		return
	}
	l.report(l.origins[key], key, "%s is reached by other machines, and tokens and personal data would travel in the clear: set tls.certFile and tls.keyFile, "+
		"or tls.terminated to the addresses of the proxies that end TLS, or listen on 127.0.0.1%s", quote(address), or)
}

// checkCertificateNames wants each name to tell one source, and somebody who vouches for names.
func (l *loader) checkCertificateNames() {
	holders := map[string]string{}
	for i, s := range l.config.Sources {
		path := sourcePath(i, "mtls.san")
		for _, san := range s.MTLS.SANs {
			if other, taken := holders[san]; taken && other != s.Name {
				l.report(l.origins[path], path, "lists %s, as does the source %s: a name tells one source", quote(san), quote(other))
			}
			holders[san] = s.Name
		}
		if len(s.MTLS.SANs) > 0 && l.config.TLS.ClientCAFile == "" && !l.faulty("tls") {
			l.report(l.origins[path], path, "needs tls.clientCAFile: name the file with the authorities that sign client certificates")
		}
	}
	if len(holders) == 0 && l.config.TLS.ClientCAFile != "" && !l.faulty("tls") {
		l.warn(l.origins["tls.clientCAFile"], "tls.clientCAFile", "does nothing: no source lists names of certificates in mtls.san")
	}
}

// doors are how the listeners are entered. The admin listener is in the clear while it is on loopback, for probes and commands on this machine.
func (c *config) doors(certificates *server.Certificates, log *slog.Logger) (scim, admin *server.Door) {
	scim = &server.Door{Name: "SCIM", Certificates: certificates, Proxies: c.TLS.proxies(), Log: log}
	admin = &server.Door{Name: "admin", Log: log}
	if !isLoopback(c.Admin.Listen) {
		admin.Certificates, admin.Proxies = certificates, c.TLS.proxies()
	}
	return scim, admin
}
