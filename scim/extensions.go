package scim

import (
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// slackGuestExtension is Slack's guest extension (docs.slack.dev/reference/scim-api, DOC). Its channels are left out: they cannot be set.
//
// The dates of both extensions are text, because they are kept as they were sent: sources write days alone and offsets
// without a colon, which no dateTime of RFC 7643 section 2.3.5 is.
func slackGuestExtension() schema.Schema {
	return schema.Schema{
		ID:          SlackGuestSchema,
		Name:        optional.NewString("Slack Guest"),
		Description: optional.NewString("Slack guest account"),
		Attributes: schema.Attributes{
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
				Name: "type", Description: optional.NewString("Kind of guest: a guest of several channels."), CanonicalValues: []string{"multi"},
			})),
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
				Name: "expiration", Description: optional.NewString("When the guest account is deactivated by Slack: a date with a time and an offset (RFC 3339)."),
			})),
		},
	}
}

// slackProfileExtension is Slack's profile extension (docs.slack.dev/reference/scim-api, DOC).
func slackProfileExtension() schema.Schema {
	return schema.Schema{
		ID:          SlackProfileSchema,
		Name:        optional.NewString("Slack Profile"),
		Description: optional.NewString("Slack profile"),
		Attributes: schema.Attributes{
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
				Name: "startDate", Description: optional.NewString("First day at work: a date, with or without a time."),
			})),
		},
	}
}
