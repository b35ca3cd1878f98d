package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func (h *Handler) newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{h})
	registry.MustRegister(h.cfg.Metrics...)
	return registry
}

func (h *Handler) metrics() http.Handler {
	return promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError})
}

// gaugeFunc sends a value.
type gaugeFunc func(d *prometheus.Desc, value float64, labels ...string)

// collector reads the loop and the store when it is asked, so that a metric cannot differ from what it counts.
type collector struct {
	h *Handler
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("scim2slack_"+name, help, labels, nil)
}

var (
	buildInfo     = desc("build_info", "Always 1; the version is a label.", "version")
	resources     = desc("resources", "Live resources that a source desires.", "source", "type")
	statuses      = desc("statuses", "Resources by how far they have come.", "source", "type", "phase")
	oldestPending = desc("oldest_pending_seconds", "Age of the change that waits longest for Slack; 0 if none waits.")
	queued        = desc("queued", "Resources in the queue, now or later.")
	working       = desc("working", "Resources that are worked on.")
	paused        = desc("paused", "1 while nothing is sent to Slack.")
	lastSuccess   = desc("last_success_timestamp_seconds", "When a resource last came to match in Slack; 0 if none did since the start.")
	drift         = desc("drift", "What the last comparison with Slack found: differing, orphans, duplicates. Missing until Slack was compared.", "kind")
	driftTime     = desc("drift_timestamp_seconds", "When Slack was compared last.")
	auditLag      = desc("audit_lag_records", "Audit records that a file or syslog receiver does not have yet.", "sink")
	limitPaused   = desc("slack_limit_paused", "1 for a limit of Slack that rests because Slack said so.", "limit")
)

// Describe sends the descriptions of all metrics.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, resources, statuses, oldestPending, queued, working, paused, lastSuccess, drift, driftTime, auditLag, limitPaused, issuerKeys, issuerAge, issuerFailing} {
		ch <- d
	}
}

// Collect sends the values. If the store cannot be read, those that need it are reported as broken.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	c.collectIssuers(gauge)
	o := c.h.cfg.Reconciler.Overview()
	gauge(buildInfo, 1, c.h.cfg.Version)
	gauge(queued, float64(o.Queued))
	gauge(working, float64(o.Working))
	gauge(paused, number(o.Paused != ""))
	last := 0.0
	if !o.LastSuccess.IsZero() {
		last = float64(o.LastSuccess.UnixMilli()) / 1000
	}
	gauge(lastSuccess, last)
	if d := o.Drift; d != nil {
		gauge(drift, float64(d.Differing), "differing")
		gauge(drift, float64(d.Orphans), "orphans")
		gauge(drift, float64(d.Duplicates), "duplicates")
		gauge(driftTime, float64(d.Time.Unix()))
	}
	if c.h.cfg.AuditLag != nil {
		for sink, lag := range c.h.cfg.AuditLag() {
			gauge(auditLag, float64(lag), sink)
		}
	}
	for limit := range o.Pauses {
		gauge(limitPaused, 1, limit)
	}
	counted, err := c.h.census.get(func() (*census, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return c.h.takeCensus(ctx)
	})
	if err != nil {
		c.h.cfg.Log.Error("metrics cannot read the store", "error", err)
		ch <- prometheus.NewInvalidMetric(statuses, errors.New("the store cannot be read"))
		return
	}
	age := 0.0
	if counted.oldest != nil {
		age = max(0, time.Since(counted.oldest.Since).Seconds())
	}
	gauge(oldestPending, age)
	for _, count := range counted.counts {
		gauge(resources, float64(count.Resources), count.Source, string(count.Type))
		for _, phase := range phases {
			gauge(statuses, float64(count.Phases[phase]), count.Source, string(count.Type), string(phase))
		}
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
