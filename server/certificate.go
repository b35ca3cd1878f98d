package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A client certificate proves a source by a name in it that is listed for the source. The names are compared byte for byte, in their
// kind: whatever else looks alike, such as another case, a wildcard or the common name, is another name. Nothing that a header says of a certificate
// counts (RFC 9440 and its forerunners).

// Limits of a client certificate, which is looked at before anybody is known.
const (
	maxClientChain       = 4        // certificates: its own and up to three of authorities in between
	maxClientCertificate = 16 << 10 // bytes of them all
)

// verify returns the chains that make a client certificate good now, by the authorities that count now. It is asked at every request, so that nothing
// outlives a certificate that has ended or an authority that was removed.
func (cas *ClientCAs) verify(presented []*x509.Certificate) ([][]*x509.Certificate, error) {
	if cas == nil || len(presented) == 0 {
		return nil, nil
	}
	size, between := 0, x509.NewCertPool()
	for i, c := range presented {
		if size += len(c.Raw); i > 0 {
			between.AddCert(c)
		}
	}
	own := presented[0]
	switch {
	case len(presented) > maxClientChain:
		return nil, fmt.Errorf("it comes with %d others", len(presented)-1)
	case size > maxClientCertificate:
		return nil, fmt.Errorf("it has %d bytes", size)
	case own.IsCA:
		return nil, errors.New("it is that of an authority")
	case !slices.Contains(own.ExtKeyUsage, x509.ExtKeyUsageClientAuth): // Verify takes a certificate without usages for one with all
		return nil, errors.New("it is not one for TLS clients (extended key usage)")
	case own.KeyUsage != 0 && own.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return nil, errors.New("its key is not one for signatures (key usage)")
	}
	return own.Verify(x509.VerifyOptions{Roots: cas.pool, Intermediates: between, CurrentTime: time.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// addCertified makes the names of a credential prove its source.
func (k *keyring) addCertified(c Credential) error {
	for _, san := range c.SANs {
		if other, taken := k.certified[san]; taken && other.Source != c.Source {
			return fmt.Errorf("the sources %s and %s have the same certificate name %s: nobody could tell who is calling", other.Source, c.Source, san)
		}
		k.certified[san] = c
	}
	return nil
}

// byCertificate returns who the verified client certificate proves: the zero Caller if there is none, or none that names a source. It is an
// error if it names several.
func (k *keyring) byCertificate(state *tls.ConnectionState) (Caller, error) {
	if state == nil || len(state.VerifiedChains) == 0 {
		return Caller{}, nil
	}
	var found Caller
	for _, name := range namesOf(state.VerifiedChains[0][0]) {
		c, known := k.certified[name]
		if known && found.Source != "" && found.Source != c.Source {
			return Caller{}, fmt.Errorf("the client certificate names both %s and %s", found.Source, c.Source)
		}
		if known {
			found = c.caller()
		}
	}
	return found, nil
}

// besides returns who calls with a certificate that names a source, and perhaps another credential. Both have to be good then, and of one
// source; what one of them may not, the caller may not.
//
// A certificate that names no source is as good as none: clients and proxies on the way present certificates that are meant for others, and what
// they present in a header decides.
func (k *keyring) besides(certified Caller, err error, headers http.Header) (Caller, error) {
	if err != nil || !k.presentsAny(headers) {
		return certified, err
	}
	caller, err := k.byHeader(headers)
	if err != nil {
		return Caller{}, fmt.Errorf("beside the client certificate of %s: %w", certified.Source, err)
	}
	if caller.Source != certified.Source {
		return Caller{}, fmt.Errorf("a credential of %s beside the client certificate of %s", caller.Source, certified.Source)
	}
	caller.ReadOnly = caller.ReadOnly || certified.ReadOnly
	return caller, nil
}

// namesOf returns the alternative names of a certificate, byte for byte: what crypto/x509 makes of a URI may differ from it.
func namesOf(c *x509.Certificate) (names []string) {
	kinds := map[int]string{1: "email:", 2: "DNS:", 6: "URI:"} // RFC 5280 section 4.2.1.6
	for _, extension := range c.Extensions {
		if !extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var values []asn1.RawValue
		if _, err := asn1.Unmarshal(extension.Value, &values); err != nil {
			return nil // crypto/x509 has read it already: cannot happen
		}
		for _, v := range values {
			if kind, known := kinds[v.Tag]; known && v.Class == asn1.ClassContextSpecific {
				names = append(names, kind+string(v.Bytes))
			}
		}
	}
	return names
}
