package main

import (
	"net/http"

	"scim2slack/server/admin"
)

// retryCommand asks for work now on what failed or is held.
type retryCommand struct {
	Who string `arg:"" help:"An id, userName, e-mail, externalId, a group's display name, or a Slack id."`
	adminFlags
}

// Run asks and says what is tried again.
func (c *retryCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var done admin.Retried
	if err := client.ask(http.MethodPost, "/admin/v1/retry", c.Who, &done); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.stdout, done)
	}
	printf(con.stdout, "%s is tried again now. See: scim2slack explain %s\n", done.Key, done.Key.ID)
	return nil
}
