package main

import (
	"net/http"

	"scim2slack/server/admin"
)

// resumeCommand lets the outbound side go on after an alarm.
type resumeCommand struct {
	adminFlags
}

// Run asks and says whether there was an alarm.
func (c *resumeCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	var done admin.Resumed
	if err := client.ask(http.MethodPost, "/admin/v1/resume", "", &done); err != nil {
		return err
	}
	switch {
	case c.JSON:
		return printJSON(con.stdout, done)
	case done.Resumed:
		printf(con.stdout, "The outbound side goes on. See: scim2slack status\n")
	default:
		printf(con.stdout, "There is no alarm; nothing was resting because of one.\n")
	}
	return nil
}
