package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"syscall"

	"scim2slack/slacksim"
)

// sandboxCommand runs the Slack simulator on this machine.
type sandboxCommand struct {
	Listen string `default:"127.0.0.1:8090" placeholder:"ADDRESS" help:"A loopback address (default ${default})."`
	Token  string `default:"${sandboxToken}" help:"The bearer token that it accepts (default ${default}). Never give it a real one."`
	Limits string `default:"slack" enum:"slack,off" help:"Rate limits: slack (as Slack publishes them) or off (default ${default})."`
}

// Run serves until a signal comes.
func (c *sandboxCommand) Run(con *console) error {
	if err := checkListen(c.Listen); err != nil {
		return &usageError{"--listen " + err.Error()}
	}
	if !isLoopback(c.Listen) {
		return &usageError{"--listen " + quote(c.Listen) + ": the simulator serves this machine alone; use an address such as 127.0.0.1:8090"}
	}
	if checkToken(c.Token) != nil {
		return &usageError{"--token: " + checkToken(c.Token).Error()}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	base := "http://" + listener.Addr().String()
	printf(con.stdout, `This is not Slack. It is a simulator of Slack's SCIM API, and forgets everything when it ends (Ctrl-C).

  SCIM  %[1]s/scim/v2
  Web   %[1]s/api/

Point the gateway at it:

  export SCIM2SLACK_SLACK_SCIM_URL=%[1]s/scim
  export SCIM2SLACK_SLACK_API_URL=%[1]s/api/
  export SCIM2SLACK_SLACK_TOKEN=%[2]s
  export SCIM2SLACK_TOKEN=a-token-of-your-choice
  scim2slack serve

Look into it:

  curl -s -H 'Authorization: Bearer %[2]s' %[1]s/scim/v2/Users
`, base, c.Token)
	sim := slacksim.New(slacksim.Options{Token: c.Token, NoLimits: c.Limits == "off"})
	context.AfterFunc(ctx, stop) // a second signal ends at once
	return serveHTTP(ctx, listener, sim.Handler(), slog.New(slog.DiscardHandler))
}
