package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"scim2slack/server/admin"
)

// tokenCommand is for the tokens that the gateway makes for its sources.
type tokenCommand struct {
	New    tokenNewCommand    `cmd:"" help:"Make a token of a source, which counts at once. It is printed once and kept nowhere."`
	List   tokenListCommand   `cmd:"" help:"List the tokens that were made: whose, by whom, until when, and when each was used last."`
	Revoke tokenRevokeCommand `cmd:"" help:"Take a token away for good, at once."`
	Hash   tokenHashCommand   `cmd:"" help:"Read a secret from standard input and print its SHA-256 for the configuration."`
}

type tokenNewCommand struct {
	Source   string `required:"" placeholder:"NAME" help:"The source whose token it is."`
	Name     string `placeholder:"NAME" help:"What logs, records and token list call it (default: made of its id)."`
	ReadOnly bool   `help:"Who presents it may read and search, and change nothing."`
	Expires  string `placeholder:"WHEN" help:"After a time, such as 90d or 12h, or at the end of a day (UTC), such as 2027-01-31, or at a moment, such as 2027-01-31T12:00:00Z. Default: never."`
	adminFlags
}

// Run makes a token. Standard output has it alone, so that a script can put it where it belongs.
func (c *tokenNewCommand) Run(con *console) error {
	query := url.Values{"source": {c.Source}, "name": {c.Name}, "readOnly": {strconv.FormatBool(c.ReadOnly)}}
	if c.Expires != "" {
		expires, err := parseExpiry(c.Expires, time.Now())
		if err != nil {
			return &usageError{"--expires " + err.Error()}
		}
		query.Set("expires", expires.UTC().Format(time.RFC3339))
	}
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var made admin.NewSourceToken
	if err := client.ask(http.MethodPost, "/admin/v1/tokens?"+query.Encode(), "", &made); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, made)
	}
	printf(con.stderr, "The token %s of the source %s, %s. It counts from now on, and is not shown again:\n", made.Name, made.Source, validity(made.TokenRow))
	printLine(con.stdout, made.Token)
	return nil
}

// parseExpiry reads how long something holds: a time from now on, with d for days, or a moment.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36_500 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	moment, err := parseMoment(text)
	if err != nil {
		return moment, fmt.Errorf("is %s: use a time from now on, such as 90d or 12h, or the last day, such as 2027-01-31, or a moment, such as 2027-01-31T12:00:00Z", quote(text))
	}
	return moment, nil
}

// validity says what a token may do, and until when.
func validity(row admin.TokenRow) string {
	may, until := "which may read and write", "until it is revoked"
	if row.ReadOnly {
		may = "which may only read"
	}
	if !row.Expires.IsZero() {
		until = "until " + row.Expires.Format(time.RFC3339)
	}
	return may + " " + until
}

type tokenListCommand struct {
	adminFlags
}

// Run lists the tokens.
func (c *tokenListCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var list admin.SourceTokenList
	if err := client.ask(http.MethodGet, "/admin/v1/tokens", "", &list); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, list.Tokens)
	}
	table := tabwriter.NewWriter(con.stdout, 0, 4, 2, ' ', 0)
	printf(table, "NAME\tSOURCE\tMAY\tMADE\tBY\tEXPIRES\tLAST USED\tID\n")
	for _, t := range list.Tokens {
		may, expires, used := "read, write", "never", "never"
		if t.ReadOnly {
			may = "read"
		}
		if !t.Expires.IsZero() {
			expires = t.Expires.Format(time.DateOnly)
		}
		if t.Idle != "" {
			may = "nothing: " + t.Idle
		}
		if !t.LastUse.IsZero() {
			used = t.LastUse.Format("2006-01-02 15h")
		}
		printf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.Source, may, t.Created.Format(time.DateOnly), t.By, expires, used, t.ID)
	}
	printf(table, "%d tokens; those of the configuration are not among them\n", len(list.Tokens))
	return table.Flush()
}

type tokenRevokeCommand struct {
	Token string `arg:"" help:"The name or id of the token, as token list shows them."`
	adminFlags
}

// Run takes a token away.
func (c *tokenRevokeCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var revoked admin.TokenRow
	if err := client.ask(http.MethodPost, "/admin/v1/tokens/revoke", c.Token, &revoked); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, revoked)
	}
	printf(con.stdout, "The token %s (%s) of the source %s opens nothing any more.\n", revoked.Name, revoked.ID, revoked.Source)
	return nil
}

type tokenHashCommand struct{}

// Run prints the hash of what stands on standard input, without the white space around it, as a file with a token is read.
func (c *tokenHashCommand) Run(con *console) error {
	return hashSecret(con.stdout, os.Stdin)
}

func hashSecret(w io.Writer, r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxTokenFile+1))
	if err != nil {
		return fmt.Errorf("standard input cannot be read: %w", err)
	}
	secret := strings.TrimSpace(string(raw))
	switch {
	case len(raw) > maxTokenFile:
		err = errors.New("is longer than any secret")
	case secret == "":
		err = errors.New("is empty")
	default:
		err = errors.Join(guessable(secret), admin.CheckTokenText(secret))
	}
	if err != nil {
		return fmt.Errorf("what stands on standard input %w", err)
	}
	hash := sha256.Sum256([]byte(secret))
	printLine(w, hex.EncodeToString(hash[:]))
	return nil
}
