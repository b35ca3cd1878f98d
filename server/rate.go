package server

import (
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// Rate is how much a source may ask. Sources have a share each, so that one that floods takes nothing from another.
type Rate struct {
	PerSecond  float64 // requests, on average; 0 is no limit, also for Burst
	Burst      int     // requests that may come at once, when there were few before
	Concurrent int     // requests that may be under way at a time; 0 is no limit
}

// gate lets the requests of one source in.
type gate struct {
	Rate
	bucket *rate.Limiter
	inside atomic.Int64
}

func newGate(r Rate) *gate {
	limit := rate.Limit(r.PerSecond)
	if r.PerSecond == 0 {
		limit = rate.Inf
	}
	return &gate{Rate: r, bucket: rate.NewLimiter(limit, r.Burst)}
}

// SetRates replaces what the sources may ask. A source that is not named has no limit; one whose rate is as before goes on where it was.
func (s *Server) SetRates(rates map[string]Rate) {
	before, next := *s.gates.Load(), map[string]*gate{}
	for source, r := range rates {
		if next[source] = before[source]; next[source] == nil || next[source].Rate != r {
			next[source] = newGate(r)
		}
	}
	s.gates.Store(&next)
}

// limitRate refuses what is more than the source may ask, before anything is read or looked up for it.
func (s *Server) limitRate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		g := (*s.gates.Load())[SourceName(c.Request().Context())]
		if g == nil {
			return next(c)
		}
		defer g.inside.Add(-1)
		if g.inside.Add(1) > int64(g.Concurrent) && g.Concurrent > 0 {
			return tooMany(c, time.Second, "this source has too many requests under way: send the next one when one of them is answered")
		}
		if !g.bucket.Allow() {
			wait := (1 - g.bucket.Tokens()) / g.PerSecond
			return tooMany(c, time.Duration(wait*float64(time.Second)), "this source sends more requests than it may: send them more slowly")
		}
		return next(c)
	}
}

// tooMany is an answer 429 (RFC 6585 section 4). Clients read Retry-After as whole seconds, so it is rounded up.
func tooMany(c echo.Context, wait time.Duration, message string) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	return echo.NewHTTPError(http.StatusTooManyRequests, message)
}
