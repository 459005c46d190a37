package metrics

import (
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pgsluice/internal/daemon/work"
)

const namespace = "pgsluice"

// Metrics are a daemon's. Their methods may be called from several goroutines.
type Metrics struct {
	service  work.Service
	registry *prometheus.Registry
	streams  prometheus.Gauge
	counts   counters

	began time.Time

	mu   sync.Mutex
	open map[string]*openTransfer // that have not ended, by id
	top  uint64                   // the largest number that was seen
	// completed and failed are when a transfer of a kind from or to a database ended so last.
	completed, failed map[lastKey]time.Time
}

// lastKey is what the last transfer is kept by.
type lastKey struct {
	kind     work.Kind
	database string
}

// openTransfer is one that has not ended, with what its last progress said.
type openTransfer struct {
	work.Transfer
	fresh    bool // it was seen from its creation on
	read     bool // somebody reads its progress
	progress progress
	at       time.Time // of that progress; zero before there is one
}

// New makes the metrics of a service; version is the program's.
func New(service work.Service, version string) *Metrics {
	m := &Metrics{
		service:   service,
		began:     time.Now(),
		registry:  prometheus.NewRegistry(),
		open:      map[string]*openTransfer{},
		completed: map[lastKey]time.Time{},
		failed:    map[lastKey]time.Time{},
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "event_streams", Help: "Event streams that readers of the API have open.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; its labels are the versions of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.counts = newCounters(m.registry)
	m.registry.MustRegister(
		m.streams, build, m,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler answers with the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Streams says that a reader has opened an event stream, by 1, or left it, by -1.
func (m *Metrics) Streams(by int) { m.streams.Add(float64(by)) }
