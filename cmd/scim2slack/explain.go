package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"scim2slack/scim"
	"scim2slack/server/admin"
	"scim2slack/store"
)

// explainCommand tells the story of one person or group.
type explainCommand struct {
	Who  string `arg:"" help:"An id, userName, e-mail, externalId, a group's display name, or a Slack id."`
	Live bool   `help:"Read Slack too, and tell what differs there."`
	adminFlags
}

// Run asks and prints.
func (c *explainCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var e admin.Explanation
	if err := client.ask(http.MethodGet, fmt.Sprint("/admin/v1/explain?live=", c.Live), c.Who, &e); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, e)
	}
	for i := range e.Stories {
		if i > 0 {
			printLine(con.stdout)
		}
		if err := printStory(con.stdout, &e.Stories[i]); err != nil {
			return err
		}
	}
	for _, f := range e.Former {
		printf(con.stdout, "\nOnce linked: Slack account %s, to %s <%s> of %s, until %s. It is given back if that person returns.\n",
			f.SlackID, f.UserName, f.Email, f.Source, clock(f.Ended))
	}
	return nil
}

func printStory(w io.Writer, s *admin.Story) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(t, "%s %s of source %s\nId\t%s\n", s.Key.Type, quote(cmp.Or(s.Name, s.Key.ID)), s.Key.Source, s.Key.ID)
	if r := s.Resource; r != nil {
		printf(t, "Sent\tgeneration %d, created %s, changed %s\n", r.Generation, clock(r.Created), clock(r.Modified))
		if r.Deleted {
			printf(t, "\tremoved by the source; Slack is still to follow\n")
		}
	} else {
		printf(t, "Sent\tgone: the source removed it and Slack followed\n")
	}
	printf(t, "Status\t%s\n", stateText(s))
	if st := s.Status; st != nil {
		for _, warning := range st.Warnings {
			printf(t, "Warning\t%s\n", warning)
		}
	}
	printf(t, "Slack\t%s\n", linkText(s.Link))
	if i := s.Intent; i != nil {
		printf(t, "Under way\t%s of generation %d, sent %s, outcome not known yet\n", i.Op, i.Generation, clock(i.Sent))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s.Resource != nil {
		if err := printAttributes(w, s); err != nil {
			return err
		}
	}
	printLive(w, s.Live)
	printMembership(w, s)
	return printRecords(w, s)
}

func stateText(s *admin.Story) string {
	st := s.Status
	if st == nil {
		return "none"
	}
	text := string(st.Phase)
	if s.Resource != nil {
		text += fmt.Sprintf(" (generation %d of %d)", st.Observed, s.Resource.Generation)
	}
	if reason := cmp.Or(st.Message, st.Reason); reason != "" {
		text += ": " + reason
	}
	if st.Attempts > 0 {
		text += fmt.Sprintf("; %d failed attempts", st.Attempts)
	}
	if st.TurnSeconds != nil {
		text += "; its turn at Slack comes in about " + about(*st.TurnSeconds)
	}
	if !st.NextAttempt.IsZero() && st.Phase == store.Pending {
		text += "; next attempt " + clock(st.NextAttempt)
	}
	return text
}

func linkText(l *admin.Link) string {
	if l == nil {
		return "not linked"
	}
	how := string(l.Origin)
	switch l.Origin {
	case store.Created:
		how = "which this gateway created"
	case store.Matched:
		how = "which was there and matched by " + cmp.Or(l.MatchedBy, "name")
	case store.Imported:
		how = "which an import said is theirs"
	case store.Relinked:
		how = "which an administrator said is theirs"
	case store.Adopted:
		how = "which was there and which all were compared with, and matched by " + cmp.Or(l.MatchedBy, "name")
	case store.Returned:
		how = "which this person had before"
	}
	text := fmt.Sprintf("%s, %s, linked %s", l.SlackID, how, clock(l.Linked))
	if l.Active != nil && !*l.Active {
		text += ", deactivated"
	}
	if l.WithheldEmail != "" {
		text += "; its e-mail was left as it is in Slack"
	}
	return text
}

// printAttributes shows what was sent beside what Slack took.
func printAttributes(w io.Writer, s *admin.Story) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(t, "\nWhat the source last sent\n")
	for _, name := range slices.Sorted(maps.Keys(s.Resource.Attributes)) {
		printf(t, "  %s\t%s\n", name, valueText(s.Resource.Attributes[name]))
	}
	if s.Link != nil && len(s.Link.Applied) > 0 {
		printf(t, "\nWhat Slack took\n")
		for _, attribute := range scim.SlackAttributes {
			if value, told := s.Link.Applied[attribute]; told {
				text := cmp.Or(value, "(cleared)")
				if shown, otherwise := s.Link.Altered[attribute]; otherwise {
					text += "; Slack shows " + cmp.Or(shown, "nothing")
				}
				if rule := s.Link.Rules[attribute]; rule != "" {
					text += "\tby the rule " + rule
				}
				printf(t, "  %s\t%s\n", attribute, text)
			}
		}
	}
	return t.Flush()
}

// printLive tells what Slack holds now.
func printLive(w io.Writer, l *admin.Live) {
	if l == nil {
		return
	}
	printf(w, "\nWhat Slack holds now\n")
	switch {
	case l.Problem != "":
		printf(w, "  it could not be read: %s\n", l.Problem)
		return
	case l.Active != nil && !*l.Active:
		printf(w, "  the account is deactivated\n")
	case len(l.Differences)+len(l.Missing)+len(l.Extra) == 0:
		printf(w, "  what it should\n")
	}
	for _, d := range l.Differences {
		printf(w, "  %s is %s, and was applied as %s\n", d.Attribute, cmp.Or(quote(d.Holds), "nothing"), quote(d.Applied))
	}
	for what, ids := range map[string][]string{"missing": l.Missing, "there without being members at the source": l.Extra} {
		if len(ids) > 0 {
			printf(w, "  %d %s: %s\n", len(ids), what, strings.Join(ids[:min(len(ids), 20)], ", "))
		}
	}
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "(cleared)"
	case string:
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

func printMembership(w io.Writer, s *admin.Story) {
	list, title := s.Groups, "Groups"
	if s.Key.Type == store.Group {
		list, title = s.Members, fmt.Sprintf("Members: %d desired, %d in Slack", s.MemberCount, s.SlackMembers)
	} else if len(list) == 0 {
		return
	}
	printf(w, "\n%s\n", title)
	for _, m := range list {
		printf(w, "  %s  %s\n", cmp.Or(m.Name, m.ID), cmp.Or(m.SlackID, "not in Slack yet"))
	}
	if more := s.MemberCount - len(s.Members); more > 0 {
		printf(w, "  and %d more\n", more)
	}
}

func printRecords(w io.Writer, s *admin.Story) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	printf(t, "\nWhat happened\n")
	if s.EarlierRecords > 0 {
		printf(t, "  (%d earlier records)\n", s.EarlierRecords)
	}
	for i := range s.Audit {
		printRecord(t, &s.Audit[i])
	}
	return t.Flush()
}
