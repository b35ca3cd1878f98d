package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"scim2slack/server/admin"
)

// linksCommand is for the ties between resources and Slack's accounts and groups.
type linksCommand struct {
	List   linksListCommand   `cmd:"" help:"List the links, or those with a word."`
	Show   explainCommand     `cmd:"" help:"Tell one person's or group's story, the link in it: as explain does."`
	Export linksExportCommand `cmd:"" help:"Print every link, as CSV or JSON, in a form that import takes."`
	Import linksImportCommand `cmd:"" help:"Take the links that another connector knew, all of a file or none."`
	Relink linksRelinkCommand `cmd:"" help:"Tie a person or group to another Slack account or group."`
	Unlink linksUnlinkCommand `cmd:"" help:"End a link; nothing is done about it in Slack."`
	Adopt  linksAdoptCommand  `cmd:"" help:"Compare those without a link with all of Slack's accounts, and propose links."`
}

// linkRows asks for the links with a word, or all.
func linkRows(f adminFlags, con *console, word string, each func(admin.LinkRow) error) error {
	client, err := f.client(con)
	if err != nil {
		return err
	}
	return client.stream(http.MethodGet, "/admin/v1/links?q="+url.QueryEscape(word), nil, func(raw json.RawMessage) error {
		var row admin.LinkRow
		if err := json.Unmarshal(raw, &row); err != nil {
			return err
		}
		return each(row)
	})
}

type linksListCommand struct {
	Word string `arg:"" optional:"" help:"A part of a name, e-mail, id or Slack id; or an origin: created, matched, returned, imported, relinked, adopted."`
	adminFlags
}

// Run lists the links.
func (c *linksListCommand) Run(con *console) error {
	rows := []admin.LinkRow{}
	err := linkRows(c.adminFlags, con, c.Word, func(row admin.LinkRow) error { rows = append(rows, row); return nil })
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, rows)
	}
	t := tabwriter.NewWriter(con.stdout, 0, 4, 2, ' ', 0)
	printf(t, "SLACK\tTYPE\tNAME\tE-MAIL\tSOURCE\tORIGIN\tLINKED\n")
	for _, r := range rows {
		name := cmp.Or(r.UserName, r.DisplayName, r.ID)
		if !r.Active {
			name += " (deactivated)"
		}
		origin := string(r.Origin)
		if r.MatchedBy != "" {
			origin += " by " + r.MatchedBy
		}
		printf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.SlackID, r.Type, name, cmp.Or(r.Email, "-"), r.Source, origin, clock(r.Linked))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	printf(con.stdout, "%d links\n", len(rows))
	return nil
}

// linkColumns are the columns of a CSV file. An import takes any of them, in any order; slackId and something that says who are needed.
var linkColumns = []string{"type", "source", "slackId", "externalId", "userName", "email", "displayName", "id", "origin", "matchedBy", "linked", "active"}

type linksExportCommand struct {
	Format string `enum:"csv,json" default:"csv" help:"csv or json."`
	adminFlags
}

// Run prints every link.
func (c *linksExportCommand) Run(con *console) error {
	if c.JSON || c.Format == "json" {
		rows := []admin.LinkRow{}
		if err := linkRows(c.adminFlags, con, "", func(row admin.LinkRow) error { rows = append(rows, row); return nil }); err != nil {
			return err
		}
		return printJSON(con.stdout, rows)
	}
	w := csv.NewWriter(con.stdout)
	if err := w.Write(linkColumns); err != nil {
		return err
	}
	err := linkRows(c.adminFlags, con, "", func(r admin.LinkRow) error {
		return w.Write([]string{string(r.Type), r.Source, r.SlackID, r.ExternalID, r.UserName, r.Email, r.DisplayName, r.ID, string(r.Origin), r.MatchedBy,
			r.Linked.UTC().Format(time.RFC3339), fmt.Sprint(r.Active)})
	})
	w.Flush()
	return errors.Join(err, w.Error())
}
