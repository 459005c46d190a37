// Package page is the daemon's web page: plain ES modules and style sheets that lie in the program, and the handler that serves them. It
// holds no data and knows no secret: the page asks the API for all that it shows, with the token that its user gives it.
//
// site/uplot is uPlot 1.6.32 as its npm package has it, with its licence.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed site
var site embed.FS

// policy is the page's Content-Security-Policy: nothing but our own files, no script or style within a document or made from a string,
// and no frame around it. With Trusted Types none, the browser itself refuses text that would become markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// assets is where the files are. The version that follows it is of their contents, so that they may be kept for good.
const assets = "/assets/"

// routes are the paths that are the page's own affair; a path that ends in a slash takes one more word.
var routes = []string{"/new", "/schedules", "/databases", "/transfers/"}

// types are those of the files. The system's own table is not asked: it may say anything.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	"": "text/plain; charset=utf-8",
}

// Handler serves the page: its files under /assets/, and its one document at / and at the paths of its views. Of other paths it says that
// nothing is there. It may be used from several goroutines.
func Handler() http.Handler {
	files, err := fs.Sub(site, "site")
	if err != nil {
		panic(err) // embed.FS has what go:embed names
	}
	version, err := digest(files)
	if err != nil {
		panic(err)
	}
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		panic(err)
	}
	h := &handler{files: files, version: version, index: bytes.ReplaceAll(index, []byte("VERSION"), []byte(version))}
	h.etag = fmt.Sprintf(`"%s"`, version)
	return h
}

type handler struct {
	files   fs.FS
	version string // of all files, a part of their paths
	index   []byte
	etag    string // of the document
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "the page is only read", http.StatusMethodNotAllowed)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, assets); ok {
		h.file(w, r, name)
		return
	}
	if !isRoute(r.URL.Path) {
		http.Error(w, "nothing is here", http.StatusNotFound)
		return
	}
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Cache-Control", "no-cache")
	head.Set("ETag", h.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.index))
}

// file serves VERSION/NAME. An older version is nowhere: a document that asks for it is older than this program, and must be loaded again.
func (h *handler) file(w http.ResponseWriter, r *http.Request, name string) {
	version, name, _ := strings.Cut(name, "/")
	data, err := fs.ReadFile(h.files, name)
	if version != h.version || err != nil {
		http.Error(w, "nothing is here", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", h.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func isRoute(p string) bool {
	if p == "/" {
		return true
	}
	for _, route := range routes {
		rest, ok := strings.CutPrefix(p, route)
		if !ok {
			continue
		}
		if !strings.HasSuffix(route, "/") {
			return rest == ""
		}
		return rest != "" && !strings.Contains(rest, "/")
	}
	return false
}

// digest is a hash over names and contents of all files.
func digest(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s %d\n", name, len(data))
		sum.Write(data)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:8]), err
}
