package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// demoCommand shows the whole way on this machine, with nothing of it left behind.
type demoCommand struct {
	Once bool `help:"End when it has been shown. Exit code 0 only if Slack holds exactly what was desired."`
}

// demo is one demonstration: a simulated Slack, the gateway before it, and a company that is pushed.
type demo struct {
	out     io.Writer
	slack   *slacksim.Sim
	slackAt string // URL
	daemon  *daemon
	company *company
	pusher  *pusher
}

// Run shows the demonstration and stays up until a signal comes.
func (c *demoCommand) Run(con *console) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "scim2slack-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	d := &demo{out: con.stdout, company: newCompany()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.slack, d.slackAt = demoSlack(), "http://"+listener.Addr().String()
	slack := begin("simulated Slack", serving(listener, d.slack.Handler(), slog.New(slog.DiscardHandler)), stop)
	defer func() { err = errors.Join(err, slack.stop()) }()

	cfg := d.config(filepath.Join(dir, "demo.db"))
	if d.daemon, err = openDaemon(cfg, newLog(con.stderr, slog.LevelError), ""); err != nil {
		return err
	}
	gateway := begin("gateway", d.daemon.run, stop)
	defer func() { err = errors.Join(err, gateway.stop()) }()
	context.AfterFunc(ctx, stop) // a second signal ends at once

	scimURL, _ := d.daemon.urls()
	d.pusher = newPusher(scimURL, cfg.Sources[0].Token.reveal())
	if err := d.show(ctx); err != nil || c.Once {
		return err
	}
	d.invite()
	<-ctx.Done()
	return nil
}

// demoSlack is an organisation that somebody has worked in already.
func demoSlack() *slacksim.Sim {
	slack := slacksim.New(slacksim.Options{NoLimits: true, Latency: 20 * time.Millisecond, DeactivationDelay: 200 * time.Millisecond})
	janet := slack.AddUser(slacksim.User{UserName: "jsmith", Email: "jsmith@example.com", DisplayName: "janet", Title: "Temp", Active: true})
	slack.AddGroup(slacksim.Group{DisplayName: "Sales", Members: []string{janet}}) // she is in Finance
	return slack
}

func (d *demo) config(data string) *config {
	cfg := defaultConfig()
	source := newSourceConfig(defaultSource)
	source.Token, cfg.Admin.Token = secret(rand.Text()), secret(rand.Text())
	cfg.Sources = []*sourceConfig{source}
	cfg.Data = data
	cfg.Listen, cfg.Admin.Listen = freeAddress(cfg.Listen), freeAddress(cfg.Admin.Listen)
	cfg.Slack.Token, cfg.Slack.SCIMURL, cfg.Slack.APIURL = slacksim.DefaultToken, d.slackAt+"/scim", d.slackAt+"/api/"
	for name, limit := range demoLimits() {
		cfg.Slack.Limits[name] = limit
	}
	return cfg
}

// freeAddress returns the address if nobody listens there, and else one whose port is chosen when it is listened at.
func freeAddress(address string) string {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = listener.Close()
	return address
}

// invite says how to go on by hand.
func (d *demo) invite() {
	scimURL, adminURL := d.daemon.urls()
	token, adminToken := d.pusher.token, d.daemon.cfg.Admin.Token.reveal()
	printf(d.out, `Now you. The gateway stays up until Ctrl-C; then everything is gone.

  SCIM     %[1]s
  Token    %[2]s
  Status   %[3]s/admin/v1/status   (token %[4]s), /metrics, /readyz
  Slack    %[5]s/scim/v2   (simulated; token %[6]s)

Push a person, see the account in Slack, read how the gateway stands:

  curl -sw '\n' -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/scim+json' -d '{"schemas":["%[7]s"],"userName":"new.person","emails":[{"value":"new.person@example.com","primary":true}]}' %[1]s/Users
  curl -sw '\n' -H 'Authorization: Bearer %[6]s' '%[5]s/scim/v2/Users?filter=userName%%20eq%%20%%22new.person%%22'
  curl -sw '\n' -H 'Authorization: Bearer %[4]s' %[3]s/admin/v1/status

Or ask by the command line, from another terminal:

  SCIM2SLACK_DATA=%[8]s scim2slack explain jsmith
`, scimURL, token, adminURL, adminToken, d.slackAt, slacksim.DefaultToken, "urn:ietf:params:scim:schemas:core:2.0:User", d.daemon.cfg.Data)
}

// linked tells of each Slack id how it came to be linked.
func (d *demo) linked(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := d.daemon.store.View(ctx, func(tx store.Tx) error {
		for link, err := range tx.AllLinks() {
			if err != nil {
				return err
			}
			how := string(link.Origin)
			if link.Origin == store.Matched {
				how = strings.TrimSpace("was there, matched by " + link.MatchedBy)
			}
			out[link.SlackID] = how
		}
		return nil
	})
	return out, err
}
