package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"

	"scim2slack/reconcile"
)

// driftCommand compares Slack with what it was told.
type driftCommand struct {
	Repair bool `help:"Make what differs match again, where the source wishes something of it."`
	adminFlags
}

// driftLine is one line of the gateway's answer: how far the reading is, or what was found.
type driftLine struct {
	Reading *reconcile.Reading `json:"reading,omitempty"`
	Drift   *reconcile.Drift   `json:"drift,omitempty"`
}

// drifter answers the admin API's drift.
func (d *daemon) drifter(ctx context.Context, repair bool, answer func(line any) error) error {
	found, err := d.reconciler.Drift(ctx, repair, func(g reconcile.Reading) { _ = answer(driftLine{Reading: &g}) })
	if err != nil {
		return err
	}
	return answer(driftLine{Drift: &found})
}

// Run compares, and ends with exitChanges if something differs.
func (c *driftCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var found reconcile.Drift
	bar := newBar(con.stderr)
	err = client.stream(http.MethodPost, fmt.Sprint("/admin/v1/drift?repair=", c.Repair), nil, func(raw json.RawMessage) error {
		var line driftLine
		err := json.Unmarshal(raw, &line)
		if line.Drift != nil {
			found = *line.Drift
		} else if line.Reading != nil {
			bar.reading(*line.Reading)
		}
		return err
	})
	bar.end()
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(con.stdout, found)
	} else {
		err = printDrift(con.stdout, found)
	}
	if err == nil && len(found.Differing) > 0 {
		return &exitError{exitChanges}
	}
	return err
}

func printDrift(w io.Writer, d reconcile.Drift) error {
	printf(w, "%d accounts and %d groups were read. %d differ from what they were told to be, %d belong to nobody here, %d e-mails are those of several accounts.\n",
		d.Accounts, d.Groups, len(d.Differing), d.OrphanCount, len(d.Duplicates))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, found := range d.Differing {
		printf(t, "\n  %s\t%s\t%s\n", found.Key.Type, cmp.Or(found.Name, found.Key.ID), found.SlackID)
		switch {
		case found.Gone:
			printf(t, "    Slack does not know it any more\n")
		case found.Active != nil && *found.Active:
			printf(t, "    is active\t\tand was told to be inactive\n")
		case found.Active != nil:
			printf(t, "    is deactivated\t\tand was told to be active\n")
		}
		for _, a := range found.Differences {
			printf(t, "    %s is %s\t\tand was told to be %s\n", a.Attribute, quote(a.New), quote(a.Old))
		}
		if len(found.Missing)+len(found.Extra) > 0 {
			printf(t, "    %d members are missing\t\tand %d are there who are no members at the source\n", len(found.Missing), len(found.Extra))
		}
	}
	if len(d.Orphans) > 0 {
		printf(t, "\n  Accounts that belong to nobody here\n")
	}
	for _, a := range d.Orphans {
		printAccount(t, a)
	}
	for _, same := range d.Duplicates {
		printf(t, "\n  Accounts with one e-mail\n")
		for _, a := range same {
			printAccount(t, a)
		}
	}
	if d.Repairing > 0 {
		printf(t, "\n  %d are made to match again. See: scim2slack status\n", d.Repairing)
	}
	return t.Flush()
}

func printAccount(w io.Writer, a reconcile.Account) {
	state := "active"
	if !a.Active {
		state = "deactivated"
	}
	printf(w, "    %s\t%s\t%s\t%s\n", a.SlackID, a.UserName, cmp.Or(a.Email, "-"), state)
}
