package slackapi

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Limit is a rate limit as Slack publishes them: calls per minute, and how many may come at once before the rate counts.
type Limit struct {
	PerMinute float64
	Burst     int
}

// Names of Slack's limits, keys of Config.Limits and arguments of Forecast. The two sets count every write and every read;
// an endpoint's limit comes on top. Lists and look-ups by filter have no limit of their own but "reads".
const (
	LimitWrites      = "writes"
	LimitReads       = "reads"
	LimitGetUser     = "getUser"
	LimitCreateUser  = "createUser"
	LimitUpdateUser  = "updateUser"
	LimitDeleteUser  = "deleteUser"
	LimitGetGroup    = "getGroup"
	LimitCreateGroup = "createGroup"
	LimitUpdateGroup = "updateGroup"
	LimitDeleteGroup = "deleteGroup"
)

// LimitNames returns the names of all limits, sorted.
func LimitNames() []string { return slices.Sorted(maps.Keys(publishedLimits())) }

// publishedLimits are those of docs.slack.dev/reference/scim-api/rate-limits (DOC). They hold for all SCIM apps of an
// organisation together; that bursts are token buckets is our reading (INF).
func publishedLimits() map[string]Limit {
	return map[string]Limit{
		LimitWrites:      {600, 180},
		LimitReads:       {1000, 1000},
		LimitGetUser:     {300, 300},
		LimitCreateUser:  {180, 20},
		LimitUpdateUser:  {180, 20},
		LimitDeleteUser:  {180, 20},
		LimitGetGroup:    {300, 300},
		LimitCreateGroup: {180, 20},
		LimitUpdateGroup: {180, 80},
		LimitDeleteGroup: {180, 20},
	}
}

// setOf names the set that an endpoint's calls also count for, and "" for the sets themselves.
func setOf(name string) string {
	switch name {
	case LimitWrites, LimitReads:
		return ""
	case LimitGetUser, LimitGetGroup:
		return LimitReads
	}
	return LimitWrites
}

// effectiveLimits puts overrides over the published limits and takes our share of them.
func effectiveLimits(overrides map[string]Limit, share float64) (map[string]Limit, error) {
	if share == 0 {
		share = defaultShare
	}
	if !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("share is %v: it must be more than 0 and at most 1", share)
	}
	limits := publishedLimits()
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		limit := overrides[name]
		if _, known := limits[name]; !known {
			return nil, fmt.Errorf("there is no limit named %q: use one of %v", name, slices.Sorted(maps.Keys(limits)))
		}
		if !(limit.PerMinute > 0) || math.IsInf(limit.PerMinute, 0) || limit.Burst < 1 {
			return nil, fmt.Errorf("limit %s is %v per minute with a burst of %d: the rate must be more than 0 and the burst at least 1",
				name, limit.PerMinute, limit.Burst)
		}
		limits[name] = limit
	}
	for name, limit := range limits {
		limits[name] = Limit{PerMinute: limit.PerMinute * share, Burst: max(1, int(float64(limit.Burst)*share))}
	}
	return limits, nil
}
