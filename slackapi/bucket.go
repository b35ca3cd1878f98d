package slackapi

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Slack's limits are shared with the other apps of the organisation, so a 429 says that there is less than the limit for us, and not how
// much. A bucket then goes on at a part of its speed, with no burst, and creeps back up: it finds what the others leave, and hardly asks for
// more. Retry-After alone would not do: it has been seen to be too optimistic (CODE). The figures are ours; TestDrain in reconcile measures them.
const (
	slowDown      = 0.75 // what is left of the speed after a 429
	slowest       = 0.05 // of the limit
	creepByMinute = 0.05 // of the limit, each minute
)

// bucket is the token bucket of one limit, with a gate for the pauses that Slack asks for. The governor's lock guards it.
type bucket struct {
	limit   Limit
	set     *bucket // the set that the calls also count for; nil if this is one
	limiter *rate.Limiter

	pausedUntil time.Time // zero: not paused
	factor      float64   // how much of the limit is used; 1: all
	since       time.Time // when factor held, if it is below 1
}

func newBucket(limit Limit, set *bucket) *bucket {
	return &bucket{limit: limit, set: set, limiter: rate.NewLimiter(perSecond(limit, 1), limit.Burst), factor: 1}
}

func perSecond(limit Limit, factor float64) rate.Limit {
	return rate.Limit(limit.PerMinute / 60 * factor)
}

// pause closes the gate until then, and reports whether that is later than it was closed already. The first 429 slows the bucket down;
// those of calls that were under way beside it do not.
func (b *bucket) pause(until, now time.Time) bool {
	b.advance(now)
	if !until.After(now) || !until.After(b.pausedUntil) {
		return false
	}
	if b.pausedUntil.IsZero() {
		b.factor = max(slowest, b.creep(now)*slowDown)
	}
	b.pausedUntil = until
	return true
}

// creep returns how much of the limit is used by now; advance comes first.
func (b *bucket) creep(now time.Time) float64 {
	if b.factor == 1 {
		return 1
	}
	return b.factor + creepByMinute*now.Sub(b.since).Minutes()
}

// advance ends a pause that is over, from which the bucket starts empty and with no burst, and lets it creep up.
func (b *bucket) advance(now time.Time) {
	if !b.pausedUntil.IsZero() && !now.Before(b.pausedUntil) {
		b.limiter = rate.NewLimiter(perSecond(b.limit, b.factor), 1)
		b.limiter.AllowN(b.pausedUntil, 1)
		b.since, b.pausedUntil = b.pausedUntil, time.Time{}
	}
	if b.factor == 1 || !b.pausedUntil.IsZero() {
		return
	}
	if full := b.since.Add(time.Duration((1 - b.factor) / creepByMinute * float64(time.Minute))); !now.Before(full) {
		b.limiter.SetLimitAt(full, perSecond(b.limit, 1))
		b.limiter.SetBurstAt(full, b.limit.Burst)
		b.factor = 1
		return
	}
	b.limiter.SetLimitAt(now, perSecond(b.limit, b.creep(now)))
}

// readyIn returns how long it takes until n tokens have been there, if nobody else takes any. 0 means now.
func (b *bucket) readyIn(n int, now time.Time) time.Duration {
	b.advance(now)
	tokens, speed, gate := b.state(now)
	missing := float64(n) - tokens
	if missing <= 0 {
		return gate
	}
	seconds := missing / speed
	if seconds > math.MaxInt64/float64(2*time.Second) {
		return math.MaxInt64
	}
	return gate + time.Duration(math.Ceil(seconds*float64(time.Second))) + time.Nanosecond
}

// givenBy returns how many tokens come until now+wait while somebody always waits for one.
func (b *bucket) givenBy(wait time.Duration, now time.Time) int {
	b.advance(now)
	tokens, speed, gate := b.state(now)
	return int(tokens + speed*max(0, wait-gate).Seconds())
}

func (b *bucket) state(now time.Time) (tokens, speed float64, gate time.Duration) {
	if !b.pausedUntil.IsZero() {
		return 0, float64(perSecond(b.limit, b.factor)), b.pausedUntil.Sub(now)
	}
	return b.limiter.TokensAt(now), float64(b.limiter.Limit()), 0
}

// take takes a token; readyIn(1, now) must be 0.
func (b *bucket) take(now time.Time) { b.limiter.AllowN(now, 1) }
