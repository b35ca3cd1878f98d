package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"scim2slack/reconcile"
	"scim2slack/store/boltstore"
)

// planCommand runs everybody who is stored through another configuration, without changing anything.
type planCommand struct {
	adminFlags
	Short bool `help:"Print the counts, and not who is concerned."`
}

// Exit codes of plan, and of a serve that refuses a configuration.
const (
	exitChanges = 3
	exitRefused = 4
)

// planRequest is what the gateway is asked to judge.
type planRequest struct {
	Sources    map[string]applied `json:"sources"`
	MaxLeavers int                `json:"maxLeavers"`
}

// Run asks the running gateway or, if none runs, reads the data file itself. It ends with exitDone if nothing changes, exitChanges or exitRefused.
func (c *planCommand) Run(con *console) error {
	cfg, warnings, err := loadRules(c.Config, con.environ)
	if err != nil {
		return err
	}
	printWarnings(con.stderr, warnings)
	request := planRequest{Sources: map[string]applied{}, MaxLeavers: cfg.MaxLeavers}
	for _, s := range cfg.Sources {
		request.Sources[s.Name] = s.applied()
	}
	bar := newBar(con.stderr)
	v, err := c.verdict(con, cfg, request, bar.people)
	bar.end()
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(con.stdout, v)
	} else {
		err = v.print(con.stdout, c.Short)
	}
	switch {
	case err != nil:
		return err
	case v.Refused:
		return &exitError{exitRefused}
	case v.ID != "":
		return &exitError{exitChanges}
	}
	return nil
}

func (c *planCommand) verdict(con *console, cfg *config, request planRequest, bar func(done, all int)) (v verdict, err error) {
	client, err := c.client(con)
	if err != nil {
		return v, err
	}
	err = client.stream(http.MethodPost, "/admin/v1/plan", request, func(raw json.RawMessage) error {
		var line planLine
		err := json.Unmarshal(raw, &line)
		if line.Verdict != nil {
			v = *line.Verdict
		} else {
			bar(line.Done, line.All)
		}
		return err
	})
	if gone := (*unansweredError)(nil); !errors.As(err, &gone) || c.Admin != "" {
		return v, err
	}
	keys, openErr := encryptionKeys(c.Config, con.environ)
	if openErr != nil {
		return v, openErr
	}
	file, openErr := boltstore.Open(cfg.Data, boltstore.Options{Keys: keys, AsIs: true})
	if openErr != nil {
		return v, fmt.Errorf("%w; and the data file cannot be read: %w", err, openErr)
	}
	v, err = judge(context.Background(), file, request.Sources, cfg, bar)
	return v, errors.Join(err, file.Close())
}

// planLine is one line of the gateway's answer: how far it is, or the verdict.
type planLine struct {
	Done    int      `json:"done,omitempty"`
	All     int      `json:"all,omitempty"`
	Verdict *verdict `json:"verdict,omitempty"`
}

// planner answers the admin API's plan.
func (d *daemon) planner(ctx context.Context, body io.Reader, answer func(line any) error) error {
	var request planRequest
	decoder := json.NewDecoder(io.LimitReader(body, maxConfigFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return fmt.Errorf("the request cannot be read: %w", err)
	}
	limits := *d.cfg
	limits.MaxLeavers = request.MaxLeavers
	v, err := judge(ctx, d.store, request.Sources, &limits, func(done, all int) { _ = answer(planLine{Done: done, All: all}) })
	if err != nil {
		return err
	}
	return answer(planLine{Verdict: &v})
}

func (v verdict) print(w io.Writer, short bool) error {
	if v.ID == "" {
		printLine(w, "Nothing changes for anybody who is stored.")
		return nil
	}
	printf(w, "Plan %s: of %d people %s.\n", v.ID, v.People, v.counts())
	var writes []string
	for _, name := range []string{"createUser", "updateUser"} {
		if n := v.Calls[name]; n > 0 {
			writes = append(writes, fmt.Sprintf("%d %s", n, name))
		}
	}
	if len(writes) > 0 {
		printf(w, "Slack needs %s for it, at the least %s of its budget.\n", strings.Join(writes, " and "), about(v.Seconds))
	}
	if v.Refused {
		printf(w, "Refused: %d people would leave, and plan.maxLeavers is %d. serve does not apply this unless somebody says --approve %s.\n",
			v.Counts[reconcile.Leaves], v.MaxLeavers, v.ID)
	}
	if short {
		return nil
	}
	printLine(w)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, change := range v.Changes {
		printf(t, "  %s\t%s\t%s\n", cmp.Or(change.Name, change.Key.ID), change.Effect, change.Problem)
		for _, a := range change.Attributes {
			printf(t, "    %s\t%s\t-> %s\n", a.Attribute, cmp.Or(a.Old, "(none)"), cmp.Or(a.New, "(none)"))
		}
	}
	if more := len(v.Changes); more < v.total() {
		printf(t, "  and %d more\n", v.total()-more)
	}
	return t.Flush()
}

func (v verdict) total() int {
	n := 0
	for _, count := range v.Counts {
		n += count
	}
	return n
}
