package reconcile

import (
	"strings"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// What becomes of a change when Slack answers it with one of the identifiers that it documents, or that were seen (slack-scim.md section 6).
const (
	shownOnce = "failed, and not sent again"
	again3    = "pending, and sent again"
	decided   = "held for a person"
	paused    = "pending, and everything waits"
	remade    = "the account is matched anew"
	without   = "done, without the attribute"
)

var documentedIdentifiers = map[string]string{
	paused: "invalid_authentication missing_authentication plus_teams_only non_org_teams_only",
	again3: "bad_endpoint user_creation_failed invited_user_not_created group_creation_failed group_members_create_failed " +
		"database_query_failure query_building_failed too_many_requests resource_locked",
	decided: "permission_denied cannot_modify_owner cannot_modify_gdpr cannot_disable_bot_user_with_scim cannot_disable_primary_owner " +
		"primary_owner_check_failure cannot_make_user_guest",
	remade: "no_such_user unknown_user",
	shownOnce: "method_not_allowed missing_user_id missing_group_id cannot_decode_user_id invalid_request_payload missing_schema_element " +
		"invalid_attribute_format invalid_reserved_word addresses_invalid emails_invalid groups_invalid phoneNumbers_invalid " +
		"improper_enterprise_schema_format bad_email_address email_empty email_invalid missing_primary_email email_taken username_empty " +
		"username_required username_invalid username_not_allowed username_too_long long_username username_taken truncation_error long_nickname " +
		"invalid_name_maxlength invalid_name_specials invalid_name_required invalid_starts_with_at password_change_not_allowed " +
		"unable_to_create_team_profile_fields no_such_group_members group_member_max_exceeded too_many_users " +
		"failed_to_remove_users_for_linked_subteam idp_group_linked_to_channels unable_to_add_deleted_or_guest_to_group " +
		"invalid_sort_order no_filters incomplete_filter invalid_filter_group invalid_query no_such_group",
	without: "invalid_display_name invalid_emoji_not_allowed photos_invalid roles_invalid",
}

func TestEveryDocumentedIdentifier(t *testing.T) {
	for want, ids := range documentedIdentifiers {
		for _, id := range strings.Fields(ids) {
			t.Run(id, func(t *testing.T) {
				inWorld(t, slacksim.Options{}, nil, func(w *world) {
					me := w.desire(store.User, "", user("janet"))
					w.settle()
					account := w.account("janet")
					struck := w.slack.Inject(slacksim.Fault{Kind: slacksim.RefuseWith, Error: id, Endpoint: slacksim.EndpointUpdateUser, Times: 1})
					changed := userDoc(user("janet")).with("displayName", "Jan")
					changed["photos"], changed["roles"] = []any{scim.Object{"value": "https://example.com/j.png"}}, []any{scim.Object{"value": "Cook"}}
					w.desire(store.User, me, changed)
					time.Sleep(100 * time.Millisecond)
					early, open := w.status(store.User, me), w.loop.gate.open()
					w.settle()
					late, sent := w.status(store.User, me), w.account("janet").DisplayName == "Jan"
					if struck.Fired() != 1 {
						t.Fatalf("the fault struck %d calls", struck.Fired())
					}
					var got string
					switch {
					case !open && early.Phase == store.Pending && late.Phase == store.Synced:
						got = paused
					case late.Phase == store.Synced && len(late.Warnings) > 0:
						got = without
					case early.Phase == store.Pending && early.Reason == id && late.Phase == store.Synced && sent:
						got = again3
					case late.Phase == store.Held && !sent:
						got = decided
					case late.Phase == store.Failed && !sent:
						got = shownOnce
					case late.Phase == store.Synced && sent && open:
						got = remade
					}
					if got != want {
						t.Errorf("it is %q, want %q; at first %s (%s), at last %s (%s: %s)", got, want, early.Phase, early.Reason, late.Phase, late.Reason, late.Message)
					}
					if _, known := refusals[id]; !known && want != paused && want != again3 {
						t.Error("the dictionary for administrators lacks it")
					}
					if w.account("janet").ID != account.ID {
						t.Error("there is another account now")
					}
				})
			})
		}
	}
}
