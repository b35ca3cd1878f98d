package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"scim2slack/server"
)

// doorMetrics tells how the listeners are entered, and how long their certificates last.
type doorMetrics struct {
	doors        []*server.Door
	certificates *server.Certificates // nil: no TLS
}

var (
	connections = prometheus.NewDesc("scim2slack_connections", "Connections that are open.", []string{"listener"}, nil)
	cut         = prometheus.NewDesc("scim2slack_connections_cut_total",
		"Connections that were cut or not let in: room (others needed it more), address (it had its share), peer (no proxy), handshake (no TLS, or not in time), malformed (no request, or several in one).",
		[]string{"listener", "reason"}, nil)
	certificateEnds = prometheus.NewDesc("scim2slack_certificate_ends_timestamp_seconds",
		"When the certificate of the listeners ends, and the first one of the client CAs.", []string{"certificate"}, nil)
)

// Describe sends the descriptions.
func (m doorMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{connections, cut, certificateEnds} {
		ch <- d
	}
}

// Collect sends the values.
func (m doorMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, door := range m.doors {
		ch <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(door.Connections()), door.Name)
		for reason, n := range door.Cuts() {
			ch <- prometheus.MustNewConstMetric(cut, prometheus.CounterValue, float64(n), door.Name, reason)
		}
	}
	ends := map[string]time.Time{}
	if m.certificates != nil {
		ends = m.certificates.Ends()
	}
	for name, end := range ends {
		ch <- prometheus.MustNewConstMetric(certificateEnds, prometheus.GaugeValue, float64(end.Unix()), name)
	}
}
