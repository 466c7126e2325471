package app

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postern/app/alerts"
	"postern/app/gateway/upstream"
	"postern/app/web"
	"postern/models"
)

// metrics are the node's numbers, on a registry of its own. No label carries
// anything that a caller chose.
type metrics struct {
	registry   *prometheus.Registry
	refusals   *prometheus.CounterVec
	requests   *prometheus.HistogramVec
	preflights prometheus.Counter
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_refusals_total", Help: "Refusals by protocol step and code.",
		}, []string{"step", "code"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_request_seconds", Help: "Requests by route and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"method", "route", "status"}),
		preflights: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "postern_foreign_preflights_total", Help: "Preflights from origins that no active service lists.",
		}),
	}
	m.registry.MustRegister(m.refusals, m.requests, m.preflights,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "postern_ledger_queue", Help: "Entries waiting for the ledger.",
		}, func() float64 { queued, _ := a.ledger.Depth(); return float64(queued) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "postern_ledger_lost_total", Help: "Records of calls and refusals that the ledger did not take.",
		}, func() float64 { return float64(a.authority.Lost()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "postern_feed_age_seconds", Help: "Age of the feed of changes.",
		}, func() float64 { return a.feed.Age().Seconds() }),
		successes{func() map[string]time.Time { return a.jobs.LastSuccess() }},
		feedLags{func() []models.FeedLag { return a.feeds.Lags() }, a.config.Now},
		lasting{func() map[alerts.Counted]int64 { return a.alerts.Counts() }},
		circuits{func() map[string]upstream.State { return a.upstreams.States() }},
	)
	return m
}

// circuits reports the breaker of every upstream that has been called, named
// after its service and environment.
type circuits struct {
	states func() map[string]upstream.State
}

var circuit = prometheus.NewDesc("postern_upstream_circuit",
	"State of an upstream's circuit: 0 closed, 1 half-open, 2 open.", []string{"upstream"}, nil)

func (c circuits) Describe(to chan<- *prometheus.Desc) { to <- circuit }

func (c circuits) Collect(to chan<- prometheus.Metric) {
	for id, state := range c.states() {
		to <- prometheus.MustNewConstMetric(circuit, prometheus.GaugeValue, float64(state), id)
	}
}

// successes reports when each background job last ended well.
type successes struct {
	last func() map[string]time.Time
}

var success = prometheus.NewDesc("postern_job_last_success_seconds",
	"When a job last ended well, as Unix time.", []string{"job"}, nil)

func (s successes) Describe(to chan<- *prometheus.Desc) { to <- success }

func (s successes) Collect(to chan<- prometheus.Metric) {
	for name, at := range s.last() {
		to <- prometheus.MustNewConstMetric(success, prometheus.GaugeValue, float64(at.UnixMilli())/1000, name)
	}
}

// feedLags reports how far each feed of the database is behind, whichever node
// delivers it.
type feedLags struct {
	lags func() []models.FeedLag
	now  func() time.Time
}

var (
	feedBehind = prometheus.NewDesc("postern_feed_behind_seconds",
		"How long the first event that a feed has not delivered has been waiting.", []string{"feed"}, nil)
	feedWaiting = prometheus.NewDesc("postern_feed_waiting_events",
		"Events that a feed has not delivered.", []string{"feed"}, nil)
	feedSuccess = prometheus.NewDesc("postern_feed_last_success_seconds",
		"When a feed last delivered, as Unix time.", []string{"feed"}, nil)
)

func (f feedLags) Describe(to chan<- *prometheus.Desc) {
	to <- feedBehind
	to <- feedWaiting
	to <- feedSuccess
}

func (f feedLags) Collect(to chan<- prometheus.Metric) {
	for _, lag := range f.lags() {
		to <- prometheus.MustNewConstMetric(feedBehind, prometheus.GaugeValue, lag.Behind(f.now()).Seconds(), lag.Name)
		to <- prometheus.MustNewConstMetric(feedWaiting, prometheus.GaugeValue, float64(lag.Waiting), lag.Name)
		to <- prometheus.MustNewConstMetric(feedSuccess, prometheus.GaugeValue, float64(lag.DeliveredAt)/1000, lag.Name)
	}
}

// lasting reports how many alerts last, by rule and severity.
type lasting struct {
	counts func() map[alerts.Counted]int64
}

var alertsOpen = prometheus.NewDesc("postern_alerts",
	"Alerts whose condition lasts, by rule and severity, as of the node's last look.", []string{"rule", "severity"}, nil)

func (l lasting) Describe(to chan<- *prometheus.Desc) { to <- alertsOpen }

func (l lasting) Collect(to chan<- prometheus.Metric) {
	for c, n := range l.counts() {
		to <- prometheus.MustNewConstMetric(alertsOpen, prometheus.GaugeValue, float64(n), c.Rule, string(c.Severity))
	}
}

func (m *metrics) refused(step, code string) { m.refusals.WithLabelValues(step, code).Inc() }

func (m *metrics) foreignPreflight(string) { m.preflights.Inc() }

func (m *metrics) served(s web.Served) {
	if s.Route == "" { // nobody's: the method is the caller's own word
		s.Method = "other"
	}
	m.requests.WithLabelValues(s.Method, s.Route, strconv.Itoa(s.Status)).Observe(s.Took.Seconds())
}

func (m *metrics) serve(c *gin.Context) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
}
