package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"scim2slack/server"
)

// writePair writes a certificate of localhost that signs itself, and its key, and returns the names of the files.
func writePair(t testing.TB, dir string, ends time.Time, isCA bool) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: ends,
		DNSNames: []string{"localhost"}, BasicConstraintsValid: true, IsCA: isCA}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestConfigTLS(t *testing.T) {
	dir, otherDir, oldDir := t.TempDir(), t.TempDir(), t.TempDir()
	cert, key := writePair(t, dir, time.Now().Add(time.Hour), true)
	_, otherKey := writePair(t, otherDir, time.Now().Add(time.Hour), false)
	oldCert, oldKey := writePair(t, oldDir, time.Now().Add(-24*time.Hour), false)
	open := filepath.Join(dir, "open.pem")
	if err := os.WriteFile(open, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	pair := "tls: {certFile: " + cert + ", keyFile: " + key + "}\n"
	const inClear = " is reached by other machines, and tokens and personal data would travel in the clear: set tls.certFile and tls.keyFile, or tls.terminated to the addresses of the proxies that end TLS, or listen on 127.0.0.1"
	tests := []struct {
		name, file       string
		environ          []string
		faults, warnings []string
	}{
		{"loopback in the clear", minimal + "listen: '[::1]:8080'\n", nil, nil, nil},
		{"everywhere in the clear", minimal + "listen: :8080\nadmin: {listen: 0.0.0.0:8081}\n", nil, []string{`f:3:1: listen: ":8080"` + inClear,
			`f:4:9: admin.listen: "0.0.0.0:8081"` + inClear + ", or use the socket beside the data file"}, nil},
		{"by a variable", minimal, []string{"SCIM2SLACK_LISTEN=10.0.0.1:8080"}, []string{`SCIM2SLACK_LISTEN: "10.0.0.1:8080"` + inClear}, nil},
		{"TLS", minimal + "listen: :8080\nadmin: {listen: :8081}\n" + pair, nil, nil, nil},
		{"TLS by variables", minimal, []string{"SCIM2SLACK_LISTEN=:8080", "SCIM2SLACK_TLS_CERT_FILE=" + cert, "SCIM2SLACK_TLS_KEY_FILE=" + key}, nil, nil},
		{"proxies", minimal + "listen: :8080\nadmin: {listen: :8081}\ntls: {terminated: [10.0.0.0/8, 192.0.2.1, '2001:db8::/32']}\n", nil, nil, nil},
		{"proxies by a variable", minimal, []string{"SCIM2SLACK_LISTEN=:8080", "SCIM2SLACK_TLS_TERMINATED=10.0.0.0/8, 192.0.2.1"}, nil, nil},
		{"everybody a proxy", minimal + "listen: :8080\ntls: {terminated: [0.0.0.0/0]}\n", nil, []string{`f:4:19: tls.terminated: lists "0.0.0.0/0", which is everybody: use the addresses of the proxies alone`}, nil},
		{"no proxy", minimal + "tls: {terminated: [proxy.example.com]}\n", nil, []string{`f:3:19: tls.terminated: lists "proxy.example.com": use the addresses of proxies, such as 10.0.0.7 or 10.0.0.0/8`}, nil},
		{"half a network", minimal + "tls: {terminated: [10.0.0.7/8]}\n", nil, []string{`f:3:19: tls.terminated: lists "10.0.0.7/8", which is an address within a network: use 10.0.0.0/8, or the address alone`}, nil},
		{"both", minimal + "tls: {terminated: [10.0.0.7], certFile: " + cert + ", keyFile: " + key + "}\n", nil, []string{
			"f:3:7: tls.terminated: is given beside certFile and keyFile: either this gateway speaks TLS or proxies end it before; keep one of the two"}, nil},
		{"no key", minimal + "listen: :8080\ntls: {certFile: " + cert + "}\n", nil, []string{"f:4:1: tls.keyFile: is missing: certFile and keyFile belong together"}, nil},
		{"no certificate", "", []string{"SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_TOKEN=token-of-the-source", "SCIM2SLACK_TLS_KEY_FILE=" + key}, []string{
			"SCIM2SLACK_TLS_CERT_FILE: is missing: certFile and keyFile belong together"}, nil},
		{"no pair", minimal + "tls:\n  certFile: " + cert + "\n  keyFile: " + otherKey + "\n", nil, []string{
			`f:4:3: tls.certFile: "` + cert + `" and the key in "` + otherKey + `" are no pair: tls: private key does not match public key`}, nil},
		{"a key that all may read", minimal + "tls:\n  certFile: " + cert + "\n  keyFile: " + open + "\n", nil, []string{
			`f:5:3: tls.keyFile: "` + open + `" is readable by others on this machine (mode 0644): chmod 600 it`}, nil},
		{"a file that is not there", minimal + "tls:\n  certFile: " + cert + "\n  keyFile: none\n", nil, []string{`f:5:3: tls.keyFile: "none" cannot be read: no such file or directory`}, nil},
		{"ended", minimal + "tls: {certFile: " + oldCert + ", keyFile: " + oldKey + "}\n", nil, nil, []string{
			"f:3:7: tls.certFile: the certificate ended on " + time.Now().Add(-24*time.Hour).UTC().Format(time.DateOnly) + ": put a new one into its file"}},
		{"client certificates", "slack: {token: xoxp-of-slack-000}\nsources: [{name: a, mtls: {san: ['DNS:a.example.com', 'URI:spiffe://a/b', 'email:a@b.c']}}]\ntls: {certFile: " + cert + ", keyFile: " + key + ", clientCAFile: " + cert + "}\n", nil, nil, nil},
		{"client certificates by a variable", "", []string{"SCIM2SLACK_SLACK_TOKEN=xoxp-of-slack-000", "SCIM2SLACK_MTLS_SAN=DNS:a.example.com,DNS:b.example.com", "SCIM2SLACK_TLS_CERT_FILE=" + cert, "SCIM2SLACK_TLS_KEY_FILE=" + key, "SCIM2SLACK_TLS_CLIENT_CA_FILE=" + cert}, nil, nil},
		{"client certificates of nobody", minimal + "tls:\n  certFile: " + cert + "\n  keyFile: " + key + "\n  clientCAFile: " + cert + "\n", nil, nil, []string{
			"f:6:3: tls.clientCAFile: does nothing: no source lists names of certificates in mtls.san"}},
		{"client certificates without TLS", minimal + "tls: {clientCAFile: " + cert + "}\n", nil, []string{"f:3:7: tls.clientCAFile: needs certFile and keyFile: clients show certificates to whoever speaks TLS with them"}, nil},
		{"an authority that is none", "slack: {token: xoxp-of-slack-000}\nsources: [{name: a, mtls: {san: ['DNS:a']}}]\ntls:\n  certFile: " + cert + "\n  keyFile: " + key + "\n  clientCAFile: " + oldCert + "\n", nil, []string{
			`f:6:3: tls.clientCAFile: "` + oldCert + `" holds a certificate that is none of an authority in place 1 (CN=test): give those that sign client certificates`}, nil},
		{"names without an authority", "slack: {token: xoxp-of-slack-000}\nsources: [{name: a, mtls: {san: ['DNS:a']}}]\n" + pair, nil, []string{
			"f:2:28: sources[0].mtls.san: needs tls.clientCAFile: name the file with the authorities that sign client certificates"}, nil},
		{"a name of two", "slack: {token: xoxp-of-slack-000}\nsources:\n- {name: a, mtls: {san: ['DNS:a']}}\n- {name: b, mtls: {san: ['DNS:b', 'DNS:a']}}\ntls: {certFile: " + cert + ", keyFile: " + key + ", clientCAFile: " + cert + "}\n", nil, []string{
			`f:4:20: sources[1].mtls.san: lists "DNS:a", as does the source "a": a name tells one source`}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults, warnings := load(t, test.file, test.environ...)
			if diff := cmp.Diff(test.faults, faults); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.warnings, warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The admin listener is in the clear on loopback, whatever the other one speaks, and is entered like it elsewhere.
func TestDoors(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), time.Now().Add(time.Hour), false)
	log := slog.New(slog.DiscardHandler)
	for adminListen, secure := range map[string]bool{"127.0.0.1:8081": false, ":8081": true} {
		c := &config{Admin: adminConfig{Listen: adminListen}, TLS: tlsConfig{CertFile: cert, KeyFile: key}}
		certificates, err := server.LoadCertificates(c.TLS.files(), log)
		if err != nil {
			t.Fatal(err)
		}
		scim, admin := c.doors(certificates, log)
		if scim.Scheme() != "https" || (admin.Scheme() == "https") != secure {
			t.Errorf("%s: %s and %s", adminListen, scim.Scheme(), admin.Scheme())
		}
		c.TLS = tlsConfig{Terminated: []string{"10.0.0.7", "::ffff:10.0.0.8", "10.1.0.0/16", "2001:db8::/32"}}
		scim, admin = c.doors(nil, log)
		if got := fmt.Sprint(scim.Proxies); got != "[10.0.0.7/32 10.0.0.8/32 10.1.0.0/16 2001:db8::/32]" || (len(admin.Proxies) > 0) != secure {
			t.Errorf("%s: %v and %v", adminListen, scim.Proxies, admin.Proxies)
		}
	}
}

func TestDoorMetrics(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), time.Unix(2_000_000_000, 0), false)
	log := slog.New(slog.DiscardHandler)
	certificates, err := server.LoadCertificates(server.CertificateFiles{Cert: cert, Key: key}, log)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(doorMetrics{[]*server.Door{{Name: "SCIM", Log: log}}, certificates})
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{`scim2slack_certificate_ends_timestamp_seconds{certificate="certificate"} 2e+09`, `scim2slack_connections{listener="SCIM"} 0`,
		`scim2slack_connections_cut_total{listener="SCIM",reason="malformed"} 0`} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("there is no %s in %s", line, w.Body)
		}
	}
}

func TestCheckSAN(t *testing.T) {
	for _, good := range []string{"DNS:a", "DNS:a.example.com", "URI:spiffe://a/b", "URI:urn:x:y", "email:a@b.c"} {
		if err := checkSAN(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "a.example.com", "dns:a", "IP:10.0.0.1", "DNS:", "DNS:*.example.com", "DNS:a b", "DNS:ä", "URI:a", "URI:%zz", "email:a", "email:a@b@c", "CN=a"} {
		if err := checkSAN(bad); err == nil || !strings.Contains(err.Error(), ": use DNS:host") && !strings.Contains(err.Error(), "write the name as it stands") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
