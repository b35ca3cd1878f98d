package reconcile

import (
	"time"

	"scim2slack/slackapi"
)

// Reading is how far a reading of all of Slack has come.
type Reading struct {
	Read    int     `json:"read"`    // accounts and groups
	Total   int     `json:"total"`   // 0 as long as nobody knows
	Seconds float64 `json:"seconds"` // that are left, estimated from the budget and from how fast Slack answered until now
}

// reading counts what is read, and tells it.
type reading struct {
	slack    *slackapi.Client
	tell     func(Reading)
	begin    time.Time
	accounts int // that Slack has; 0 as long as it has not said so
	others   int // that are read one at a time, after the accounts
	read     int
	calls    int
}

func (r *Reconciler) newReading(tell func(Reading)) *reading {
	return &reading{slack: r.cfg.Slack, tell: tell, begin: time.Now()}
}

// page is called with each page of accounts. total is how many Slack has in all, 0 if it does not say.
func (g *reading) page(read, total int) {
	g.accounts = max(total, g.accounts)
	g.one(read)
}

// one is called after each call with how many it read.
func (g *reading) one(read int) {
	g.read += read
	g.calls++
	g.tell(Reading{Read: g.read, Total: g.total(), Seconds: g.left().Seconds()})
}

func (g *reading) total() int {
	if g.accounts == 0 {
		return 0
	}
	return g.accounts + g.others
}

// left is what the calls that remain take: as long as the budget wants for them, or as Slack took for those before.
func (g *reading) left() time.Duration {
	things := g.total() - g.read
	calls := min(things, g.others) + (max(0, things-g.others)+slackapi.PageSize-1)/slackapi.PageSize
	if calls <= 0 {
		return 0
	}
	backlog := []slackapi.Backlog{{Lane: slackapi.LaneReads, Limit: slackapi.LimitReads, Calls: calls - 1}}
	return max(g.slack.ForecastBehind(slackapi.LimitReads, slackapi.LaneReads, backlog), time.Since(g.begin)/time.Duration(g.calls)*time.Duration(calls))
}
