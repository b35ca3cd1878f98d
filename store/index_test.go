package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

func TestIndexEntries(t *testing.T) {
	full := scim.Object{
		"userName": "Anna", "displayName": "The Crew", "externalId": "E-1",
		"emails": []any{
			scim.Object{"value": "Anna@Example.com"}, scim.Object{"value": "anna@example.com"}, scim.Object{"value": "b@example.com"},
			scim.Object{"value": nil}, scim.Object{}, nil, "c@example.com",
		},
		scim.EnterpriseSchema: scim.Object{"manager": scim.Object{"value": "Boss"}},
	}
	empty := scim.Object{"userName": "", "displayName": nil, "externalId": nil, "emails": nil, scim.EnterpriseSchema: nil}
	for _, c := range []struct {
		name     string
		resource Resource
		want     []IndexEntry
	}{
		{"user", Resource{Key: Key{Type: User}, Document: full}, []IndexEntry{
			{IndexExternalID, "E-1", false}, {IndexUserName, "anna", true}, {IndexEmail, "anna@example.com", false},
			{IndexEmail, "b@example.com", false}, {IndexManager, "boss", false},
		}},
		{"group", Resource{Key: Key{Type: Group}, Document: full}, []IndexEntry{
			{IndexExternalID, "E-1", false}, {IndexDisplayName, "the crew", true},
		}},
		{"tombstone", Resource{Key: Key{Type: User}, Document: full, Deleted: true}, nil},
		{"empty user", Resource{Key: Key{Type: User}, Document: empty}, nil},
		{"empty group", Resource{Key: Key{Type: Group}, Document: empty}, nil},
		{"no document", Resource{Key: Key{Type: User}}, nil},
		{"other types", Resource{Key: Key{Type: User}, Document: scim.Object{"userName": 1.0, "emails": "x", scim.EnterpriseSchema: []any{}}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, IndexEntries(c.resource)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsNameTheHolder(t *testing.T) {
	k := Key{Source: "okta", Type: User, ID: "42"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&ConflictError{IndexUserName, "anna", k}, `userName "anna" is already used by okta/User/42`},
		{&LinkedError{"W1", k}, "Slack id W1 is linked to okta/User/42"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
