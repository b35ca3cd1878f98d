package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"scim2slack/server/admin"
)

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
		case !slices.ContainsFunc(linkColumns, func(c string) bool { return strings.EqualFold(c, strings.TrimSpace(name)) }):
			return row, fmt.Errorf("has a column %s: use some of %s", quote(name), strings.Join(linkColumns[:8], ", "))
		}
	}
	return row, nil
}
