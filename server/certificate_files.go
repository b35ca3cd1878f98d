package server

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// maxCertificateFile bounds each file: a longer one holds something else.
const maxCertificateFile = 1 << 20

// FileError tells which file is at fault. What is in a file is not told.
type FileError struct {
	File string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%q %v", e.File, e.Err) }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// readPair returns a certificate with its chain and key, and what was read.
func readPair(certFile, keyFile string) (*tls.Certificate, []byte, error) {
	cert, err := readFile(certFile, false)
	if err != nil {
		return nil, nil, err
	}
	key, err := readFile(keyFile, true)
	if err != nil {
		return nil, nil, err
	}
	content := bytes.Join([][]byte{cert, key}, []byte{0})
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, content, &FileError{certFile, fmt.Errorf("and the key in %q are no pair: %w", keyFile, err)}
	}
	return &pair, content, nil
}

// readClientCAs returns the authorities in a file, and what was read. All that is in the file has to be one.
func readClientCAs(file string) (*ClientCAs, []byte, error) {
	content, err := readFile(file, false)
	if err != nil {
		return nil, nil, err
	}
	cas := &ClientCAs{pool: x509.NewCertPool()}
	fault := func(format string, args ...any) (*ClientCAs, []byte, error) {
		return nil, content, &FileError{file, fmt.Errorf(format, args...)}
	}
	n := 0
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		n++
		if block.Type != "CERTIFICATE" {
			return fault("holds something that is no certificate in place %d: leave the certificates of the authorities alone in it", n)
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fault("holds a certificate that cannot be read in place %d: %w", n, err)
		}
		if !ca.BasicConstraintsValid || !ca.IsCA || ca.KeyUsage != 0 && ca.KeyUsage&x509.KeyUsageCertSign == 0 {
			return fault("holds a certificate that is none of an authority in place %d (%s): give those that sign client certificates", n, ca.Subject)
		}
		cas.pool.AddCert(ca)
		if cas.ends.IsZero() || ca.NotAfter.Before(cas.ends) {
			cas.ends = ca.NotAfter
		}
	}
	if n == 0 {
		return fault("holds no certificate: give those of the authorities in PEM")
	}
	return cas, content, nil
}

// readFile reads a file, or what a link leads to. A private one must be closed to others. The error is a *FileError.
func readFile(name string, private bool) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, unreadable(name, err)
	case !info.Mode().IsRegular():
		return nil, &FileError{name, errors.New("is not a file: give the name of a file in PEM")}
	case private && isOpen(info):
		return nil, &FileError{name, fmt.Errorf("is readable by others on this machine (mode %04o): chmod 600 it", info.Mode().Perm())}
	case info.Size() > maxCertificateFile:
		return nil, &FileError{name, fmt.Errorf("has %d bytes: give the name of a file in PEM", info.Size())}
	}
	content, err := io.ReadAll(io.LimitReader(f, maxCertificateFile))
	if err != nil {
		return nil, unreadable(name, err)
	}
	return content, nil
}

func unreadable(name string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err // the name is said already
	}
	return &FileError{name, fmt.Errorf("cannot be read: %w", err)}
}

// isOpen reports whether others may read the file. A group may if the file belongs to root and we do not: orchestrators give secrets to a group that
// has one member.
func isOpen(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	given := ok && owner.Uid == 0 && os.Getuid() != 0
	return info.Mode().Perm()&0o004 != 0 || info.Mode().Perm()&0o040 != 0 && !given
}
