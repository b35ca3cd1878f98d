package slackapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

func listOf(users ...string) string {
	var entries []string
	for _, id := range users {
		entries = append(entries, fmt.Sprintf(`{"id":%q,"active":true,"userName":%q,"emails":[{"value":%q,"primary":true}]}`, id, "n"+id, id+"@x.y"))
	}
	return `{"Resources":[` + strings.Join(entries, ",") + `],"totalResults":0,"itemsPerPage":10}`
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, "U"+strconv.Itoa(i))
	}
	return out
}

func TestUsersWalksPages(t *testing.T) {
	// Slack shifts a user from page to page, gives less than asked for, and lies about itemsPerPage.
	pages := map[string]string{"1": listOf(numbered(0, 1000)...), "1001": listOf(numbered(999, 1500)...), "1502": listOf()}
	var starts []string
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("count") != "1000" || r.URL.Query().Has("filter") {
			t.Errorf("query %s", r.URL.RawQuery)
		}
		starts = append(starts, r.URL.Query().Get("startIndex"))
		fmt.Fprint(w, pages[r.URL.Query().Get("startIndex")])
	})
	var got []string
	for u, err := range c.Users(t.Context(), LaneReads, func(int, int) {}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, u.ID)
	}
	if !cmp.Equal(got, numbered(0, 1500)) || !cmp.Equal(starts, []string{"1", "1001", "1502"}) {
		t.Errorf("%d users, pages %v", len(got), starts)
	}
	for range c.Users(t.Context(), LaneReads, func(int, int) {}) {
		break // must not go on
	}
}

func TestUsersEndsWhenPagesRepeat(t *testing.T) {
	calls := 0
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		fmt.Fprint(w, listOf("U1", "U2"))
	})
	var last error
	for _, err := range c.Users(t.Context(), LaneReads, func(int, int) {}) {
		last = err
	}
	if last == nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, last)
	}
}

