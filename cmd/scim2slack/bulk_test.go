package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A directory in one bulk, whose group names its members before they are there, is in Slack like one that came piece by piece.
func TestBulkReachesSlack(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		boss := person{"boss", "boss@example.com", "Bo", "Ss", "Boss", "Sales"}
		post := func(bulkID, path string, data map[string]any) map[string]any {
			return map[string]any{"method": "POST", "path": path, "bulkId": bulkID, "data": data}
		}
		g.must("POST", "/Bulk", map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []any{
			post("sales", "/Groups", map[string]any{"displayName": "Sales", "members": memberList("bulkId:janet", "bulkId:boss")}),
			post("janet", "/Users", userBody(janet, true)),
			post("boss", "/Users", userBody(boss, true)),
			post("nobody", "/Users", map[string]any{}),
		}}, 200)
		g.settle()
		g.holds(janet, true)
		g.holds(boss, true)
		if diff := cmp.Diff([]string{"boss", "jsmith"}, g.slackMembers("Sales")); diff != "" {
			g.Errorf("members of Slack's group (-want +got):\n%s", diff)
		}
	})
}
