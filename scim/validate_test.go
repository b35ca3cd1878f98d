package scim

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		t    *ResourceType
		in   string
		want string // of the error; "" for none
	}{
		{Users, typicalUser, ""},
		{Users, `{"userName":"a"}`, ""},
		{Users, `{"userName":"a","title":null,"emails":null,"name":{"givenName":null},"active":null,"e:":{"manager":null}}`, ""},
		{Users, `{}`, "userName is missing or empty: every user must have one"},
		{Users, `{"userName":""}`, "userName is missing or empty"},
		{Users, `{"userName":null}`, "userName is missing or empty"},
		{Users, `{"userName":" \t\n"}`, "userName is missing or empty"},
		{Users, `{"userName":["a"]}`, "userName is missing or empty"},
		{Users, `{"displayName":"a"}`, "userName is missing or empty"},
		{Users, `{"userName":"a","x509Certificates":[{"value":"AAAA"}]}`, ""},
		{Users, `{"userName":"a","x509Certificates":[{"value":"AAAA"},{"value":"no base64"}]}`, "x509Certificates has a value that is not of its type, binary for value"},
		{Users, `{"userName":"a","active":"true"}`, "active has a value that is not of its type, boolean"},
		{Users, `{"userName":"a","title":5}`, "title has a value that is not of its type, string"},
		{Users, `{"userName":"a","emails":{"value":"b"}}`, "emails must be a list"},
		{Users, `{"userName":"a","title":["b"]}`, "title takes one value, not a list"},
		{Users, `{"userName":"a","emails":["b"]}`, "emails has a value that is not of its type, complex"},
		{Users, `{"userName":"a","emails":[{"value":"b","primary":"yes"}]}`, "emails has a value that is not of its type, boolean for primary"},
		{Users, `{"userName":"a","e:":{"department":true}}`, EnterpriseSchema + ":department has a value that is not of its type, string"},
		{Users, `{"userName":"a","e:":"x"}`, EnterpriseSchema + " must be an object"},
		{Users, `{"userName":"a","p:":{"startDate":"2024-04-10T00:00:00+0000"}}`, ""},
		{Users, `{"userName":"a","p:":{"startDate":"2024-04-10"}}`, ""},
		{Users, `{"userName":"a","p:":{"startDate":"10.4.2024"}}`, ""},
		{Users, `{"userName":"a","p:":{"startDate":5}}`, SlackProfileSchema + ":startDate has a value that is not of its type, string"},
		{Users, `{"userName":"a","` + SlackGuestSchema + `":{"type":"single"}}`, ""}, // the mapping tells what Slack takes
		{Groups, `{"displayName":"G","members":[{"value":"1"}]}`, ""},
		{Groups, `{"displayName":"G","members":null}`, ""},
		{Groups, `{"members":[{"value":"1"}]}`, "displayName is missing or empty: every group must have one"},
		{Groups, `{"displayName":"G","members":[{"value":1}]}`, "members has a value that is not of its type, string for value"},
	} {
		doc := decode(t, strings.ReplaceAll(enterprise(c.in), `"p:"`, `"`+SlackProfileSchema+`"`))
		before := doc.Clone()
		err := c.t.Validate(doc)
		var e *Error
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.in, err)
		case c.want != "" && (!errors.As(err, &e) || e.Type != InvalidValue || !strings.HasPrefix(e.Detail, c.want)):
			t.Errorf("%s: got error %v, want %q", c.in, err, c.want)
		}
		if !Equal(before, doc) {
			t.Errorf("%s: changed by validation", c.in)
		}
	}
}

func TestParseDateTime(t *testing.T) {
	want := time.Date(2024, 4, 10, 0, 0, 0, 0, time.UTC)
	for _, s := range []string{"2024-04-10T00:00:00Z", "2024-04-10T00:00:00+0000", "2024-04-10T02:00:00+02:00", "2024-04-09T17:00:00-0700", "2024-04-10T00:00:00.000Z",
		"2024-04-10T00:00:00", "2024-04-10 00:00:00", "2024-04-10 00:00:00Z", "2024-04-10T00:00", "2024-04-10"} {
		if got, ok := ParseDateTime(s); !ok || !got.Equal(want) {
			t.Errorf("%s: %v %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "now", "2024", "2024-13-01", "2024-02-30", "10/04/2024", "1712707200", "2024-04-10x"} {
		if got, ok := ParseDateTime(s); ok {
			t.Errorf("%s is read as %v", s, got)
		}
	}
}
