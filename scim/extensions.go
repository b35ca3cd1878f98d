package scim

import (
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// slackGuestExtension is Slack's guest extension (docs.slack.dev/reference/scim-api, DOC). Its channels are left out: they cannot be set.
func slackGuestExtension() schema.Schema {
	return schema.Schema{
		ID:          SlackGuestSchema,
		Name:        optional.NewString("Slack Guest"),
		Description: optional.NewString("Slack guest account"),
		Attributes: schema.Attributes{
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
				Name: "type", Description: optional.NewString("Kind of guest. Slack takes only multi: a guest of several channels."),
			})),
			schema.SimpleCoreAttribute(schema.SimpleDateTimeParams(schema.DateTimeParams{
				Name: "expiration", Description: optional.NewString("When the guest account is deactivated by Slack."),
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
			schema.SimpleCoreAttribute(schema.SimpleDateTimeParams(schema.DateTimeParams{
				Name: "startDate", Description: optional.NewString("First day at work."),
			})),
		},
	}
}
