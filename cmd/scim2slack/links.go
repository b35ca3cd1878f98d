package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"scim2slack/reconcile"
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

type linksImportCommand struct {
	File string `arg:"" help:"A file of links: CSV with a line of column names, or JSON."`
	adminFlags
}

// Run imports a file.
func (c *linksImportCommand) Run(con *console) error {
	rows, err := readLinks(c.File)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var result admin.ImportResult
	err = client.stream(http.MethodPost, "/admin/v1/links/import", rows, func(raw json.RawMessage) error { return json.Unmarshal(raw, &result) })
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(con.stdout, result)
	} else if len(result.Faults) == 0 {
		printf(con.stdout, "%d are linked, %d wait until their source pushes them, %d were linked so already. Nothing was sent to Slack.\n",
			result.Linked, result.Waiting, result.Unchanged)
	}
	if len(result.Faults) == 0 || err != nil {
		return err
	}
	if !c.JSON {
		for _, f := range result.Faults {
			printf(con.stderr, "%s: row %d %s\n", c.File, f.Row, f.Problem)
		}
		printf(con.stderr, "Nothing was imported.\n")
	}
	return &exitError{exitFailed}
}

// readLinks reads a file of links. Columns that only an export has do not matter.
func readLinks(file string) ([]admin.LinkRow, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []admin.LinkRow
	if strings.HasPrefix(strings.TrimSpace(string(content)), "[") {
		err := json.Unmarshal(content, &rows)
		return rows, err
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(content), "\ufeff")))
	names, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("has no line of column names: %w", err)
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		row, err := linkRow(names, cells)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func linkRow(names, cells []string) (row admin.LinkRow, err error) {
	fields := map[string]*string{"type": (*string)(&row.Type), "source": &row.Source, "id": &row.ID, "slackid": &row.SlackID, "username": &row.UserName,
		"email": &row.Email, "externalid": &row.ExternalID, "displayname": &row.DisplayName}
	for i, name := range names {
		switch field, known := fields[strings.ToLower(strings.TrimSpace(name))]; {
		case known:
			*field = strings.TrimSpace(cells[i])
		case !slicesContainFold(linkColumns, name):
			return row, fmt.Errorf("has a column %s: use some of %s", quote(name), strings.Join(linkColumns[:8], ", "))
		}
	}
	return row, nil
}

func slicesContainFold(list []string, s string) bool {
	for _, v := range list {
		if strings.EqualFold(v, strings.TrimSpace(s)) {
			return true
		}
	}
	return false
}

type linksRelinkCommand struct {
	Who     string `arg:"" help:"An id, userName, e-mail, externalId, a group's display name, or the Slack id of now."`
	SlackID string `arg:"" help:"The Slack id that it is to be."`
	adminFlags
}

// Run relinks.
func (c *linksRelinkCommand) Run(con *console) error {
	return changeLink(c.adminFlags, con, "relink", url.Values{"who": {c.Who}, "slackId": {c.SlackID}})
}

type linksUnlinkCommand struct {
	Who string `arg:"" help:"An id, userName, e-mail, externalId, a group's display name, or a Slack id."`
	adminFlags
}

// Run unlinks.
func (c *linksUnlinkCommand) Run(con *console) error {
	return changeLink(c.adminFlags, con, "unlink", url.Values{"who": {c.Who}})
}

func changeLink(f adminFlags, con *console, what string, query url.Values) error {
	client, err := f.client(con)
	if err != nil {
		return err
	}
	var done admin.Relinked
	err = client.stream(http.MethodPost, "/admin/v1/links/"+what+"?"+query.Encode(), nil, func(raw json.RawMessage) error { return json.Unmarshal(raw, &done) })
	switch {
	case err != nil:
		return err
	case f.JSON:
		return printJSON(con.stdout, done)
	case what == "unlink":
		printf(con.stdout, "%s is linked to nothing now; it was %s. Nothing was sent to Slack.\n", done.Key, cmp.Or(done.Before, "linked to nothing before"))
	default:
		printf(con.stdout, "%s is linked to %s now; before: %s. Slack is read, and then made to match. See: scim2slack explain %s\n",
			done.Key, done.SlackID, cmp.Or(done.Before, "nothing"), done.Key.ID)
	}
	return nil
}

type linksAdoptCommand struct {
	Apply bool `help:"Link those of whom there is no doubt. Nothing is sent to Slack by that; afterwards they are made to match as if they had been pushed."`
	adminFlags
}

// adoptLine is one line of the gateway's answer: how many accounts are read, or the proposals.
type adoptLine struct {
	Read      int                  `json:"read,omitempty"`
	Proposals []reconcile.Proposal `json:"proposals,omitempty"`
	Done      bool                 `json:"done,omitempty"`
}

// adopter answers the admin API's adopt.
func (d *daemon) adopter(ctx context.Context, apply bool, answer func(line any) error) error {
	proposals, err := d.reconciler.Adopt(ctx, apply, func(read int) { _ = answer(adoptLine{Read: read}) })
	if err != nil {
		return err
	}
	return answer(adoptLine{Proposals: proposals, Done: true})
}

// Run proposes, and links if it is told to.
func (c *linksAdoptCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	proposals := []reconcile.Proposal{}
	err = client.stream(http.MethodPost, fmt.Sprint("/admin/v1/links/adopt?apply=", c.Apply), nil, func(raw json.RawMessage) error {
		var line adoptLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return err
		}
		if line.Done {
			proposals = append(proposals, line.Proposals...)
			if isTerminal(con.stderr) {
				printLine(con.stderr)
			}
		} else if isTerminal(con.stderr) {
			printf(con.stderr, "\r%d Slack accounts read", line.Read)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(con.stdout, proposals)
	}
	return printProposals(con.stdout, proposals, c.Apply)
}

func printProposals(w io.Writer, proposals []reconcile.Proposal, applied bool) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	var clear, open int
	for _, p := range proposals {
		if p.SlackID != "" {
			clear++
			printf(t, "  %s\t%s\t%s by %s\n", p.Key.Type, cmp.Or(p.Name, p.Key.ID), p.SlackID, p.By)
		}
	}
	for _, p := range proposals {
		if p.SlackID == "" {
			open++
			printf(t, "  %s\t%s\tdecide: %s %s\n", p.Key.Type, cmp.Or(p.Name, p.Key.ID), p.Problem, strings.Join(p.Candidates, ", "))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case len(proposals) == 0:
		printLine(w, "Everybody who is to be in Slack, and every group, has a link.")
	case applied:
		printf(w, "%d are linked. %d are left to decide: scim2slack links relink WHO SLACK-ID\n", clear, open)
	default:
		printf(w, "%d would be linked with --apply. %d are left to decide: scim2slack links relink WHO SLACK-ID\n", clear, open)
	}
	return nil
}
