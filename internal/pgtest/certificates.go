package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// TLSFiles are the paths of PEM files.
type TLSFiles struct {
	CA                          string // signed all certificates below
	OtherCA                     string // signed none of them
	Cert, Key                   string // for localhost and 127.0.0.1
	WrongHostCert, WrongHostKey string // for wrong.example alone
}

// authority is a certificate authority of the tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func makeCertificates(dir string) (TLSFiles, error) {
	files := TLSFiles{
		CA: filepath.Join(dir, "ca.pem"), OtherCA: filepath.Join(dir, "other-ca.pem"),
		Cert: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key"),
		WrongHostCert: filepath.Join(dir, "wrong.pem"), WrongHostKey: filepath.Join(dir, "wrong.key"),
	}
	ca, err := newAuthority("pgsluice test CA", files.CA)
	if err != nil {
		return TLSFiles{}, err
	}
	if _, err := newAuthority("pgsluice other test CA", files.OtherCA); err != nil {
		return TLSFiles{}, err
	}
	if err := ca.issue(files.Cert, files.Key, []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return TLSFiles{}, err
	}
	if err := ca.issue(files.WrongHostCert, files.WrongHostKey, []string{"wrong.example"}, nil); err != nil {
		return TLSFiles{}, err
	}
	return files, nil
}

func newAuthority(name, path string) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := certificate(name)
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, err
	}
	return authority{cert, key}, writePEM(path, "CERTIFICATE", der)
}

// issue writes a server's certificate and its key.
func (a authority) issue(certPath, keyPath string, hosts []string, ips []net.IP) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificate("pgsluice test server")
	template.DNSNames, template.IPAddresses = hosts, ips
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(keyPath, "PRIVATE KEY", keyDER); err != nil {
		return err
	}
	return writePEM(certPath, "CERTIFICATE", der)
}

// certificate is valid for a day around now: clocks of containers differ a little.
func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(23 * time.Hour),
	}
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
