package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scim2slack/reconcile"
	"scim2slack/server/admin"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// admin asks the admin API of the gateway and decodes the last line of the answer.
func (g *gateway) admin(method, path string, body, into any) int {
	g.Helper()
	h := admin.New(admin.Config{Store: g.store, Reconciler: loop{g.reconciler}, Sources: []string{"default"}, Sealer: testSealer, Log: slog.New(slog.DiscardHandler),
		Adopt: func(ctx context.Context, apply bool, answer func(any) error) error {
			d := daemon{reconciler: g.reconciler}
			return d.adopter(ctx, apply, answer)
		},
		Drift: func(ctx context.Context, repair bool, answer func(any) error) error {
			d := daemon{reconciler: g.reconciler}
			return d.drifter(ctx, repair, answer)
		}})
	raw, err := json.Marshal(body)
	if err != nil {
		g.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	h.Socket().ServeHTTP(w, r.WithContext(admin.WithPeer(r.Context(), os.Geteuid())))
	decoder := json.NewDecoder(w.Body)
	for {
		if err := decoder.Decode(into); err == io.EOF {
			return w.Code
		} else if err != nil {
			g.Fatalf("%s %s: %d %v", method, path, w.Code, err)
		}
	}
}

// A company moves from another connector: 200 accounts and 20 groups are in Slack, under names and e-mails that are not all the directory's.
// The links are imported, and then everything is pushed. Nobody is made, put out or doubled.
func TestMoveFromAnotherConnector(t *testing.T) {
	for _, pushedFirst := range []bool{false, true} {
		t.Run(fmt.Sprint("pushed first ", pushedFirst), func(t *testing.T) {
			s := setup{slack: slacksim.Options{NoLimits: true, CallLog: 100_000}, options: func(o *reconcile.Options) { o.CreateUsers = !pushedFirst }}
			inGateway(t, s, func(g *gateway) {
				var rows []admin.LinkRow
				accounts := map[string]string{}
				for i := range 200 {
					name := fmt.Sprint("person", i)
					if i%3 == 0 {
						name = fmt.Sprint("old", i) // the other connector named them so
					}
					id := g.slack.AddUser(slacksim.User{UserName: name, Email: name + "@old.example.com", Active: true})
					accounts[fmt.Sprint("ext-", i)] = id
					rows = append(rows, admin.LinkRow{SlackID: id, ExternalID: fmt.Sprint("ext-", i)})
				}
				var members []string
				for i := range 20 {
					for k := range 10 {
						members = append(members, accounts[fmt.Sprint("ext-", i*10+k)])
					}
					g.slack.AddGroup(slacksim.Group{DisplayName: fmt.Sprint("Team ", i), Members: members[i*10:]})
				}
				before := len(g.slack.Users())
				imports := func() {
					var result admin.ImportResult
					if code := g.admin("POST", "/admin/v1/links/import", rows, &result); code != http.StatusOK || len(result.Faults) > 0 || result.Linked+result.Waiting+result.Unchanged != 200 {
						g.Fatalf("the import: %d %+v", code, result)
					}
				}
				push := func() {
					var ids []string
					for i := range 200 {
						name := fmt.Sprint("person", i)
						ids = append(ids, g.must("POST", "/Users", map[string]any{"userName": name, "externalId": fmt.Sprint("ext-", i), "title": "Cook",
							"emails": memberList(name + "@example.com")}, 201).String("id"))
					}
					for i := range 20 {
						g.must("POST", "/Groups", map[string]any{"displayName": fmt.Sprint("Team ", i), "members": memberList(ids[i*10 : i*10+10]...)}, 201)
					}
				}
				if pushedFirst {
					push()
					g.settle()
					imports()
				} else {
					imports()
					push()
				}
				g.settle()
				if n := g.slack.Count(slacksim.EndpointCreateUser, slacksim.EndpointCreateGroup); n != 0 || len(g.slack.Users()) != before {
					t.Errorf("%d creations; %d accounts, before %d", n, len(g.slack.Users()), before)
				}
				for i := range 200 {
					u, _ := g.slack.User(accounts[fmt.Sprint("ext-", i)])
					if want := fmt.Sprint("person", i); !u.Active || u.UserName != want || u.Title != "Cook" || u.Email != want+"@example.com" && !strings.HasSuffix(u.Email, "@old.example.com") {
						t.Errorf("account %d is %+v", i, u)
					}
				}
				for i := range 20 {
					if got := g.slackMembers(fmt.Sprint("Team ", i)); len(got) != 10 {
						t.Errorf("team %d has %v", i, got)
					}
				}
			})
		})
	}
}

// An import is all or nothing, and names each fault.
func TestImportFaults(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		d := pingFederate()
		d.createUser(g, janet, true)
		g.settle()
		other := g.slack.AddUser(slacksim.User{UserName: "other", Email: "other@example.com", Active: true})
		taken := g.slackUser(janet.userName).ID
		rows := []admin.LinkRow{
			{SlackID: other, UserName: "somebody"},
			{SlackID: other, UserName: "somebody-else"},
			{SlackID: "x", UserName: "a"},
			{SlackID: "U0000000A", Source: "nosuch", UserName: "a"},
			{SlackID: "U0000000B"},
			{SlackID: "U0000000C", Type: "Robot", UserName: "a"},
			{SlackID: taken, UserName: "a"},
			{SlackID: "U0000000D", UserName: janet.userName},
			{SlackID: taken, UserName: janet.userName},
		}
		var result admin.ImportResult
		if code := g.admin("POST", "/admin/v1/links/import", rows, &result); code != http.StatusUnprocessableEntity {
			t.Fatalf("%d %+v", code, result)
		}
		var got []int
		for _, f := range result.Faults {
			got = append(got, f.Row)
		}
		if !slices.Equal(got, []int{2, 3, 4, 5, 6, 7, 8, 9}) { // the last for naming an account that row 7 names too
			t.Errorf("faults: %+v", result.Faults)
		}
		result = admin.ImportResult{}
		g.admin("POST", "/admin/v1/links/import", rows[:1], &result)
		if result.Waiting != 1 || len(result.Faults) > 0 {
			t.Errorf("%+v", result)
		}
		result = admin.ImportResult{}
		if g.admin("POST", "/admin/v1/links/import", rows[8:], &result); result.Unchanged != 1 {
			t.Errorf("%+v", result)
		}
	})
}

