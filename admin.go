package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/notewire/notewire/graph"
	"github.com/notewire/notewire/internal/notify"
	"github.com/notewire/notewire/internal/postgres"
	"github.com/notewire/notewire/internal/stream"
)

// serveAdmin opens the listener for operators: metrics and profiles, on loopback unless told otherwise.
// The function it returns closes it. A port that is taken is no reason not to serve.
func serveAdmin(addr string, log *slog.Logger, metrics *prometheus.Registry) func() {
	if addr == "off" {
		return func() {}
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Warn("no metrics and profiles: choose another address with --admin-addr, or off", "error", err)
		return func() {}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	log.Debug("metrics and profiles", "url", "http://"+listener.Addr().String()+"/metrics")
	return func() { _ = server.Close() }
}

// newMetrics are the figures of this process.
func newMetrics(db *postgres.DB, api *graph.API, hub *stream.Hub, bell *notify.Bell) *prometheus.Registry {
	r := prometheus.NewRegistry()
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "notewire", Name: name, Help: help}, value))
	}
	gauge("sockets", "Open websockets and event streams.", func() float64 { return float64(api.Open()) })
	gauge("subscriptions", "Open subscriptions.", func() float64 { return float64(hub.Subscriptions()) })
	gauge("broker_connected", "1 while wake-ups of other processes come in.", func() float64 {
		if hub.Connected() {
			return 1
		}
		return 0
	})
	r.MustRegister(fanouts{bell}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(db.DB, "notewire"))
	return r
}

// fanouts are the figures of what the workers have still to tell to watchers, and to take back. They are the
// site's, not this process's.
type fanouts struct{ bell *notify.Bell }

var (
	fanoutsPending = prometheus.NewDesc("notewire_fanouts_pending", "What the workers have still to tell to watchers, or to take back from those who were told.", nil, nil)
	fanoutsFailing = prometheus.NewDesc("notewire_fanouts_failing", "Those of them whose last attempt failed; they are tried again.", nil, nil)
	fanoutsOldest  = prometheus.NewDesc("notewire_fanouts_oldest_seconds", "Since when the oldest of them waits.", nil, nil)
)

// Describe implements prometheus.Collector.
func (f fanouts) Describe(to chan<- *prometheus.Desc) {
	to <- fanoutsPending
	to <- fanoutsFailing
	to <- fanoutsOldest
}

// Collect implements prometheus.Collector. Without a database there is nothing to say.
func (f fanouts) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	untold, err := f.bell.Untold(ctx)
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(fanoutsPending, prometheus.GaugeValue, float64(untold.Pending))
	to <- prometheus.MustNewConstMetric(fanoutsFailing, prometheus.GaugeValue, float64(untold.Failing))
	to <- prometheus.MustNewConstMetric(fanoutsOldest, prometheus.GaugeValue, untold.Oldest.Seconds())
}
