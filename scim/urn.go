package scim

// Schema and message URNs (RFC 7643 section 8.7, RFC 7644 section 8.2, Slack's extensions: docs.slack.dev/reference/scim-api).
const (
	UserSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

	SlackGuestSchema   = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User"
	SlackProfileSchema = "urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User"

	PatchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	ListSchema  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	ErrorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// urnAliases are other spellings of URNs that clients send (letter case apart): those of SCIM 1.1 and of drafts of 2.0, also Slack's
// own for SCIM 1.1, and a misspelling of Microsoft's documentation (entra-docs, use-scim-to-provision-users-and-groups).
var urnAliases = map[string][]string{
	UserSchema:  {"urn:scim:schemas:core:1.0", "urn:scim:schemas:core:2.0", "urn:scim:schemas:core:2.0:User"},
	GroupSchema: {"urn:scim:schemas:core:1.0", "urn:scim:schemas:core:2.0", "urn:scim:schemas:core:2.0:Group"},
	EnterpriseSchema: {"urn:ietf:params:scim:schemas:extension:enterprise:2.0User", "urn:scim:schemas:extension:enterprise:1.0",
		"urn:scim:schemas:extension:enterprise:2.0", "urn:scim:schemas:extension:enterprise:2.0:User"},
	SlackGuestSchema:   {"urn:scim:schemas:extension:slack:guest:1.0"},
	SlackProfileSchema: {"urn:scim:schemas:extension:slack:profile:1.0"},
}
