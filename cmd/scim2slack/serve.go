package main

import (
	"context"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// serveCommand runs the gateway.
type serveCommand struct {
	Config   string     `short:"c" placeholder:"FILE" help:"The configuration. Without it, the environment alone says what to do."`
	Approve  string     `placeholder:"PLAN-ID" help:"Apply this very plan although more people leave Slack by it than plan.maxLeavers."`
	LogLevel slog.Level `default:"info" env:"SCIM2SLACK_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (default ${default})."`
}

// gcPercent lets the heap grow by half between collections rather than double: at rest memory is dearer than time here.
// GOGC overrules it.
const gcPercent = 50

// Run serves until a signal comes, then drains. A second signal ends the process at once.
func (c *serveCommand) Run(con *console) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	l := newLoader(c.Config)
	cfg, warnings, err := l.load(con.environ)
	if err != nil {
		printWarnings(con.stderr, warnings)
		return err
	}
	if _, given := lookup(con.environ, "GOGC"); !given {
		debug.SetGCPercent(gcPercent)
	}
	quietLibraries()
	log := newLog(con.stderr, c.LogLevel)
	for _, w := range warnings {
		log.Warn("configuration: " + w.String())
	}
	d, err := openDaemon(cfg, log, c.Approve)
	if err != nil {
		return err
	}
	d.reloads = newReloads(l, con.environ)
	context.AfterFunc(ctx, stop) // from here on the signals have their usual effect again
	d.announce()
	return d.run(ctx)
}
