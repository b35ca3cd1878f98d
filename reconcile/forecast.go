package reconcile

import (
	"slices"
	"time"

	"scim2slack/slackapi"
	"scim2slack/store"
)

// LaneForecast is how much waits in a lane and how long it will be until Slack has all of it, if nothing is added.
type LaneForecast struct {
	Lane    slackapi.Lane
	Waiting int
	Left    time.Duration
}

// writesOf is the limit that the writes of a lane draw on. A resource costs one write; its look-ups are reads, of which there are plenty.
var writesOf = map[slackapi.Lane]string{
	slackapi.LaneLeavers: slackapi.LimitUpdateUser, slackapi.LaneWaited: slackapi.LimitUpdateUser, slackapi.LaneCreates: slackapi.LimitCreateUser,
	slackapi.LaneUpdates: slackapi.LimitUpdateUser, slackapi.LaneGroups: slackapi.LimitUpdateGroup,
}

// forecast estimates for each lane in which something waits when Slack will be there.
func (r *Reconciler) forecast() (out []LaneForecast) {
	backlog := r.backlog()
	for i, b := range backlog {
		behind := slices.Clone(backlog[:i+1])
		behind[i].Calls-- // the last one itself
		out = append(out, LaneForecast{b.Lane, b.Calls, r.cfg.Slack.ForecastBehind(b.Limit, b.Lane, behind)})
	}
	return out
}

// backlog is what waits, in the order of the lanes.
func (r *Reconciler) backlog() (out []slackapi.Backlog) {
	waiting := r.queue.waiting()
	for lane := slackapi.LaneLeavers; lane <= slackapi.LaneGroups; lane++ {
		if n := waiting[lane]; n > 0 {
			out = append(out, slackapi.Backlog{Lane: lane, Limit: writesOf[lane], Calls: n})
		}
	}
	return out
}

// Expect estimates how long it will be until the next call for a key has its turn, behind those before it in its lane and all
// of more urgent ones. It reports false for a key that does not wait in line.
func (r *Reconciler) Expect(key store.Key) (time.Duration, bool) {
	n, lane, ok := r.queue.ahead(key)
	if !ok {
		return 0, false
	}
	behind := slices.DeleteFunc(r.backlog(), func(b slackapi.Backlog) bool { return b.Lane >= lane })
	behind = append(behind, slackapi.Backlog{Lane: lane, Limit: writesOf[lane], Calls: n})
	return r.cfg.Slack.ForecastBehind(writesOf[lane], lane, behind), true
}
