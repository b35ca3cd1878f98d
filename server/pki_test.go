package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pkiMember is an authority of a test, or whoever wants to be one.
type pkiMember struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serials int64

// issue signs a certificate; without an authority it signs itself. What the template leaves out is filled: valid now, with a subject.
func issue(t testing.TB, by *pkiMember, template x509.Certificate) *pkiMember {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serials++
	template.SerialNumber = big.NewInt(serials)
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(100 * 24 * time.Hour)
	}
	if template.Subject.CommonName == "" {
		template.Subject = pkix.Name{CommonName: "test"}
	}
	parent, signer := &template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pkiMember{cert, key}
}

// authority makes a good CA.
func authority(t testing.TB, name string, by *pkiMember) *pkiMember {
	t.Helper()
	return issue(t, by, x509.Certificate{Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
}

func (i *pkiMember) certPEM(more ...*pkiMember) []byte {
	var out bytes.Buffer
	for _, c := range append([]*pkiMember{i}, more...) {
		pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
	}
	return out.Bytes()
}

func (i *pkiMember) keyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// tls is the certificate with the others that are presented with it.
func (i *pkiMember) tls(others ...*pkiMember) tls.Certificate {
	chain := [][]byte{i.cert.Raw}
	for _, o := range others {
		chain = append(chain, o.cert.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: i.key, Leaf: i.cert}
}

// tlsFiles are the files of a door in a test.
type tlsFiles struct {
	testing.TB
	CertificateFiles
	ca *pkiMember // of the server
}

func newTLSFiles(t testing.TB, clientCAs ...*pkiMember) *tlsFiles {
	t.Helper()
	dir := t.TempDir()
	f := &tlsFiles{TB: t, CertificateFiles: CertificateFiles{Cert: filepath.Join(dir, "cert"), Key: filepath.Join(dir, "key")}, ca: authority(t, "of the server", nil)}
	f.replacePair(f.serverCert())
	if len(clientCAs) > 0 {
		f.ClientCA = filepath.Join(dir, "ca")
		f.write(f.ClientCA, clientCAs[0].certPEM(clientCAs[1:]...))
	}
	return f
}

// serverCert is a new certificate of localhost.
func (f *tlsFiles) serverCert() *pkiMember {
	f.Helper()
	return issue(f, f.ca, x509.Certificate{DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature})
}

func (f *tlsFiles) replacePair(c *pkiMember) {
	f.Helper()
	f.write(f.Cert, c.certPEM())
	f.write(f.Key, c.keyPEM(f))
}

// write puts a file in place at once, as orchestrators do.
func (f *tlsFiles) write(name string, content []byte) {
	f.Helper()
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		f.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		f.Fatal(err)
	}
}

func (f *tlsFiles) load(log *slog.Logger) *Certificates {
	f.Helper()
	c, err := LoadCertificates(f.CertificateFiles, log)
	if err != nil {
		f.Fatal(err)
	}
	return c
}

// clientConfig is what an honest client speaks with.
func (f *tlsFiles) clientConfig(certs ...tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(f.ca.cert)
	config := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	if len(certs) > 0 { // whatever the server asks for
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certs[0], nil }
	}
	return config
}