func TestFindUsersComparesItself(t *testing.T) {
	const odd = `o"dd+name\` // every character that could break out
	for name, row := range map[string]struct {
		attribute scim.SlackAttribute
		value     string
		answer    string
		filter    string
		want      []string
		fails     bool
	}{
		"exact, other case": {scim.SlackEmail, "U1@X.y", listOf("U1", "U12"), `email eq "U1@X.y"`, []string{"U1"}, false},
		"none":              {scim.SlackUserName, "nobody", listOf(), `userName eq "nobody"`, nil, false},
		"wrong hits":        {scim.SlackUserName, "nobody", listOf("U1", "U2"), `userName eq "nobody"`, nil, false},
		"escaped":           {scim.SlackUserName, odd, listOf(), `userName eq "o\"dd+name\\"`, nil, false},
		"kelvin sign":       {scim.SlackUserName, "n\u212a1", `{"Resources":[{"id":"U1","active":true,"userName":"nk1"}]}`, "userName eq \"n\u212a1\"", nil, false},
		"filter ignored":    {scim.SlackUserName, "nobody", listOf(numbered(0, 100)...), `userName eq "nobody"`, nil, true},
		"no list":           {scim.SlackUserName, "nobody", `{"ok":true}`, `userName eq "nobody"`, nil, true},
		"empty, no list":    {scim.SlackUserName, "nobody", `{"totalResults":0}`, `userName eq "nobody"`, nil, false},
		"secondary":         {scim.SlackEmail, "b@x.y", `{"Resources":[{"id":"U1","active":true,"emails":[{"value":"a@x.y","primary":true},{"value":"b@x.y"}]}]}`, `email eq "b@x.y"`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("filter"); got != row.filter || strings.Contains(r.URL.RawQuery, "+") {
					t.Errorf("filter %s, raw %s", got, r.URL.RawQuery)
				}
				fmt.Fprint(w, row.answer)
			})
			users, err := c.FindUsers(t.Context(), LaneWaited, row.attribute, row.value)
			var got []string
			for _, u := range users {
				got = append(got, u.ID)
			}
			if (err != nil) != row.fails || !cmp.Equal(got, row.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestBadInputMakesNoCall: what cannot be meant is refused here, and nothing is sent.
func TestBadInputMakesNoCall(t *testing.T) {
	c := clientOf(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) })
	ctx := t.Context()
	calls := map[string]func() error{
		"no id":        func() error { _, err := c.User(ctx, LaneReads, ""); return err },
		"path as id":   func() error { _, err := c.User(ctx, LaneReads, "../Groups/S1"); return err },
		"update no id": func() error { _, err := c.UpdateUser(ctx, LaneReads, "", UserChange{Active: ptr(true)}); return err },
		"update half": func() error {
			_, err := c.UpdateUser(ctx, LaneReads, "U1", UserChange{Set: scim.SlackUserProfile{"email": "a@b.c"}})
			return err
		},
		"find by title": func() error { _, err := c.FindUsers(ctx, LaneReads, scim.SlackTitle, "x"); return err },
		"find nobody":   func() error { _, err := c.FindUsers(ctx, LaneReads, scim.SlackEmail, ""); return err },
		"create nameless": func() error {
			_, err := c.CreateUser(ctx, LaneReads, scim.SlackUserProfile{"email": "a@b.c"})
			return err
		},
		"create no e-mail": func() error {
			_, err := c.CreateUser(ctx, LaneReads, scim.SlackUserProfile{"userName": "a"})
			return err
		},
		"group no id":        func() error { _, err := c.Group(ctx, LaneReads, ""); return err },
		"find no group":      func() error { _, err := c.FindGroups(ctx, LaneReads, ""); return err },
		"nameless group":     func() error { _, err := c.CreateGroup(ctx, LaneReads, "", nil); return err },
		"member injection":   func() error { _, err := c.CreateGroup(ctx, LaneReads, "G", []string{`U1" or value pr`}); return err },
		"remove injection":   func() error { return c.UpdateGroup(ctx, LaneReads, "S1", GroupChange{Remove: []string{`U1"] or x`}}) },
		"remove nobody":      func() error { return c.UpdateGroup(ctx, LaneReads, "S1", GroupChange{Remove: []string{""}}) },
		"name cleared":       func() error { return c.UpdateGroup(ctx, LaneReads, "S1", GroupChange{Name: ptr("")}) },
		"update group no id": func() error { return c.UpdateGroup(ctx, LaneReads, "", GroupChange{Name: ptr("G")}) },
		"delete no group":    func() error { return c.DeleteGroup(ctx, LaneReads, "") },
	}
	for name, f := range calls {
		if err := f(); kindOf(t, err) != Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.UpdateGroup(ctx, LaneReads, "S1", GroupChange{}); err != nil {
		t.Errorf("a change of nothing: %v", err)
	}
}

func TestUpdateGroupIsOneCall(t *testing.T) {
	var got string
	status := http.StatusOK
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + string(body)
		w.WriteHeader(status)
		if status == http.StatusOK {
			fmt.Fprint(w, `{"id":"S9","displayName":"stale","members":[`)
		}
	})
	change := GroupChange{Name: ptr("G"), Add: []string{"U3", "U4", "U3"}, Remove: []string{"U1", "U2", "U1"}}
	if err := c.UpdateGroup(t.Context(), LaneGroups, "S1", change); err != nil {
		t.Fatal(err)
	}
	want := `PATCH /scim/v2/Groups/S1 {"Operations":[{"op":"replace","path":"displayName","value":"G"},` +
		`{"op":"remove","path":"members[value eq \"U1\"]"},{"op":"remove","path":"members[value eq \"U2\"]"},` +
		`{"op":"add","path":"members","value":[{"value":"U3"},{"value":"U4"}]}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	status = http.StatusNoContent
	if err := c.UpdateGroup(t.Context(), LaneGroups, "S1", change); err != nil {
		t.Errorf("204: %v", err)
	}
	if err := c.DeleteGroup(t.Context(), LaneGroups, "S1"); err != nil || !strings.HasPrefix(got, "DELETE /scim/v2/Groups/S1 ") {
		t.Errorf("%v, %s", err, got)
	}
}

func TestAnswersMustBeAboutTheTarget(t *testing.T) {
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"id":"X2","active":true,"displayName":"G"}`)
	})
	if _, err := c.User(t.Context(), LaneReads, "U1"); kindOf(t, err) != Unknown {
		t.Errorf("got %v", err)
	}
	if _, err := c.UpdateUser(t.Context(), LaneReads, "U1", UserChange{Active: ptr(false)}); kindOf(t, err) != Unknown {
		t.Errorf("got %v", err)
	}
	if _, err := c.Group(t.Context(), LaneReads, "S1"); kindOf(t, err) != Unknown {
		t.Errorf("got %v", err)
	}
}

