package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"scim2slack/reconcile"
	"scim2slack/server/admin"
)

type linksAdoptCommand struct {
	Apply bool `help:"Link those of whom there is no doubt. Nothing is sent to Slack by that; afterwards they are made to match as if they had been pushed."`
	adminFlags
}

// adoptLine is one line of the gateway's answer: how far the reading is, or the proposals.
type adoptLine struct {
	Reading   *reconcile.Reading   `json:"reading,omitempty"`
	Proposals []reconcile.Proposal `json:"proposals,omitempty"`
	Done      bool                 `json:"done,omitempty"`
}

// adopter answers the admin API's adopt.
func (d *daemon) adopter(ctx context.Context, apply bool, answer func(line any) error) error {
	author := reconcile.Author{Actor: admin.ActorOf(ctx), RequestID: admin.RequestID(ctx)}
	proposals, err := d.reconciler.Adopt(ctx, apply, author, func(g reconcile.Reading) { _ = answer(adoptLine{Reading: &g}) })
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
	proposals, bar := []reconcile.Proposal{}, newBar(con.stderr)
	err = client.stream(http.MethodPost, fmt.Sprint("/admin/v1/links/adopt?apply=", c.Apply), nil, func(raw json.RawMessage) error {
		var line adoptLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return err
		}
		if line.Done {
			proposals = append(proposals, line.Proposals...)
		} else if line.Reading != nil {
			bar.reading(*line.Reading)
		}
		return nil
	})
	bar.end()
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
