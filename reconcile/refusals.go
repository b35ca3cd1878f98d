package reconcile

import (
	"fmt"

	"scim2slack/slackapi"
)

// refusal says what an error identifier of Slack means to an administrator, and what follows from it.
type refusal struct {
	meaning   string
	remedy    string
	transient bool // trying again may help
	person    bool // a person must decide
}

// reportThis is the remedy where a person can do nothing: the request was of our own making.
const reportThis = "report this with the log: the gateway should not have sent it"

// refusals is the dictionary of Slack's documented error identifiers (slack-scim.md section 6). One that is
// missing here is permanent and shown as Slack wrote it. docs/errors.md shows this table; a test keeps the two equal.
var refusals = map[string]refusal{
	"username_empty":                            {meaning: "Slack got no userName", remedy: "map an attribute to userName"},
	"username_required":                         {meaning: "Slack got no userName", remedy: "map an attribute to userName"},
	"username_invalid":                          {meaning: "Slack does not take this userName", remedy: "use letters, digits, dots, hyphens and underscores"},
	"username_not_allowed":                      {meaning: "the userName is a reserved word in Slack, or the name of a channel", remedy: "choose another userName"},
	"username_too_long":                         {meaning: "the userName is longer than the 21 characters that Slack takes", remedy: "map a shorter attribute to userName"},
	"long_username":                             {meaning: "the userName is longer than the 21 characters that Slack takes", remedy: "map a shorter attribute to userName"},
	"long_nickname":                             {meaning: "the userName is longer than the 21 characters that Slack takes", remedy: "map a shorter attribute to userName"},
	"username_taken":                            {meaning: "another Slack account, perhaps a deactivated one, or a channel has this userName", remedy: "choose another userName, or rename the other account"},
	"truncation_error":                          {meaning: "Slack could not shorten the userName without a clash", remedy: "choose another userName"},
	"email_taken":                               {meaning: "another Slack account, perhaps a deactivated one, has this e-mail", remedy: "add email to the source's match setting to link it, or change the e-mail of one of the two"},
	"bad_email_address":                         {meaning: "Slack does not take this e-mail", remedy: "correct the e-mail in the directory"},
	"email_empty":                               {meaning: "Slack got no e-mail", remedy: "map an attribute to the primary e-mail"},
	"email_invalid":                             {meaning: "Slack does not take this e-mail", remedy: "correct the e-mail in the directory"},
	"missing_primary_email":                     {meaning: "Slack got no primary e-mail", remedy: "map an attribute to the primary e-mail"},
	"emails_invalid":                            {meaning: "Slack does not take the e-mails", remedy: "correct the e-mails in the directory"},
	"invalid_display_name":                      {meaning: "Slack does not let displayName be changed here", remedy: "in Slack, forbid members to change their display name, or do not map displayName"},
	"invalid_name_maxlength":                    {meaning: "a name is longer than the 80 characters that Slack takes", remedy: "shorten the name in the directory"},
	"invalid_name_specials":                     {meaning: "a name has a character that Slack does not take", remedy: "remove special characters from the name"},
	"invalid_name_required":                     {meaning: "Slack needs a given or a family name", remedy: "fill the name in the directory"},
	"invalid_starts_with_at":                    {meaning: "the display name begins with @", remedy: "remove the @"},
	"invalid_emoji_not_allowed":                 {meaning: "a name has an emoji", remedy: "remove the emoji"},
	"addresses_invalid":                         {meaning: "Slack does not take the address", remedy: "correct the address in the directory"},
	"phoneNumbers_invalid":                      {meaning: "Slack does not take a phone number", remedy: "correct the phone numbers in the directory"},
	"photos_invalid":                            {meaning: "Slack does not take the photo", remedy: "give the public address of an image"},
	"roles_invalid":                             {meaning: "Slack does not take the role", remedy: "correct the role in the directory"},
	"improper_enterprise_schema_format":         {meaning: "Slack does not take the enterprise attributes", remedy: "correct department, division, cost centre or manager in the directory"},
	"unable_to_create_team_profile_fields":      {meaning: "the Slack organisation has 50 profile fields already", remedy: "remove profile fields in Slack, or map fewer attributes"},
	"password_change_not_allowed":               {meaning: "Slack does not let the password be changed", remedy: "do not map the password"},
	"user_creation_failed":                      {meaning: "Slack could not create the account", remedy: "nothing: it is tried again", transient: true},
	"invited_user_not_created":                  {meaning: "Slack could not create the account yet", remedy: "nothing: it is tried again", transient: true},
	"group_creation_failed":                     {meaning: "Slack could not create the group", remedy: "nothing: it is tried again", transient: true},
	"group_members_create_failed":               {meaning: "Slack could not add the members", remedy: "nothing: it is tried again", transient: true},
	"bad_endpoint":                              {meaning: "the address of Slack's SCIM API is wrong", remedy: "correct slack.scimURL; it is tried again", transient: true},
	"database_query_failure":                    {meaning: "Slack could not look it up", remedy: "nothing: it is tried again", transient: true},
	"query_building_failed":                     {meaning: "Slack could not look it up", remedy: "nothing: it is tried again", transient: true},
	"cannot_modify_owner":                       {meaning: "the account is an owner in Slack, whom this token may not change", remedy: "change the person in Slack, or take them out of the scope", person: true},
	"cannot_disable_primary_owner":              {meaning: "the account is Slack's primary owner", remedy: "hand primary ownership over in Slack first", person: true},
	"primary_owner_check_failure":               {meaning: "the account is Slack's primary owner", remedy: "hand primary ownership over in Slack first", person: true},
	"cannot_disable_bot_user_with_scim":         {meaning: "the account is a bot", remedy: "take it out of the scope", person: true},
	"cannot_modify_gdpr":                        {meaning: "the account was erased on request in Slack", remedy: "take it out of the scope", person: true},
	"cannot_make_user_guest":                    {meaning: "the account is an admin or owner and cannot become a guest", remedy: "change the role in Slack, or do not map the guest type", person: true},
	"permission_denied":                         {meaning: "the owner of the Slack token has a lower rank than this account", remedy: "use the token of an owner", person: true},
	"group_member_max_exceeded":                 {meaning: "the group is larger than Slack allows", remedy: "split the group"},
	"invalid_request_payload":                   {meaning: "Slack could not read the request", remedy: reportThis},
	"missing_schema_element":                    {meaning: "Slack misses the schemas in the request", remedy: reportThis},
	"invalid_attribute_format":                  {meaning: "Slack does not take the form of an attribute", remedy: reportThis},
	"invalid_reserved_word":                     {meaning: "Slack does not take a word in the request", remedy: reportThis},
	"groups_invalid":                            {meaning: "Slack does not take groups on a person", remedy: reportThis},
	"method_not_allowed":                        {meaning: "Slack does not offer this kind of request here", remedy: reportThis},
	"missing_user_id":                           {meaning: "Slack misses the id of the account", remedy: reportThis},
	"missing_group_id":                          {meaning: "Slack misses the id of the group", remedy: reportThis},
	"cannot_decode_user_id":                     {meaning: "Slack cannot read the id of the account", remedy: reportThis},
	"invalid_sort_order":                        {meaning: "Slack does not take the order of a list", remedy: reportThis},
	"no_filters":                                {meaning: "Slack misses the filter of a look-up", remedy: reportThis},
	"incomplete_filter":                         {meaning: "Slack cannot read the filter of a look-up", remedy: reportThis},
	"invalid_filter_group":                      {meaning: "Slack cannot read the filter of a look-up", remedy: reportThis},
	"invalid_query":                             {meaning: "Slack cannot read the filter of a look-up", remedy: reportThis},
	"too_many_users":                            {meaning: "too many members in one call", remedy: "report this: the gateway should have sent fewer"},
	"failed_to_remove_users_for_linked_subteam": {meaning: "Slack could not remove members because the group is linked", remedy: "disconnect the group in Slack"},
	"idp_group_linked_to_channels":              {meaning: "the group is linked to channels", remedy: "disconnect the group from its channels in Slack, then retry"},
	"unable_to_add_deleted_or_guest_to_group":   {meaning: "a deactivated account or a guest cannot be a member", remedy: "nothing: the member is left out and listed"},
	"no_such_group_members":                     {meaning: "Slack does not know a member", remedy: "nothing: the member is left out and listed"},
	"no_such_user":                              {meaning: "Slack does not know the account", remedy: "nothing: it is matched again"},
	"unknown_user":                              {meaning: "Slack does not know the account", remedy: "nothing: it is matched again"},
	"no_such_group":                             {meaning: "Slack does not know the group", remedy: "nothing: it is matched again"},
	"plus_teams_only":                           {meaning: "the Slack plan has no SCIM", remedy: "use Business+ or Enterprise"},
	"non_org_teams_only":                        {meaning: "the Slack app is installed in a workspace and not in the organisation", remedy: "let an organisation owner install it in the organisation"},
}

// explainRefusal is the sentence for the administrator.
func explainRefusal(e *slackapi.Error) string {
	r, known := refusals[e.ID]
	if !known {
		return fmt.Sprintf("Slack refused it: %s", e.Detail)
	}
	return fmt.Sprintf("%s (Slack: %s). What to do: %s.", r.meaning, e.Detail, r.remedy)
}