// inSlack changes an account as somebody does in Slack.
func (g *gateway) inSlack(account, patch string) {
	g.Helper()
	r, _ := http.NewRequestWithContext(g.Context(), http.MethodPatch, "http://slack.test/scim/v2/Users/"+account, strings.NewReader(patch))
	r.Header.Set("Authorization", "Bearer "+slacksim.DefaultToken)
	r.Header.Set("Content-Type", "application/json")
	a, err := g.slack.Client().Do(r)
	if err != nil || a.StatusCode != http.StatusOK {
		g.Fatal(a, err)
	}
	_ = a.Body.Close()
}

// What an administrator says of a link is done, and nothing else.
func TestRelinkAndUnlink(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		d := pingFederate()
		id := d.createUser(g, janet, true)
		d.createUser(g, omar, true)
		g.settle()
		first, omars := g.slackUser(janet.userName).ID, g.slackUser(omar.userName).ID
		second := g.slack.AddUser(slacksim.User{UserName: "janet-new", Email: "new@example.com", Active: true})
		var refused admin.Error
		if code := g.admin("POST", "/admin/v1/links/relink?who="+id+"&slackId="+omars, nil, &refused); code != http.StatusConflict {
			t.Errorf("an account that is somebody's: %d %+v", code, refused)
		}
		g.inSlack(first, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"userName","value":"janet-old"},{"op":"replace","path":"emails","value":[{"value":"old@example.com","primary":true}]}]}`)
		var done admin.Relinked
		if code := g.admin("POST", "/admin/v1/links/relink?who="+id+"&slackId="+second, nil, &done); code != http.StatusOK || done.Before != first {
			t.Fatalf("%d %+v", code, done)
		}
		g.settle()
		u, _ := g.slack.User(second)
		if st := g.status(store.User, id); u.Title != janet.title || !u.Active {
			t.Errorf("Slack holds %+v; the status is %s (%s)", u, st.Phase, st.Message)
		}
		if old, _ := g.slack.User(first); !old.Active {
			t.Error("the other account was touched")
		}
		calls := g.slack.Count()
		g.admin("POST", "/admin/v1/links/unlink?who="+id, nil, &done)
		g.settle()
		if st := g.status(store.User, id); st.Phase != store.Held || st.Reason != "unlinked" || g.slack.Count() != calls {
			t.Errorf("after unlink: %s (%s), %d calls", st.Phase, st.Reason, g.slack.Count()-calls)
		}
		var row admin.LinkRow
		g.admin("GET", "/admin/v1/links?q="+omar.email, nil, &row)
		if row.SlackID != omars || row.Origin != store.Created || row.UserName != omar.userName {
			t.Errorf("the link is %+v", row)
		}
	})
}

// Adopting proposes what is certain, leaves the rest to a person, and writes nothing to Slack by itself.
func TestAdopt(t *testing.T) {
	s := setup{options: func(o *reconcile.Options) {
		o.CreateUsers, o.UpdateUsers, o.Match = false, false, []string{"userName", "email"}
	}}
	inGateway(t, s, func(g *gateway) {
		post := func(name, email string) string {
			return g.must("POST", "/Users", map[string]any{"userName": name, "emails": memberList(email)}, 201).String("id")
		}
		ann, bob, cid := post("ann", "ann@example.com"), post("bob", "bob@example.com"), post("cid", "cid@example.com")
		g.settle()
		account := g.slack.AddUser(slacksim.User{UserName: "annie", Email: "ann@example.com", Active: true})
		g.slack.AddUser(slacksim.User{UserName: "bob", Email: "b1@example.com", Active: true})
		g.slack.AddUser(slacksim.User{UserName: "b2", Email: "bob@example.com", Active: true})
		proposals := func(apply bool) map[string]reconcile.Proposal {
			var line adoptLine
			if code := g.admin("POST", fmt.Sprint("/admin/v1/links/adopt?apply=", apply), nil, &line); code != http.StatusOK || !line.Done {
				t.Fatalf("%d %+v", code, line)
			}
			out := map[string]reconcile.Proposal{}
			for _, p := range line.Proposals {
				out[p.Key.ID] = p
			}
			return out
		}
		before := g.slack.Users()
		got := proposals(false)
		if got[ann].SlackID != account || got[ann].By != "email" || got[bob].SlackID != "" || len(got[bob].Candidates) != 2 || got[cid].SlackID != "" {
			t.Errorf("proposals: %+v", got)
		}
		proposals(true)
		g.settle()
		if !slices.EqualFunc(before, g.slack.Users(), func(a, b slacksim.User) bool {
			return a.UserName == b.UserName && a.Email == b.Email && a.Active == b.Active
		}) {
			t.Error("adopting wrote to Slack")
		}
		var row admin.LinkRow
		g.admin("GET", "/admin/v1/links?q="+account, nil, &row)
		if row.ID != ann || row.Origin != store.Adopted {
			t.Errorf("the link is %+v", row)
		}
	})
}

// What export prints import reads.
func TestLinkFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "links.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := admin.LinkRow{Type: store.User, Source: "default", SlackID: "U1234", ExternalID: "7", UserName: "anna", Email: "a@example.com"}
	for _, text := range []string{
		strings.Join(linkColumns, ",") + "\nUser,default,U1234,7,anna,a@example.com,,,created,,2026-01-02T03:04:05Z,true\n",
		"\ufeffSlackID, userName ,type,email,source,externalId\r\nU1234, anna ,User,a@example.com,default,7\r\n",
		"slackId;userName;type;email;source;externalId\r\nU1234;anna;User;a@example.com;default;7\r\n",
		"\ufeff" + `[{"type":"User","source":"default","slackId":"U1234","externalId":"7","userName":"anna","email":"a@example.com"}]`,
	} {
		write(text)
		f, err := readLinks(file)
		if err != nil || len(f.rows) != 1 || f.rows[0] != want {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	for _, text := range []string{"", "slackId,shoe\nU1,9\n", "slackId\nU1,2\n", "[{]"} {
		write(text)
		if f, err := readLinks(file); err == nil {
			t.Errorf("%q: %+v", text, f)
		}
	}
}
