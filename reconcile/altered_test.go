package reconcile

import (
	"slices"
	"strings"
	"testing"

	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// What Slack makes of what it was sent is read back: it is told, it is not sent again and again, and it is no alarm when Slack shows it in later
// answers too.
func TestWhatSlackAltersIsToldAndNotFought(t *testing.T) {
	inWorld(t, slacksim.Options{TruncateUserNameOnConflict: true, Channels: []string{"design"}, TitleMax: 10}, nil, func(w *world) {
		long := userDoc(user("design")).with("title", "Head of Design")
		id := w.desire(store.User, "", long)
		w.settle()
		warned := func(words ...string) {
			w.Helper()
			w.expect(id, store.Synced, "")
			st := w.status(store.User, id)
			if len(st.Warnings) != len(words) {
				w.Errorf("warnings: %q, want %d", st.Warnings, len(words))
			}
			for _, word := range words {
				if !slices.ContainsFunc(st.Warnings, func(s string) bool { return strings.Contains(s, word) }) {
					w.Errorf("warnings: %q, want %s", st.Warnings, word)
				}
			}
		}
		warned(`userName "design2"`, `title "Head of De"`)
		calls := w.slack.Count(slacksim.EndpointUpdateUser)
		w.desire(store.User, id, long)
		w.settle()
		warned(`userName "design2"`, `title "Head of De"`)
		if w.slack.Count(slacksim.EndpointUpdateUser) != calls {
			w.Error("what Slack altered was sent again")
		}
		w.desire(store.User, id, userDoc(long).with("title", "Cook"))
		w.settle()
		warned(`userName "design2"`)
		w.desire(store.User, id, userDoc(user("ada")).with("title", "Cook"))
		w.settle()
		warned()
		if u := w.account("ada"); u.Title != "Cook" {
			w.Errorf("Slack holds %+v", u)
		}
	})
}

func TestAltered(t *testing.T) {
	p := func(pairs ...string) scim.SlackUserProfile {
		out := scim.SlackUserProfile{}
		for i := 0; i < len(pairs); i += 2 {
			out[scim.SlackAttribute(pairs[i])] = pairs[i+1]
		}
		return out
	}
	title, name, photo := string(scim.SlackTitle), string(scim.SlackUserName), string(scim.SlackPhoto)
	for what, c := range map[string]struct{ before, sent, shown, want scim.SlackUserProfile }{
		"the same":               {nil, p(title, "Cook"), p(title, "Cook"), nil},
		"letter case of a name":  {nil, p(name, "Ada"), p(name, "ada"), nil},
		"cut":                    {nil, p(title, "Head of Design"), p(title, "Head"), p(title, "Head")},
		"dropped":                {nil, p(title, "Cook"), p(title, ""), p(title, "")},
		"a default after null":   {nil, p(title, ""), p(title, "Member"), nil},
		"its own form":           {nil, p(photo, "https://a/b.png"), p(photo, "https://slack/1"), nil},
		"an earlier one stays":   {p(name, "ada2"), p(title, "Cook"), p(title, "Cook", name, "ada2"), p(name, "ada2")},
		"an earlier one is over": {p(name, "ada2"), p(title, "Cook"), p(title, "Cook", name, "ada"), nil},
		"sent again":             {p(name, "ada2"), p(name, "ada"), p(name, "ada"), nil},
	} {
		t.Run(what, func(t *testing.T) {
			got := altered(c.before, c.sent, c.shown)
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for a, v := range c.want {
				if shown, there := got[a]; !there || shown != v {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}
