package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"scim2slack/server/admin"
	"scim2slack/store"
)

// auditCommand is for the records of what happened. Each of its commands asks the running gateway or, if there is none, reads the data file.
type auditCommand struct {
	Query  auditQueryCommand  `cmd:"" help:"Show the newest records, or those of a person, event, actor or time."`
	Head   auditHeadCommand   `cmd:"" help:"Print where the chain of records ends now. Keep it elsewhere: verify --head proves by it that nothing is gone."`
	Verify auditVerifyCommand `cmd:"" help:"Verify that no record was changed, removed, added or moved. Exit code 1 if one was."`
	Export auditExportCommand `cmd:"" help:"Print records as JSON lines, the head last."`
}

type auditQueryCommand struct {
	Who   string `placeholder:"NAME" help:"Whom it is about: an id, userName, e-mail, externalId, a group's display name, or a Slack id."`
	Event string `placeholder:"EVENT" help:"Such as resource.created; slack is every event that begins with slack."`
	Actor string `placeholder:"ACTOR" help:"Who did it: source:NAME, gateway, configuration, admin or admin:NAME."`
	Since string `placeholder:"TIME" help:"From this time on: 2026-11-03, 2026-11-03T08:00:00Z, or an age such as 36h or 7d."`
	Until string `placeholder:"TIME" help:"Before this time."`
	Limit int    `default:"100" placeholder:"N" help:"How many, the newest (default ${default}, at most 10000)."`
	adminFlags
}

// Run asks and prints, oldest first.
func (c *auditQueryCommand) Run(con *console) error {
	q := url.Values{"who": {c.Who}, "event": {c.Event}, "actor": {c.Actor}, "limit": {fmt.Sprint(c.Limit)}}
	for name, text := range map[string]string{"since": c.Since, "until": c.Until} {
		t, err := parseWhen(text, time.Now())
		if err != nil {
			return &usageError{"--" + name + " " + err.Error()}
		}
		if !t.IsZero() {
			q.Set(name, t.Format(time.RFC3339))
		}
	}
	records := []admin.Record{}
	err := c.withAudit(con, func(client *adminClient) error {
		return client.stream(http.MethodGet, "/admin/v1/audit?"+q.Encode(), nil, func(raw json.RawMessage) error {
			var r admin.Record
			err := json.Unmarshal(raw, &r)
			records = append(records, r)
			return err
		})
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, records)
	}
	t := tabwriter.NewWriter(con.stdout, 0, 4, 2, ' ', 0)
	for i := range records {
		printRecord(t, &records[i])
		if key := records[i].Key; c.Who == "" && key != nil {
			printf(t, "  \t\t%s\t\t\n", key)
		}
	}
	return t.Flush()
}

// parseWhen reads a time, a day or an age. "" is the zero time.
func parseWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	age := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err == nil {
			age = fmt.Sprintf("%dh", n*24)
		}
	}
	if d, err := time.ParseDuration(age); err == nil && d >= 0 {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("is %s: use a time such as 2026-11-03 or 2026-11-03T08:00:00Z, or an age such as 36h or 7d", quote(text))
}

// printRecord prints one record and, below it, what it says of calls to Slack and of values.
func printRecord(w io.Writer, r *admin.Record) {
	var said []string
	for _, text := range []string{r.Reason, r.Detail, r.Message} {
		if text != "" {
			said = append(said, text)
		}
	}
	detail := strings.Join(said, ": ")
	if len(r.Attributes) > 0 {
		detail = strings.TrimSpace(detail + " [" + strings.Join(r.Attributes, ", ") + "]")
	}
	if r.Rule != "" {
		detail += " by the rule in " + r.Rule
	}
	if r.Plan != "" {
		detail += " (plan " + r.Plan + ")"
	}
	printf(w, "  %s\t%s\t%s\t%s\t%s\n", clock(r.Time), r.Actor, r.Event, r.SlackID, detail)
	for _, c := range r.Calls {
		printf(w, "  \t\t  %s %s\t\t%s\n", c.Method, c.Path, answerText(c))
	}
}

// answerText is the answer to a call in words.
func answerText(c store.SlackCall) string {
	switch {
	case c.Status == 0:
		return "no answer: " + c.Error
	case c.Error == "":
		return fmt.Sprintf("answered %d", c.Status)
	}
	return fmt.Sprintf("answered %d: %s", c.Status, c.Error)
}

type auditHeadCommand struct {
	adminFlags
}

// Run prints SEQ:MAC alone on the first line, so that scripts can take it.
func (c *auditHeadCommand) Run(con *console) error {
	var head store.Head
	err := c.withAudit(con, func(client *adminClient) error { return client.ask(http.MethodGet, "/admin/v1/audit/head", "", &head) })
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, head)
	}
	printf(con.stdout, "%s\n", head)
	printf(con.stderr, "record %d of %s, sealed with the key %s\n", head.Seq, clock(head.Time), head.KeyID)
	return nil
}

type auditExportCommand struct {
	After uint64 `placeholder:"SEQ" help:"Only what came after this record: the seq of the head of the last export."`
	adminFlags
}

// Run prints the lines to the byte as the gateway sends them, because a MAC is over them.
func (c *auditExportCommand) Run(con *console) error {
	return c.withAudit(con, func(client *adminClient) error {
		client.plain = false
		if client.otherwise != nil {
			client.otherwise.plain = false
		}
		return client.stream(http.MethodGet, fmt.Sprint("/admin/v1/audit/export?after=", c.After), nil, func(raw json.RawMessage) error {
			_, err := fmt.Fprintf(con.stdout, "%s\n", raw)
			return err
		})
	})
}
