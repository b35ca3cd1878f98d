package main

import (
	"encoding/json"
	"errors"
	"io"
	"text/tabwriter"
)

// checkCommand reports on a configuration without starting anything.
type checkCommand struct {
	Config string `short:"c" placeholder:"FILE" help:"The file to check. Without it, the environment alone is checked."`
	JSON   bool   `help:"Print JSON."`
}

// checkReport is what check prints as JSON.
type checkReport struct {
	Valid         bool      `json:"valid"`
	Faults        []fault   `json:"faults"`
	Warnings      []fault   `json:"warnings"`
	Configuration []setting `json:"configuration,omitempty"`
}

// Run checks the configuration. The error is a *configError if it has faults.
func (c *checkCommand) Run(con *console) error {
	cfg, warnings, err := loadConfig(c.Config, con.environ)
	report := checkReport{Valid: err == nil, Faults: []fault{}, Warnings: append([]fault{}, warnings...)}
	if err == nil {
		report.Configuration = cfg.settings()
		report.Warnings = append(report.Warnings, cfg.withoutCredential(c.Config)...)
	}
	if faults := (*configError)(nil); errors.As(err, &faults) {
		report.Faults = faults.faults
	}
	if c.JSON {
		if printErr := printJSON(con.stdout, report); printErr != nil {
			return printErr
		}
		if err != nil {
			return &exitError{exitUsage}
		}
		return nil
	}
	printWarnings(con.stderr, report.Warnings)
	if err != nil {
		return err
	}
	return report.print(con.stdout)
}

func (r *checkReport) print(w io.Writer) error {
	printLine(w, "The configuration has no faults. It comes to:")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, s := range r.Configuration {
		value := s.Value
		if value == "" {
			value = "-"
		}
		printf(table, "  %s\t%s\t%s\n", s.Key, value, s.From)
	}
	return table.Flush()
}

func printWarnings(w io.Writer, warnings []fault) {
	for _, f := range warnings {
		printf(w, "warning: %s\n", f)
	}
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
