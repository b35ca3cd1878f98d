package scim

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	doc := Object{
		"userName": "ann", "active": false, "password": "secret", "title": nil, "nickName": "", "unknown": "x", "USERTYPE": "x", "id": "not mine", "schemas": []any{"x"},
		"name":   Object{"givenName": "Ann", "familyName": nil},
		"emails": []any{Object{"value": "a", "type": "work", "primary": false}, Object{"value": nil}}, "roles": []any{}, "ims": nil, "addresses": []any{Object{}},
		"groups": []any{Object{"value": "g1"}}, SlackGuestSchema: nil, SlackProfileSchema: Object{"startDate": nil},
		EnterpriseSchema: Object{"department": "D", "manager": nil},
	}
	zone := time.FixedZone("", 3600)
	got := Users.Render(doc, Meta{ID: "u1", Location: "https://gw.example/scim/v2/Users/u1", Version: `W/"3"`,
		Created: time.Date(2024, 4, 10, 1, 2, 3, 0, zone), Modified: time.Date(2024, 4, 10, 1, 2, 3, 4567890, time.UTC)})
	want := Object{
		"schemas": []any{UserSchema, EnterpriseSchema}, "id": "u1", "userName": "ann", "active": false, "name": Object{"givenName": "Ann"},
		"emails": []any{Object{"value": "a", "type": "work", "primary": false}}, "groups": []any{Object{"value": "g1"}}, EnterpriseSchema: Object{"department": "D"},
		"meta": Object{"resourceType": "User", "created": "2024-04-10T00:02:03.000Z", "lastModified": "2024-04-10T01:02:03.004Z",
			"location": "https://gw.example/scim/v2/Users/u1", "version": `W/"3"`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Object{"schemas": []any{GroupSchema}, "meta": Object{"resourceType": "Group"}}, Groups.Render(nil, Meta{})); diff != "" {
		t.Error(diff)
	}
}

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct {
		in   Object
		want string
	}{
		{nil, `null`},
		{Object{}, `{}`},
		{Object{"z": nil, "b": true, "B": false, "displayName": "D", "userName": "u", "meta": Object{}, "externalId": "e", "id": "1", "schemas": []any{}},
			`{"schemas":[],"id":"1","meta":{},"externalId":"e","userName":"u","displayName":"D","B":false,"b":true,"z":null}`},
		{Object{"a": []any{1.0, -2.5, 1e21, 1e-7, 9007199254740993.0, math.NaN(), math.Inf(1)}}, `{"a":[1,-2.5,1e+21,1e-07,9007199254740992,null,null]}`},
		{Object{"<&>": "<&>\u2028\"\\\n\r\t\b\x00é\xff\xf0\x9f"}, "{\"<&>\":\"<&>\u2028\\\"\\\\\\n\\r\\t\\u0008\\u0000é\ufffd\ufffd\ufffd\"}"},
		{Object{"n": 5, "m": map[string]any{"a": 1}, "c": make(chan int)}, `{"c":null,"m":{"a":1},"n":5}`},
	} {
		got := string(AppendJSON([]byte("x"), c.in))
		if got != "x"+c.want {
			t.Errorf("got  %s\nwant x%s", got, c.want)
		}
		if !json.Valid([]byte(got[1:])) {
			t.Errorf("%s is not JSON", got)
		}
	}
}
