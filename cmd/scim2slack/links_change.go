package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"

	"scim2slack/server/admin"
)

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
