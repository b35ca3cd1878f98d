package reconcile

import (
	"fmt"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// ownForm are the attributes that Slack shows in a form of its own: the address of its copy of a photo, which comes later (slack-scim.md 3.7),
// and dates.
var ownForm = map[scim.SlackAttribute]bool{
	scim.SlackPhoto: true, scim.SlackProfileURL: true, scim.SlackStartDate: true, scim.SlackGuestExpiration: true,
}

// altered reads an answer back: it returns the attributes that Slack shows otherwise than it was sent, as it shows them. Those of earlier
// answers stay for as long as Slack shows them so. An attribute that was cleared may get Slack's default (slack-scim.md 3.5).
func altered(before, sent, shown scim.SlackUserProfile) scim.SlackUserProfile {
	out := scim.SlackUserProfile{}
	for a, value := range before {
		if _, again := sent[a]; !again && shown[a] == value {
			out[a] = value
		}
	}
	for a, value := range sent {
		if value != "" && !ownForm[a] && !sameValue(a, strings.TrimSpace(value), strings.TrimSpace(shown[a])) {
			out[a] = shown[a]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// alteredWarnings tells what Slack shows otherwise.
func alteredWarnings(link *store.Link) []string {
	if link == nil || !link.Active {
		return nil
	}
	var out []string
	for _, a := range scim.SlackAttributes {
		if shown, otherwise := link.Altered[a]; otherwise {
			out = append(out, fmt.Sprintf("Slack shows the %s %.40q, although %.40q was sent", a, shown, link.Applied[a]))
		}
	}
	return out
}
