package slackapi

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// creepTime is how long a bucket stays slow after a pause, creepFactor how slow. Slack's Retry-After has been seen to be too
// optimistic (docs.slack.dev and clients, CODE), so its end is no licence for a burst.
const (
	creepTime   = time.Minute
	creepFactor = 0.5
)

// bucket is the token bucket of one limit, with a gate for the pauses that Slack asks for. The governor's lock guards it.
type bucket struct {
	limit   Limit
	set     *bucket // the set that the calls also count for; nil if this is one
	limiter *rate.Limiter

	pausedUntil time.Time // zero: not paused
	creepUntil  time.Time // zero: at full speed
}

func newBucket(limit Limit, set *bucket) *bucket {
	return &bucket{limit: limit, set: set, limiter: rate.NewLimiter(perSecond(limit, 1), limit.Burst)}
}

func perSecond(limit Limit, factor float64) rate.Limit {
	return rate.Limit(limit.PerMinute / 60 * factor)
}

// pause closes the gate until then, and reports whether that is later than it was closed already.
func (b *bucket) pause(until, now time.Time) bool {
	b.advance(now)
	if !until.After(now) || !until.After(b.pausedUntil) {
		return false
	}
	b.pausedUntil, b.creepUntil = until, time.Time{}
	return true
}

// advance ends what is over: after a pause the bucket restarts empty, with no burst and at half its rate for a while.
func (b *bucket) advance(now time.Time) {
	if !b.pausedUntil.IsZero() && !now.Before(b.pausedUntil) {
		b.limiter = rate.NewLimiter(perSecond(b.limit, creepFactor), 1)
		b.limiter.AllowN(b.pausedUntil, 1)
		b.creepUntil, b.pausedUntil = b.pausedUntil.Add(creepTime), time.Time{}
	}
	if !b.creepUntil.IsZero() && !now.Before(b.creepUntil) {
		b.limiter.SetLimitAt(b.creepUntil, perSecond(b.limit, 1))
		b.limiter.SetBurstAt(b.creepUntil, b.limit.Burst)
		b.creepUntil = time.Time{}
	}
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
		return 0, float64(perSecond(b.limit, creepFactor)), b.pausedUntil.Sub(now)
	}
	return b.limiter.TokensAt(now), float64(b.limiter.Limit()), 0
}

// take takes a token; readyIn(1, now) must be 0.
func (b *bucket) take(now time.Time) { b.limiter.AllowN(now, 1) }
