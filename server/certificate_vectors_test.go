package server

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var clientUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

// certifiedSources are two sources that are told by certificates, and by tokens.
func certifiedSources(c *Config) {
	c.Credentials = append(c.Credentials, Credential{Source: "idp", Name: "mtls", SANs: []string{"DNS:idp.example.com", "URI:spiffe://example.com/idp", "email:idp@example.com"}},
		Credential{Source: "other", Name: "mtls", SANs: []string{"DNS:other.example.com"}}, Credential{Source: "reader", Name: "mtls", ReadOnly: true, SANs: []string{"DNS:reader.example.com"}})
}

// certificateVector is a certificate that is presented, perhaps with headers, and the source that it may prove; "" is none.
type certificateVector struct {
	cert    tls.Certificate
	headers []string
	want    string
}

// named is the template of a good client certificate with the names, which begin with their kind.
func named(names ...string) x509.Certificate {
	t := x509.Certificate{ExtKeyUsage: clientUsage, KeyUsage: x509.KeyUsageDigitalSignature}
	for _, name := range names {
		kind, value, _ := strings.Cut(name, ":")
		switch kind {
		case "DNS":
			t.DNSNames = append(t.DNSNames, value)
		case "email":
			t.EmailAddresses = append(t.EmailAddresses, value)
		case "URI":
			u, err := url.Parse(value)
			if err != nil {
				panic(err)
			}
			t.URIs = append(t.URIs, u)
		case "IP":
			t.IPAddresses = append(t.IPAddresses, net.ParseIP(value))
		}
	}
	return t
}

// rawSAN is a template with an extension of alternative names that is written by hand: tags and values.
func rawSAN(t testing.TB, critical bool, values ...any) x509.Certificate {
	t.Helper()
	var names []asn1.RawValue
	for i := 0; i < len(values); i += 2 {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: values[i].(int), Bytes: []byte(values[i+1].(string))})
	}
	der, err := asn1.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	template := named()
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: critical, Value: der}}
	return template
}

