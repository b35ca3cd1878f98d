// Command scim2slack is a SCIM gateway to Slack: it receives users and groups from push sources and makes Slack match.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"scim2slack/slacksim"
)

// version is what --version, the logs and the metrics say.
const version = "0.1.0"

// Exit codes, which scripts rely on.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

// commandLine is what can be typed. One file of this package for each command.
type commandLine struct {
	Demo    demoCommand    `cmd:"" help:"See it work: a simulated Slack, the gateway and a small company, all on this machine."`
	Serve   serveCommand   `cmd:"" help:"Run the gateway."`
	Sandbox sandboxCommand `cmd:"" help:"Run the Slack simulator alone, to try a source or a configuration against."`
	Check   checkCommand   `cmd:"" help:"Report every fault of a configuration at once, or show what it comes to."`
	Preview previewCommand `cmd:"" help:"Show what the configuration makes of one person: each Slack attribute, and the rule that made it."`
	Plan    planCommand    `cmd:"" help:"Show what a changed configuration does to everybody who is stored. Exit codes: 0 nothing, 3 changes, 4 refused."`
	Status  statusCommand  `cmd:"" help:"Show what is synced, pending, failed and held, and whether the gateway rests, and why."`
	Explain explainCommand `cmd:"" help:"Tell one person's or group's story: what was sent, the link, the status, the records."`
	Links   linksCommand   `cmd:"" help:"List, export, import, relink, unlink and adopt the ties to Slack's accounts and groups."`
	Drift   driftCommand   `cmd:"" help:"Read all of Slack and tell what differs from what it was told, and which accounts belong to nobody. Exit code 3 if something differs."`
	Audit   auditCommand   `cmd:"" help:"Query, verify and export the records of what happened."`
	Token   tokenCommand   `cmd:"" help:"Make, list and revoke tokens of sources, and make the hash of one for the configuration."`
	Retry   retryCommand   `cmd:"" help:"Try again now what failed or is held for one person or group."`
	Resume  resumeCommand  `cmd:"" help:"Let the outbound side go on after an alarm, when somebody has looked."`
	Backup  backupCommand  `cmd:"" help:"Keep a consistent copy of the store, of the running gateway or of its data file."`

	Version kong.VersionFlag `help:"Print the version and end."`
}

const description = `scim2slack stands between SCIM push sources (PingFederate, Okta, Entra ID, curl) and Slack.

Begin with "scim2slack demo". Exit codes: 0 done, 1 failed, 2 wrong usage or configuration; of plan and drift also 3, something
changes or differs, and of plan and serve 4, too many people would leave.`

func main() {
	os.Exit(run(os.Args[1:], &console{stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}))
}

// run is the whole program but the end of the process, which only --help and --version bring about themselves.
func run(args []string, con *console) int {
	parser := kong.Must(&commandLine{}, kong.Name("scim2slack"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(con.stdout, con.stderr), kong.Vars{"version": "scim2slack " + version, "sandboxToken": slacksim.DefaultToken},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if len(args) > 0 && args[0] == "help" { // what many type first
		args = append(args[1:], "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		printf(con.stderr, "scim2slack: %s\nTry \"scim2slack --help\".\n", withoutSecrets(err.Error(), args))
		return exitUsage
	}
	err = parsed.Run(con)
	if err == nil {
		return exitDone
	}
	if faults := (*configError)(nil); errors.As(err, &faults) {
		printLine(con.stderr, err) // each fault on a line of its own, with its place first
		return exitUsage
	}
	if refused := (*refusedPlanError)(nil); errors.As(err, &refused) {
		printf(con.stderr, "scim2slack: %v\n", err)
		return exitRefused
	}
	if said := (*exitError)(nil); errors.As(err, &said) {
		return said.code
	}
	printf(con.stderr, "scim2slack: %v\n", err)
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// exitError ends the program with a code when the command itself has said what is wrong.
type exitError struct {
	code int
}

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }
