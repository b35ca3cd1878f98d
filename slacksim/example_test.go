package slacksim_test

import (
	"fmt"
	"net/http"
	"strings"

	"scim2slack/slacksim"
)

// The answer to a deactivation is lost, but the deactivation is not.
func Example() {
	slack := slacksim.New(slacksim.Options{})
	id := slack.AddUser(slacksim.User{UserName: "ann", Active: true})
	slack.Inject(slacksim.Fault{Kind: slacksim.DropAnswer, Endpoint: slacksim.EndpointUpdateUser, Times: 1})

	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations":[{"op":"replace","path":"active","value":false}]}`
	req, err := http.NewRequest("PATCH", "https://api.slack.com/scim/v2/Users/"+id, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+slacksim.DefaultToken)
	_, err = slack.Client().Do(req)

	ann, _ := slack.User(id)
	fmt.Println(err != nil, ann.Active)
	// Output: true false
}