func TestCreateGroupMayBeAnsweredWithNothing(t *testing.T) {
	for body, wantErr := range map[string]bool{"": false, "{}": false, "null": true, "<html>": true, `{"displayName":"G"}`: true} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		g, err := c.CreateGroup(t.Context(), LaneGroups, "G", []string{"U1"})
		if (err != nil) != wantErr || err == nil && (g.ID != "" || g.Name != "G") {
			t.Errorf("%q: %+v, %v", body, g, err)
		}
	}
}

func TestIdentify(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		header string
		body   string
		kind   Kind
		wait   time.Duration
	}{
		"fine":              {200, "", `{"ok":true,"url":"https://x.slack.com/","team":"T","user":"ada","team_id":"T1","user_id":"U1","enterprise_id":"E1"}`, 0, 0},
		"revoked":           {200, "", `{"ok":false,"error":"token_revoked"}`, Unauthorized, 0},
		"deactivated":       {200, "", `{"ok":false,"error":"account_inactive"}`, Unauthorized, 0},
		"ratelimited":       {200, "", `{"ok":false,"error":"ratelimited"}`, Limited, defaultRetryAfter},
		"fatal":             {200, "", `{"ok":false,"error":"fatal_error"}`, Unknown, 0},
		"odd":               {200, "", `{"ok":false,"error":"invalid_arguments"}`, Refused, 0},
		"429":               {429, "9", ``, Limited, 9 * time.Second},
		"429 fractions":     {429, "1.5", ``, Limited, defaultRetryAfter},
		"429 bare":          {429, "", ``, Limited, defaultRetryAfter},
		"503":               {503, "", `<html>`, Unknown, 0},
		"HTML":              {200, "", `<html>`, Unknown, 0},
		"redirect":          {302, "", ``, Unknown, 0},
		"forbidden by edge": {403, "", `<html>`, Unauthorized, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/auth.test" || r.FormValue("token") != testToken {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				if row.header != "" {
					w.Header().Set("Retry-After", row.header)
				}
				w.WriteHeader(row.status)
				fmt.Fprint(w, row.body)
			})
			got, err := c.Identify(t.Context())
			if row.kind == 0 {
				if want := (Identity{"U1", "ada", "T1", "T", "E1", "https://x.slack.com/"}); err != nil || got != want {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Kind != row.kind || e.RetryAfter != row.wait {
				t.Errorf("got %v, want %s", err, row.kind)
			}
		})
	}
}

func TestErrorsReadWell(t *testing.T) {
	for want, e := range map[string]*Error{
		"slack: create user ada: refused (HTTP 400): username_taken (username=ada)": {
			Op: "create user", Target: "ada", Kind: Refused, Status: 400, ID: "username_taken", Detail: "username_taken (username=ada)"},
		"slack: update group S1: Slack's rate limit or lock (HTTP 429): resource_locked; come again in 3s": {
			Op: "update group", Target: "S1", Kind: Limited, Status: 429, ID: "resource_locked", RetryAfter: 3 * time.Second},
		"slack: read user U1: Slack was not reached, nothing was sent: no route": {
			Op: "read user", Target: "U1", Kind: NotSent, Err: errors.New("no route")},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if _, err := json.Marshal(&Error{Kind: Unknown}); err != nil {
		t.Error(err)
	}
}
