package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"scim2slack/slacksim"
)

// spent counts the calls to Slack since an earlier count: those that change something, and those that read.
func (g *gateway) spent(since int) (writes, reads, now int) {
	calls := g.slack.Calls()
	for _, c := range calls[since:] {
		switch {
		case c.Endpoint == slacksim.EndpointAuthTest:
		case c.Method == "GET":
			reads++
		default:
			writes++
		}
	}
	return writes, reads, len(calls)
}

// What each kind of day costs at Slack, beside the least that its API allows: one call for a person or a group that changes. Reads have a
// budget of their own, five times as large; one looks for who may be there before anybody is created, and one verifies each group.
func TestSlackCallsPerChange(t *testing.T) {
	callsPerChange(t, func(string, int, int, int) {})
}

// BenchmarkSlackCallsPerChange prints the same: the calls for each change, and the least.
func BenchmarkSlackCallsPerChange(b *testing.B) {
	for b.Loop() {
		// The clock of a simulated day belongs to a test.
		testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "calls", F: func(t *testing.T) {
			callsPerChange(t, func(workload string, changes, writes, least int) {
				b.ReportMetric(float64(writes)/float64(changes), workload+"-writes/change")
				b.ReportMetric(float64(least)/float64(changes), workload+"-least/change")
			})
		}}})
	}
}

// callsPerChange plays the workloads and tells what each took.
func callsPerChange(t *testing.T, tell func(workload string, changes, writes, least int)) {
	inGateway(t, setup{slack: slacksim.Options{NoLimits: true, CallLog: 100_000}}, func(g *gateway) {
		d := entra()
		people := manyPeople(200)
		var ids, groups []string
		_, _, at := g.spent(0)
		report := func(workload string, changes, least, most int) {
			g.Helper()
			g.settle()
			writes, reads, now := g.spent(at)
			at = now
			g.Logf("%-28s %4d changes: %4d writes (least %d), %4d reads", workload, changes, writes, least, reads)
			tell(strings.ReplaceAll(workload, " ", "-"), changes, writes, least)
			if writes < least || writes > most {
				g.Errorf("%s: %d writes, want %d to %d", workload, writes, least, most)
			}
		}
		for _, p := range people {
			ids = append(ids, d.createUser(g, p, true))
		}
		g.settle()
		for i := range 10 {
			groups = append(groups, d.createGroup(g, fmt.Sprint("Team-", i), ids[i*20:i*20+20]...))
		}
		// A group that is pushed empty and filled afterwards costs two.
		report("first load", 210, 210, 220)

		for i, p := range people[:20] { // 20 move, 5 leave, 5 come
			p.title = "Boss"
			d.updateUser(g, ids[i], p)
		}
		for i, p := range people[20:25] {
			d.disable(g, ids[20+i], p)
		}
		for i := range 5 {
			p := person{fmt.Sprint("late", i), fmt.Sprintf("late%d@example.com", i), "La", "Te", "Cook", "Kitchen"}
			d.createUser(g, p, true)
		}
		report("daily churn", 30, 30, 30)

		for i, group := range groups {
			pingFederate().rename(g, group, fmt.Sprint("Team-", i), ids[i*20:i*20+20]...)
		}
		report("group re-push", 10, 0, 0)

		for _, id := range ids[100:200] {
			d.addMember(g, groups[0], "Team-0", id)
			time.Sleep(50 * time.Millisecond)
		}
		report("one-member PATCHes", 100, 1, 3)
	})
}
