package slackapi

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestClassify(t *testing.T) {
	var (
		create = call{op: "create user", method: http.MethodPost}
		update = call{op: "update user", target: "U1", method: http.MethodPatch, byID: true}
		get    = call{op: "read user", target: "U1", method: http.MethodGet, byID: true}
		find   = call{op: "find user", method: http.MethodGet}
		group  = call{op: "update group", target: "S1", method: http.MethodPatch, byID: true, group: true, bodyIgnored: true}
		naming = call{op: "update user", target: "U1", method: http.MethodPatch, byID: true, refersToOthers: true}
	)
	v2 := func(detail string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"` + detail + `","status":1}`
	}
	for name, row := range map[string]struct {
		call   call
		status int
		body   string
		cut    bool
		kind   Kind // 0: a success
		id     string
	}{
		"created":                       {create, 201, `{"id":"U1","active":true}`, false, 0, ""},
		"truncated 2xx":                 {create, 201, `{"id":"U1",`, true, Unknown, ""},
		"group, truncated 2xx":          {group, 200, `{"id`, true, 0, ""},
		"group, 204":                    {group, 204, ``, false, 0, ""},
		"group, ok false in 200":        {group, 200, `{"ok":false,"error":"invalid_auth"}`, false, Unauthorized, "invalid_auth"},
		"fault in 200":                  {create, 200, v2("username_taken (username=x)"), false, Refused, "username_taken"},
		"nameless fault in 200":         {create, 200, `{"Errors":{"description":"","code":500}}`, false, Unknown, ""},
		"internal error in 200":         {create, 200, `{"ok":false,"error":"internal_error"}`, false, Unknown, "internal_error"},
		"taken, 400":                    {create, 400, v2("email_taken (existing_user=U9)"), false, Refused, "email_taken"},
		"taken, 409":                    {create, 409, v2("email_taken (existing_user=U9)"), false, Refused, "email_taken"},
		"HTML 400":                      {create, 400, "<html>", false, Refused, ""},
		"truncated 400":                 {create, 400, `{"detail":"email_ta`, true, Unknown, ""},
		"401":                           {create, 401, "", false, Unauthorized, ""},
		"truncated 401":                 {create, 401, "{", true, Unauthorized, ""},
		"401 with identifier":           {create, 401, v2("invalid_authentication"), false, Unauthorized, "invalid_authentication"},
		"authentication at 400":         {create, 400, v2("non_org_teams_only"), false, Unauthorized, "non_org_teams_only"},
		"permission on one account":     {update, 403, v2("permission_denied"), false, Refused, "permission_denied"},
		"permission to read":            {get, 403, v2("permission_denied"), false, Unauthorized, "permission_denied"},
		"permission to create":          {create, 403, v2("permission_denied"), false, Unauthorized, "permission_denied"},
		"owner":                         {update, 403, v2("cannot_modify_owner"), false, Refused, "cannot_modify_owner"},
		"403 of a firewall":             {update, 403, "<html>", false, Unauthorized, ""},
		"no such user":                  {get, 404, v2("no_such_user"), false, NotFound, "no_such_user"},
		"no such user, v1 shape, 400":   {get, 400, `{"Errors":{"description":"unknown_user (user=U1)","code":400}}`, false, NotFound, "unknown_user"},
		"404 in prose":                  {get, 404, v2("The user was not found"), false, NotFound, ""},
		"404 of a proxy":                {get, 404, "<html>", false, Refused, ""},
		"404 with nothing":              {get, 404, "", false, Refused, ""},
		"wrong base URL":                {get, 404, v2("bad_endpoint"), false, Refused, "bad_endpoint"},
		"404 on a list":                 {find, 404, v2("no_such_user"), false, Refused, "no_such_user"},
		"unknown manager":               {naming, 404, v2("unknown_user (user=boss)"), false, Refused, "unknown_user"},
		"unknown manager, unnamed":      {naming, 404, v2("no_such_user"), false, Refused, "no_such_user"},
		"target gone, manager set":      {naming, 404, v2("no_such_user (user=U1)"), false, NotFound, "no_such_user"},
		"another user":                  {update, 404, v2("unknown_user (user=boss)"), false, Refused, "unknown_user"},
		"no such group":                 {group, 404, v2("no_such_group"), false, NotFound, "no_such_group"},
		"no such members":               {group, 404, v2("no_such_group_members"), false, Refused, "no_such_group_members"},
		"no such user in a group":       {group, 404, v2("no_such_user (user=U7)"), false, Refused, "no_such_user"},
		"429":                           {update, 429, "", false, Limited, ""},
		"truncated 429":                 {update, 429, "{", true, Limited, ""},
		"locked":                        {group, 429, v2("resource_locked"), false, Limited, "resource_locked"},
		"limited at 400":                {update, 400, v2("too_many_requests"), false, Limited, "too_many_requests"},
		"version 2 not offered":         {get, 400, `{"Errors":{"description":"unsupported_version","code":400}}`, false, Unsupported, "unsupported_version"},
		"408":                           {create, 408, "", false, Unknown, ""},
		"500 with an identifier":        {create, 500, v2("user_creation_failed"), false, Unknown, "user_creation_failed"},
		"503":                           {create, 503, "<html>", false, Unknown, ""},
		"redirect":                      {create, 302, "", false, Unknown, ""},
		"members of a new group failed": {call{method: http.MethodPost, group: true}, 400, v2("group_members_create_failed"), false, Unknown, "group_members_create_failed"},
		"method not allowed":            {update, 405, v2("method_not_allowed"), false, Refused, "method_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			var cut error
			if row.cut {
				cut = errors.New("cut off")
			}
			e := classify(row.call, newAnswer(row.status, http.Header{}, []byte(row.body), cut), time.Now())
			switch {
			case e == nil && row.kind != 0:
				t.Errorf("a success, want %s", row.kind)
			case e != nil && (e.Kind != row.kind || e.ID != row.id || e.Status != row.status):
				t.Errorf("got %s %q %d, want %s %q", e.Kind, e.ID, e.Status, row.kind, row.id)
			}
		})
	}
}

func TestRetryAfterOfErrors(t *testing.T) {
	get := call{method: http.MethodGet, byID: true}
	for name, row := range map[string]struct {
		status int
		header string
		want   time.Duration
	}{
		"said":              {429, "12", 12 * time.Second},
		"unsaid":            {429, "", defaultRetryAfter},
		"unreadable":        {429, "later", defaultRetryAfter},
		"too long":          {429, "99999", maxRetryAfter},
		"503 said":          {503, "12", 12 * time.Second},
		"503 unsaid":        {503, "", 0},
		"400 says it, idly": {400, "12", 0},
	} {
		header := http.Header{}
		if row.header != "" {
			header.Set("Retry-After", row.header)
		}
		if e := classify(get, newAnswer(row.status, header, nil, nil), time.Now()); e.RetryAfter != row.want {
			t.Errorf("%s: got %s, want %s", name, e.RetryAfter, row.want)
		}
	}
}
