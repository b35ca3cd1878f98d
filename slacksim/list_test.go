package slacksim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func filterPath(kind, f string) string { return kind + "?filter=" + url.QueryEscape(f) }

func TestUserFilters(t *testing.T) {
	s := New(fast(Options{Enterprise: true, TokenUser: "W0ROOT"}))
	s.AddUser(User{ID: "W0ANN", UserName: "ann", Email: "Ann@Example.com", SecondaryEmail: "second@example.com", Active: true})
	s.AddUser(User{ID: "W0BEN", UserName: "ben", Email: "ben@example.com"})
	s.AddUser(User{ID: "W0CAT", UserName: "cat", Guest: &Guest{Type: "multi"}, Active: true})
	s.AddUser(User{ID: "W0DAN", UserName: "dan", Guest: &Guest{Type: "single"}, Active: true})
	for f, want := range map[string]string{
		`userName eq "ANN"`:                                    "W0ANN",
		`USERNAME Eq "ann"`:                                    "W0ANN",
		`userName eq ann`:                                      "W0ANN",
		`userName eq "zed"`:                                    "",
		`email eq "ann@example.com"`:                           "W0ANN",
		`emails eq "ann@example.com"`:                          "W0ANN",
		`emails.value eq ann@example.com`:                      "W0ANN",
		`email eq "second@example.com"`:                        "",
		`userName sw "c" or userName sw b`:                     "W0BEN W0CAT",
		`userName co "n" and email co "example"`:               "W0ROOT W0ANN W0BEN W0DAN",
		`(userName eq ann or userName eq ben) and (email pr)`:  "W0ANN W0BEN",
		`userName eq ann or userName eq ben and userName eq x`: "W0ANN",
		`userName gt "cat"`:                                    "W0ROOT W0DAN",
		`userName ge "cat" and userName le 'cat'`:              "W0CAT",
		`userName lt "ben"`:                                    "W0ANN",
		`restricted eq 1`:                                      "W0CAT",
		`restricted eq '1'`:                                    "W0CAT",
		`ultra_restricted eq true`:                             "W0DAN",
		`userName eq "a\"b"`:                                   "",
		``:                                                     "!no_filters",
		`userName eq  ann`:                                     "!incomplete_filter",
		`userName eq ann `:                                     "!incomplete_filter",
		`userName eq`:                                          "!incomplete_filter",
		`userName`:                                             "!incomplete_filter",
		`(userName eq ann`:                                     "!invalid_filter_group",
		`userName eq ann)`:                                     "!invalid_filter_group",
		`userName ne "ann"`:                                    "!invalid_query",
		`userName ew "n"`:                                      "!invalid_query",
		`not (userName pr)`:                                    "!invalid_query",
		`externalId eq "x"`:                                    "!invalid_query",
		`active eq true`:                                       "!invalid_query",
		`id eq "W0ANN"`:                                        "!invalid_query",
		`meta.lastModified gt "2020"`:                          "!invalid_query",
		`userName eq "ann`:                                     "!invalid_query",
		`userName eq "a\q"`:                                    "!invalid_query",
		`userName eq ann userName eq ben`:                      "!invalid_query",
		strings.Repeat("(", 60) + "userName pr":                "!invalid_filter_group",
	} {
		t.Run(f, func(t *testing.T) {
			r := send(t, s, "GET", filterPath("/v2/Users", f), nil)
			if id, refused := strings.CutPrefix(want, "!"); refused {
				r.want(t, 400, id)
				return
			}
			r.want(t, 200, "")
			var got []string
			for _, u := range r.body["Resources"].([]any) {
				got = append(got, u.(doc)["id"].(string))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("got %v, want %s", got, want)
			}
			if n := int(r.body["totalResults"].(float64)); n != len(got) {
				t.Errorf("totalResults %d", n)
			}
		})
	}
}

func TestSecondaryEmailFilterIsAChoice(t *testing.T) {
	s := New(fast(Options{FilterSecondaryEmail: true}))
	s.AddUser(User{UserName: "a", SecondaryEmail: "s@example.com"})
	if r := send(t, s, "GET", filterPath("/v2/Users", "email eq S@example.com"), nil); r.body["totalResults"] != 1.0 {
		t.Error(r.text)
	}
}

func TestGroupFilters(t *testing.T) {
	s := New(fast(Options{}))
	s.AddGroup(Group{DisplayName: "Ops (EU)"})
	for f, want := range map[string]float64{`displayName eq "ops (eu)"`: 1, `displayName eq "ops"`: 0, `displayName sw ops`: 1} {
		if r := send(t, s, "GET", filterPath("/v1/Groups", f), nil).want(t, 200, ""); r.body["totalResults"] != want {
			t.Errorf("%s: %s", f, r.text)
		}
	}
	send(t, s, "GET", filterPath("/v2/Groups", `members.value eq "U1"`), nil).want(t, 400, "invalid_query")
}

func TestPaging(t *testing.T) {
	s := New(fast(Options{}))
	for i := range 1204 {
		s.AddUser(User{UserName: fmt.Sprintf("u%d", i)})
	}
	for query, want := range map[string][3]float64{ // total, per page, start
		"":                           {1205, 10, 1},
		"?count=5":                   {1205, 5, 1},
		"?count=5000":                {1205, 1000, 1},
		"?count=5000&startIndex=501": {1205, 705, 501},
		"?startIndex=0&count=-1":     {1205, 0, 1},
		"?startIndex=1206":           {1205, 0, 1206},
		"?startIndex=1205":           {1205, 1, 1205},
	} {
		r := send(t, s, "GET", "/v2/Users"+query, nil).want(t, 200, "")
		got := [3]float64{r.body["totalResults"].(float64), r.body["itemsPerPage"].(float64), r.body["startIndex"].(float64)}
		if got != want || len(r.body["Resources"].([]any)) != int(want[1]) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	send(t, s, "GET", "/v2/Users?count=x", nil).want(t, 400, "invalid_query")
	send(t, s, "GET", "/v2/Users?sortOrder=up", nil).want(t, 400, "invalid_sort_order")
	// Pages by the number of resources meet every account once.
	seen := make(map[string]bool)
	for start := 1; ; {
		page := send(t, s, "GET", fmt.Sprintf("/v2/Users?count=97&startIndex=%d", start), nil).body["Resources"].([]any)
		for _, u := range page {
			seen[u.(doc)["id"].(string)] = true
		}
		if start += len(page); len(page) == 0 {
			break
		}
	}
	if len(seen) != 1205 {
		t.Error(len(seen))
	}
}

// TestFilterFindsWhatEqualityFinds holds the shortcut for unique attributes to
// the search that it replaces.
func TestFilterFindsWhatEqualityFinds(t *testing.T) {
	s := New(fast(Options{CallLog: -1}))
	for _, n := range []string{"ann", "ben", "cat"} {
		s.AddUser(User{UserName: n})
	}
	rapid.Check(t, func(rt *rapid.T) {
		attribute := rapid.SampledFrom([]string{"userName", "email", "emails.value"}).Draw(rt, "attribute")
		value := rapid.SampledFrom([]string{"ann", "BEN", "cat@example.com", "Ann@Example.com", "x"}).Draw(rt, "value")
		one := attribute + ` eq "` + value + `"`
		short := send(t, s, "GET", filterPath("/v2/Users", one), nil).body["Resources"]
		long := send(t, s, "GET", filterPath("/v2/Users", one+" and "+one), nil).body["Resources"]
		if diff := cmp.Diff(long, short); diff != "" {
			rt.Fatalf("%s:\n%s", one, diff)
		}
	})
}
