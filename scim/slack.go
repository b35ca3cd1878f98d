package scim

// SlackAttribute names one single-valued attribute of a Slack user as this program keeps it: flat, because Slack keeps
// two e-mails, two phones, one address, one photo and one role (facts: docs.slack.dev/reference/scim-api, DOC).
type SlackAttribute string

const (
	SlackUserName        SlackAttribute = "userName"
	SlackDisplayName     SlackAttribute = "displayName"
	SlackGivenName       SlackAttribute = "givenName"
	SlackFamilyName      SlackAttribute = "familyName"
	SlackHonorificPrefix SlackAttribute = "honorificPrefix"
	SlackTitle           SlackAttribute = "title"
	SlackEmail           SlackAttribute = "email"
	SlackSecondaryEmail  SlackAttribute = "secondaryEmail"
	SlackPrimaryPhone    SlackAttribute = "primaryPhone"
	SlackMobilePhone     SlackAttribute = "mobilePhone"
	SlackStreetAddress   SlackAttribute = "streetAddress"
	SlackLocality        SlackAttribute = "locality"
	SlackRegion          SlackAttribute = "region"
	SlackPostalCode      SlackAttribute = "postalCode"
	SlackCountry         SlackAttribute = "country"
	SlackPhoto           SlackAttribute = "photo"
	SlackProfileURL      SlackAttribute = "profileUrl"
	SlackRole            SlackAttribute = "role"
	SlackUserType        SlackAttribute = "userType"
	SlackPreferredLang   SlackAttribute = "preferredLanguage"
	SlackLocale          SlackAttribute = "locale"
	SlackTimezone        SlackAttribute = "timezone"
	SlackEmployeeNumber  SlackAttribute = "employeeNumber"
	SlackCostCenter      SlackAttribute = "costCenter"
	SlackOrganization    SlackAttribute = "organization"
	SlackDivision        SlackAttribute = "division"
	SlackDepartment      SlackAttribute = "department"
	SlackManager         SlackAttribute = "manager" // a Slack user id
	SlackStartDate       SlackAttribute = "startDate"
	SlackGuestType       SlackAttribute = "guestType"
	SlackGuestExpiration SlackAttribute = "guestExpiration"
)

// SlackAttributes lists every SlackAttribute in the order in which people are shown them.
var SlackAttributes = []SlackAttribute{
	SlackUserName, SlackEmail, SlackSecondaryEmail, SlackDisplayName, SlackGivenName, SlackFamilyName, SlackHonorificPrefix,
	SlackTitle, SlackPrimaryPhone, SlackMobilePhone, SlackStreetAddress, SlackLocality, SlackRegion, SlackPostalCode,
	SlackCountry, SlackTimezone, SlackLocale, SlackPreferredLang, SlackUserType, SlackRole, SlackPhoto, SlackProfileURL,
	SlackEmployeeNumber, SlackCostCenter, SlackOrganization, SlackDivision, SlackDepartment, SlackManager, SlackStartDate,
	SlackGuestType, SlackGuestExpiration,
}

// SlackUserProfile holds attributes of a Slack user. An attribute that is missing is not spoken of (leave it alone);
// one with the value "" is to be cleared, or is empty in Slack.
type SlackUserProfile map[SlackAttribute]string
