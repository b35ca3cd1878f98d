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
	file, err := readLinks(c.File)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var result admin.ImportResult
	err = client.stream(http.MethodPost, "/admin/v1/links/import", file.rows, func(raw json.RawMessage) error { return json.Unmarshal(raw, &result) })
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
			printf(con.stderr, "%s: %s %s\n", c.File, file.place(f.Row), f.Problem)
		}
		printf(con.stderr, "Nothing was imported.\n")
	}
	return &exitError{exitFailed}
}

// linksFile is a file of links.
type linksFile struct {
	rows  []admin.LinkRow
	lines []int // of a CSV file: where each row begins
}

// place names a row, counted from 1, as whoever opens the file finds it.
func (f linksFile) place(row int) string {
	if f.lines == nil {
		return fmt.Sprintf("entry %d", row)
	}
	return fmt.Sprintf("line %d", f.lines[row-1])
}

// readLinks reads a file of links. Columns that only an export has do not matter. Spreadsheets put semicolons between the cells where the
// comma stands in numbers.
func readLinks(name string) (f linksFile, err error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	text := strings.TrimPrefix(string(content), "\ufeff")
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		err := json.Unmarshal([]byte(text), &f.rows)
		return f, err
	}
	reader := csv.NewReader(strings.NewReader(text))
	if first, _, _ := strings.Cut(text, "\n"); strings.Contains(first, ";") && !strings.Contains(first, ",") {
		reader.Comma = ';'
	}
	names, err := reader.Read()
	if err != nil {
		return f, fmt.Errorf("has no line of column names: %w", err)
	}
	f.lines = []int{}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f, err
		}
		row, err := linkRow(names, cells)
		if err != nil {
			return f, err
		}
		line, _ := reader.FieldPos(0)
		f.rows, f.lines = append(f.rows, row), append(f.lines, line)
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