func mtlsVectors(t testing.TB, root *pkiMember) map[string]certificateVector {
	t.Helper()
	vectors := map[string]certificateVector{}
	add := func(name, want string, by *pkiMember, template x509.Certificate, others ...*pkiMember) {
		t.Helper()
		if _, twice := vectors[name]; twice {
			t.Fatalf("%s is there twice", name)
		}
		vectors[name] = certificateVector{cert: issue(t, by, template).tls(others...), want: want}
	}
	// change makes a good certificate another one in one point.
	change := func(f func(*x509.Certificate)) x509.Certificate {
		template := named("DNS:idp.example.com")
		f(&template)
		return template
	}
	between := authority(t, "between", root)

	add("good: DNS", "idp", root, named("DNS:idp.example.com"))
	add("good: URI", "idp", root, named("URI:spiffe://example.com/idp"))
	add("good: email", "idp", root, named("email:idp@example.com"))
	add("good: the other source", "other", root, named("DNS:other.example.com"))
	add("good: several names of one source", "idp", root, named("DNS:idp.example.com", "URI:spiffe://example.com/idp", "DNS:elsewhere.example.com"))
	add("good: by an authority in between", "idp", between, named("DNS:idp.example.com"), between)
	add("good: with the authority itself", "idp", root, named("DNS:idp.example.com"), root)
	add("good: client and server", "idp", root, change(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) }))
	add("good: critical names", "idp", root, rawSAN(t, true, 2, "idp.example.com"))

	// Names that only look alike.
	for _, name := range []string{"DNS:IDP.example.com", "DNS:idp.example.com.", "DNS:idp.Example.com", "DNS:*.example.com", "DNS:*", "DNS:*.idp.example.com", "DNS:example.com", "DNS:sub.idp.example.com", "DNS:idp.example.com.evil.test",
		"DNS:idp-example.com", "DNS:xidp.example.com", "DNS:idp.example.co", "DNS:xn--idp-example.com", "DNS:idp", "DNS:spiffe.example.com",
		"URI:spiffe://example.com/idp/", "URI:spiffe://example.com/IDP", "URI:spiffe://example.com/idp?x", "URI:spiffe://example.com/idp%20", "URI:spiffe://example.com/", "URI:https://example.com/idp", "URI:spiffe://example.com:443/idp", "URI:spiffe://x@example.com/idp", "URI:https://idp.example.com", "URI:dns:idp.example.com",
		"email:IDP@example.com", "email:idp@Example.com", "email:idp@example.com.evil.test", "email:xidp@example.com", "email:idp@sub.example.com", "IP:127.0.0.1", "IP:::1"} {
		add("name "+name, "", root, named(name))
	}
	add("common name alone", "", root, x509.Certificate{Subject: pkix.Name{CommonName: "idp.example.com"}, ExtKeyUsage: clientUsage, KeyUsage: x509.KeyUsageDigitalSignature})
	add("common name beside another name", "", root, change(func(c *x509.Certificate) {
		c.DNSNames, c.Subject = []string{"elsewhere.example.com"}, pkix.Name{CommonName: "idp.example.com"}
	}))
	for name, values := range map[string][]any{
		"DNS name as URI": {6, "idp.example.com"}, "DNS name as email": {1, "idp.example.com"}, "URI as DNS name": {2, "spiffe://example.com/idp"}, "URI as email": {1, "spiffe://example.com/idp"}, "email as DNS name": {2, "idp@example.com"},
		"a registered id": {8, "\x2a\x03"}, "other name": {0, "\x06\x03\x2a\x03\x04\xa0\x11\x0c\x0fidp.example.com"}, "URI with a scheme in capitals": {6, "SPIFFE://example.com/idp"}, "URI with an escape for a letter": {6, "spiffe://example.com/%69dp"}, "URI with a port without number": {6, "spiffe://example.com:/idp"},
		"URI with an empty fragment": {6, "spiffe://example.com/idp#"}, "URI with an empty query": {6, "spiffe://example.com/idp?"}, "blank before": {2, " idp.example.com"}, "blank behind": {2, "idp.example.com "}, "kind in the name": {2, "DNS:idp.example.com"}, "NUL behind": {2, "idp.example.com\x00.evil.test"}, "comma": {2, "idp.example.com,other"}, "line break": {2, "idp.example.com\n"}, "no names": {},
	} {
		add("names by hand: "+name, "", root, rawSAN(t, false, values...))
	}
	add("names of two sources", "", root, named("DNS:idp.example.com", "DNS:other.example.com"))
	add("names of two sources, the other way on", "", root, named("DNS:other.example.com", "email:idp@example.com"))

	// Time.
	now := time.Now()
	add("expired", "", root, change(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }))
	add("expired long ago", "", root, change(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-10, 0, 0), now.AddDate(-9, 0, 0) }))
	add("not yet valid", "", root, change(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }))
	add("valid never", "", root, change(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(time.Hour), now.Add(-time.Hour) }))
	ca := func(f func(*x509.Certificate)) x509.Certificate {
		template := x509.Certificate{Subject: pkix.Name{CommonName: "between"}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
		f(&template)
		return template
	}
	by := func(name string, template x509.Certificate) {
		t.Helper()
		c := issue(t, root, template)
		add(name, "", c, named("DNS:idp.example.com"), c)
	}
	by("authority in between expired", ca(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }))
	by("authority in between not yet valid", ca(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }))

	// Usage.
	for name, usage := range map[string][]x509.ExtKeyUsage{"none": nil, "any": {x509.ExtKeyUsageAny}, "server": {x509.ExtKeyUsageServerAuth}, "code": {x509.ExtKeyUsageCodeSigning}, "email": {x509.ExtKeyUsageEmailProtection}, "time stamps": {x509.ExtKeyUsageTimeStamping}, "OCSP": {x509.ExtKeyUsageOCSPSigning}} {
		add("extended usage "+name, "", root, change(func(c *x509.Certificate) { c.ExtKeyUsage = usage }))
	}
	add("usage without signatures", "", root, change(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))
	add("unknown critical extension", "", root, change(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	}))
	by("authority in between for servers alone", ca(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))

	// Chains.
	add("signed by itself", "", nil, named("DNS:idp.example.com"))
	stranger := authority(t, "clients", nil) // by the same name as the good one
	add("wrong authority", "", stranger, named("DNS:idp.example.com"))
	add("wrong authority, presented too", "", stranger, named("DNS:idp.example.com"), stranger)
	add("wrong authority, the good one beside it", "", stranger, named("DNS:idp.example.com"), root)
	add("authority in between not presented", "", between, named("DNS:idp.example.com"))
	add("the authority of the server", "", authority(t, "of the server", nil), named("DNS:idp.example.com"))
	by("authority in between that is none", ca(func(c *x509.Certificate) { c.IsCA = false }))
	by("authority in between without basic constraints", ca(func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = false, false }))
	by("authority in between that may not sign", ca(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }))
	by("authority in between for other names", ca(func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"elsewhere.test"}
	}))
	by("authority in between not for these names", ca(func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, []string{"example.com"}
	}))
	leaf := issue(t, root, named("DNS:elsewhere.example.com"))
	add("signed by a client", "", leaf, named("DNS:idp.example.com"), leaf)
	none := issue(t, root, ca(func(c *x509.Certificate) { c.MaxPathLenZero = true }))
	deeper := authority(t, "deeper", none)
	add("deeper than the authority allows", "", deeper, named("DNS:idp.example.com"), deeper, none)
	chain := []*pkiMember{between}
	for range 5 {
		chain = append([]*pkiMember{authority(t, fmt.Sprintf("level %d", len(chain)), chain[0])}, chain...)
	}
	add("chain too long", "", chain[0], named("DNS:idp.example.com"), chain...)
	add("too many others", "", root, named("DNS:idp.example.com"), slices.Repeat([]*pkiMember{between}, 5)...)
	add("a hundred others", "", root, named("DNS:idp.example.com"), slices.Repeat([]*pkiMember{between}, 100)...)
	vectors["an authority itself"] = certificateVector{cert: root.tls()}
	vectors["an authority with the name"] = certificateVector{cert: issue(t, root, ca(func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage, c.KeyUsage = []string{"idp.example.com"}, clientUsage, c.KeyUsage|x509.KeyUsageDigitalSignature
	})).tls()}

	// Size.
	add("huge", "", root, change(func(c *x509.Certificate) {
		for i := range 2000 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("host-%d.example.com", i))
		}
	}))
	add("huge extension", "", root, change(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, 40<<10)}}
	}))
	add("more than a handshake takes", "", root, change(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, 300<<10)}}
	}))

	// A certificate beside other credentials.
	idp, other, unknown := vectors["good: DNS"].cert, vectors["good: the other source"].cert, vectors["wrong authority"].cert
	token, otherToken := "Bearer "+secret, "Bearer another-token"
	for name, v := range map[string]certificateVector{
		"certificate and token of one source":     {idp, []string{"Authorization", token}, "idp"},
		"certificate and token of another":        {idp, []string{"Authorization", otherToken}, ""},
		"the other way on":                        {other, []string{"Authorization", token}, ""},
		"certificate and a wrong token":           {idp, []string{"Authorization", "Bearer of-nobody"}, ""},
		"certificate and an empty header":         {idp, []string{"Authorization", ""}, ""},
		"unknown certificate, good token":         {unknown, []string{"Authorization", token}, "idp"},
		"unknown certificate, wrong token":        {unknown, []string{"Authorization", "Bearer of-nobody"}, ""},
		"two sources named, good token":           {vectors["names of two sources"].cert, []string{"Authorization", token}, ""},
		"no certificate, good token":              {tls.Certificate{}, []string{"Authorization", token}, "idp"},
		"no certificate":                          {tls.Certificate{}, nil, ""},
		"no certificate, Client-Cert":             {tls.Certificate{}, []string{"Client-Cert", ":" + string(idp.Certificate[0]) + ":"}, ""},
		"no certificate, X-SSL-Client-Cert":       {tls.Certificate{}, []string{"X-SSL-Client-Cert", "x", "X-SSL-Client-Verify", "SUCCESS", "X-SSL-Client-S-DN", "CN=idp.example.com"}, ""},
		"no certificate, X-Forwarded-Client-Cert": {tls.Certificate{}, []string{"X-Forwarded-Client-Cert", `By=x;Hash=y;URI=spiffe://example.com/idp;DNS=idp.example.com`}, ""},
		"unknown certificate, headers of a good":  {unknown, []string{"X-Forwarded-Client-Cert", `DNS=idp.example.com`, "X-Client-Cert-San", "idp.example.com"}, ""},
	} {
		vectors["beside: "+name] = v
	}
	return vectors
}
