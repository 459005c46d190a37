package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	cert, key := writeCertificate(t, t.TempDir(), 1)
	for name, c := range map[string]struct {
		address, cert, key string
		insecure           bool
		want               string // "" is success
	}{
		"loopback":           {"127.0.0.1:0", "", "", false, ""},
		"loopback by name":   {"localhost:0", "", "", false, ""},
		"all":                {":0", "", "", false, "others could read the tokens"},
		"all of IPv4":        {"0.0.0.0:0", "", "", false, "others could read the tokens"},
		"a name":             {"db.example:0", "", "", false, "others could read the tokens"},
		"all with TLS":       {":0", cert, key, false, ""},
		"all and insecure":   {"0.0.0.0:0", "", "", true, ""},
		"no port":            {"127.0.0.1", "", "", false, "HOST:PORT"},
		"no key":             {"127.0.0.1:0", cert, "", false, "needs its key"},
		"no certificate":     {"127.0.0.1:0", "", key, false, "needs its key"},
		"key as certificate": {"127.0.0.1:0", key, key, false, "certificate"},
		"no such file":       {"127.0.0.1:0", cert + "x", key, false, "no such file"},
	} {
		l, err := listen(c.address, c.cert, c.key, c.insecure)
		if err == nil {
			l.Close()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestRenewedCertificateIsServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writeCertificate(t, dir, 1)
	l, err := listen("127.0.0.1:0", cert, key, false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	if n := serial(t, l.Addr()); n != 1 {
		t.Errorf("certificate %d", n)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	later(t, cert, 1)
	if n := serial(t, l.Addr()); n != 1 {
		t.Errorf("certificate %d while it is renewed", n)
	}
	writeCertificate(t, dir, 2)
	later(t, cert, 2)
	if n := serial(t, l.Addr()); n != 2 {
		t.Errorf("certificate %d behind its renewal", n)
	}
}

// later dates a file into the future: clocks of file systems are coarse.
func later(t *testing.T, file string, hours int) {
	t.Helper()
	at := time.Now().Add(time.Duration(hours) * time.Hour)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// serial is that of the certificate which a server shows.
func serial(t *testing.T, to net.Addr) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", to.String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	number := c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	return number
}

func writeCertificate(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
