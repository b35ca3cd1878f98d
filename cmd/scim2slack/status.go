package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"scim2slack/server/admin"
	"scim2slack/store"
)

// statusCommand shows how the running gateway stands.
type statusCommand struct {
	adminFlags
}

// Run asks and prints.
func (c *statusCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var st admin.Status
	if err := client.ask(http.MethodGet, "/admin/v1/status", "", &st); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, st)
	}
	return printStatus(con.stdout, st)
}

func printStatus(w io.Writer, st admin.Status) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(t, "Slack\t%s\n", identityText(st.Slack))
	if st.Paused == "" {
		printf(t, "Outbound\tworking\n")
	} else {
		printf(t, "Outbound\tresting for %s: %s\n", ago(st.Time, st.PausedSince), st.Paused)
	}
	for _, p := range st.LimitPauses {
		printf(t, "Limit\t%s rests until %s, as Slack said\n", p.Limit, clock(p.Until))
	}
	printf(t, "Queue\t%d waiting, %d worked on\n", st.Queued, st.Working)
	for _, l := range st.Lanes {
		printf(t, "\t%d %s, in Slack in about %s\n", l.Waiting, l.Lane, about(l.Seconds))
	}
	if st.LastSuccess.IsZero() {
		printf(t, "Last success\tnone since the start\n")
	} else {
		printf(t, "Last success\t%s ago\n", ago(st.Time, st.LastSuccess))
	}
	if d := st.Drift; d != nil {
		printf(t, "Compared\t%s ago: %d of %d accounts and groups differ, %d belong to nobody here. See: scim2slack drift\n", ago(st.Time, d.Time), d.Differing, d.Accounts, d.Orphans)
	}
	if o := st.OldestPending; o != nil {
		printf(t, "Oldest pending\t%s, changed %s ago%s\n", named(o), ago(st.Time, o.Since), because(o))
	}
	printf(t, "\nSOURCE\tTYPE\tTOTAL\tSYNCED\tPENDING\tSKIPPED\tFAILED\tHELD\n")
	for _, c := range st.Counts {
		printf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", c.Source, c.Type, c.Resources, c.Phases[store.Synced], c.Phases[store.Pending],
			c.Phases[store.Skipped], c.Phases[store.Failed], c.Phases[store.Held])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	printTroubles(w, "Failed: these need a change at the source, in the configuration or in Slack", st.Failed)
	printTroubles(w, "Held: a person must decide", st.Held)
	return nil
}

func printTroubles(w io.Writer, title string, list []admin.Trouble) {
	if len(list) == 0 {
		return
	}
	printf(w, "\n%s\n", title)
	for i := range list {
		printf(w, "  %s  (%s)\n    %s\n", named(&list[i]), list[i].Key, cmp.Or(list[i].Message, list[i].Reason, "no reason was recorded"))
	}
	printf(w, "  More of each: scim2slack explain NAME\n")
}

func identityText(id *admin.Identity) string {
	if id == nil {
		return "not known yet whose token it is"
	}
	return fmt.Sprintf("%s, with the token of %s (%s)", id.Team, id.User, id.UserID)
}

func named(t *admin.Trouble) string {
	return string(t.Key.Type) + " " + quote(cmp.Or(t.Name, t.Key.ID))
}

func because(t *admin.Trouble) string {
	if reason := cmp.Or(t.Message, t.Reason); reason != "" {
		return ": " + reason
	}
	return ""
}

// about is a time to come, to the second for less than a minute and to the minute beyond.
func about(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if d < time.Minute {
		return d.String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// ago is how long before now something was, without needless precision.
func ago(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return d.Truncate(time.Second).String()
	}
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
