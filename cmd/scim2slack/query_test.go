package main

import (
	"net/url"
	"testing"
)

// Every way to ask for a list gives the same people, and its answers are as openapi.yaml says.
func TestQueries(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		g.push(1, manyPeople(5))
		entra().createGroup(g, "Staff")
		total := func(a map[string]any) int { return len(a["Resources"].([]any)) }
		for path, want := range map[string]int{
			"?sortBy=userName": 6, "/Users?sortBy=userName&sortOrder=descending&count=2": 2, "/Groups?cursor=&count=1": 1,
			"/Users?filter=" + url.QueryEscape(`userName sw "user0000"`): 5,
		} {
			if got := total(g.must("GET", path, nil, 200)); got != want {
				g.Errorf("%s: %d, want %d", path, got, want)
			}
		}
		for path, want := range map[string]int{"/.search": 6, "/Users/.search": 5, "/Groups/.search": 1} {
			if got := total(g.must("POST", path, map[string]any{"sortBy": "id"}, 200)); got != want {
				g.Errorf("%s: %d, want %d", path, got, want)
			}
		}
		seen := 0
		for cursor := ""; ; {
			page := g.must("GET", "/Users?count=2&cursor="+cursor, nil, 200)
			seen += total(page)
			next, more := page["nextCursor"].(string)
			if !more {
				break
			}
			cursor = next
		}
		if seen != 5 {
			g.Errorf("%d people by cursor", seen)
		}
		g.must("GET", "/Users?cursor=x", nil, 400)
		g.must("GET", "/Users?cursor=&count=0", nil, 400)
	})
}
