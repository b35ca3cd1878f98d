package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"scim2slack/dialect"
	"scim2slack/reconcile"
	"scim2slack/server"
	"scim2slack/slackapi"
)

// config is everything that the configuration says, after the defaults.
type config struct {
	Listen     string
	Data       string
	Encryption encryptionConfig
	AnswerWait time.Duration
	TLS        tlsConfig
	Admin      adminConfig
	Slack      slackConfig
	Sources    []*sourceConfig
	Brake      brakeConfig
	// MaxLeavers is how many people a changed configuration may put out of Slack without a person's word; below 0: the larger of 5 and 1%.
	MaxLeavers int
	Drift      driftConfig
	Audit      auditConfig

	origins map[string]origin // of what was given, by the full path of the key
}

type adminConfig struct {
	Listen    string
	Token     secret
	TokenFile string
	Tokens    []*adminToken // without any, nor a Token, the admin API is closed over TCP
	Hosts     []string
	Metrics   metricsMode
}

type slackConfig struct {
	Token     secret
	TokenFile string
	SCIMURL   string
	APIURL    string
	Share     float64
	Settle    time.Duration
	Limits    map[string]slackapi.Limit
	Protect   []string
}

// sourceConfig is one push source: who it is and how its resources are provisioned.
type sourceConfig struct {
	Name      string
	Token     secret
	TokenFile string
	Tokens    []*staticConfig
	Basic     []*staticConfig
	Header    headerConfig
	ReadOnly  bool // whatever credential it presents
	JWT       jwtConfig
	JWTs      []*jwtConfig // of a list; then JWT says nothing
	Clients   []*clientConfig
	Rate      server.Rate
	MTLS      mtlsConfig
	Options   reconcile.Options
	Rules     rulesConfig
	Dialect   dialect.Name
	// OnAmbiguous is what becomes of a person whom several accounts match. There is one answer, written down so that a file can say it.
	OnAmbiguous onAmbiguous
	// Profile is that of the dialect, but for what the configuration says otherwise.
	Profile dialect.Profile
}

type onAmbiguous string

const ambiguousHold onAmbiguous = "hold"

// driftConfig says how often Slack is compared with what it was told, and what follows.
type driftConfig struct {
	Every time.Duration // 0: never by itself
	Mode  driftMode
}

type driftMode string

const (
	driftReport driftMode = "report"
	driftRepair driftMode = "repair"
)

type brakeConfig struct {
	Enabled bool
	Reason  string
}

// defaultSource is the name of the source that the environment fills or makes.
const defaultSource = "default"

func defaultConfig() *config {
	return &config{
		Listen: "127.0.0.1:8080", Data: "scim2slack.db", AnswerWait: 3 * time.Second,
		Admin: adminConfig{Listen: "127.0.0.1:8081", Metrics: metricsOpen},
		Slack: slackConfig{SCIMURL: "https://api.slack.com/scim", APIURL: "https://slack.com/api/", Share: 0.9,
			Settle: time.Minute, Limits: map[string]slackapi.Limit{}},
		Brake: brakeConfig{Enabled: true}, MaxLeavers: -1, Drift: driftConfig{Every: 24 * time.Hour, Mode: driftReport},
		Audit: auditConfig{Keep: 400 * day},
	}
}

func newSourceConfig(name string) *sourceConfig {
	return &sourceConfig{Name: name, Rate: defaultRate, Options: reconcile.DefaultOptions(), Dialect: dialect.Generic, OnAmbiguous: ambiguousHold}
}

// maxConfigFile bounds the file: a longer one is no configuration.
const maxConfigFile = 1 << 20

// loadConfig reads the file, if one is named, and lays the environment over it. environ is as os.Environ gives it. It finds
// every fault, not the first: the error is a *configError with all of them. Warnings come with and without an error.
func loadConfig(file string, environ []string) (*config, []fault, error) {
	return newLoader(file).load(environ)
}

// loadRules is loadConfig for what decides about people alone: no token has to be there, so that a pipeline needs none.
func loadRules(file string, environ []string) (*config, []fault, error) {
	l := newLoader(file)
	l.rulesOnly = true
	return l.load(environ)
}

func (l *loader) load(environ []string) (*config, []fault, error) {
	if l.file != "" {
		l.readFile()
	}
	l.readEnvironment(environ)
	if !l.unparsed {
		l.checkAll()
	}
	sortFaults(l.warnings)
	if len(l.faults) == 0 {
		l.config.origins = l.origins
		return l.config, l.warnings, nil
	}
	sortFaults(l.faults)
	return nil, l.warnings, &configError{l.faults}
}

func newLoader(file string) *loader {
	return &loader{file: file, config: defaultConfig(), origins: map[string]origin{}, files: map[place]reading{}}
}

// readFile reads the configuration's own file, unless its text is given.
func (l *loader) readFile() {
	if l.text == "" {
		r, err := look(l.file, readConfigFile)
		l.files[place{file: l.file}] = r
		if err != nil {
			l.unparsed = true
			l.report(origin{}, "", "cannot be read: %v: give the name of a file that exists and is yours", err)
			return
		}
		l.text = r.content.reveal()
	}
	l.readYAML([]byte(l.text))
}

// readConfigFile returns the content, or an error without the name of the file. The file may be a pipe.
func readConfigFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", withoutName(err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if len(content) > maxConfigFile {
		return "", fmt.Errorf("it has more than %d bytes, more than any configuration", maxConfigFile)
	}
	return string(content), withoutName(err)
}

// withoutName returns what is wrong with a file without its name.
func withoutName(err error) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// loader gathers the configuration and what is wrong with it.
type loader struct {
	file      string
	config    *config
	origins   map[string]origin // by the full path of the key, e.g. sources[0].token
	faults    []fault
	warnings  []fault
	files     map[place]reading // that were read
	before    map[place]reading // that were read the last time, if this is not the first
	text      string            // of the file, if it is not to be read
	lines     []string          // of the file
	rulesOnly bool              // tokens are not looked at
	unparsed  bool              // the file could not be understood at all: what seems to be missing may well be there
}

// origin is where a value was given: in a variable, or in a place of the file. The zero origin is a default.
type origin struct {
	variable     string
	line, column int
}

// String is the variable, line N, or default.
func (o origin) String() string {
	switch {
	case o.variable != "":
		return o.variable
	case o.line > 0:
		return fmt.Sprintf("line %d", o.line)
	}
	return "default"
}

func (l *loader) report(at origin, key, format string, args ...any) {
	l.faults = append(l.faults, l.fault(at, key, format, args...))
}

func (l *loader) warn(at origin, key, format string, args ...any) {
	l.warnings = append(l.warnings, l.fault(at, key, format, args...))
}

func (l *loader) fault(at origin, key, format string, args ...any) fault {
	f := fault{Key: key, Variable: at.variable, Line: at.line, Column: at.column, Problem: fmt.Sprintf(format, args...)}
	if at.variable == "" {
		f.File = l.file
	}
	return f
}

// reportMissing is for a key that is nowhere. It points at the mapping that should have it, or at the variable if there is no such mapping.
func (l *loader) reportMissing(parent, key, variable, problem string) {
	at := l.origins[parent]
	if l.file == "" || at.variable != "" {
		at = origin{variable: variable}
	} else if at.line == 0 {
		at = origin{line: 1, column: 1}
	}
	l.report(at, key, "%s", problem)
}

// sourcePath is the path of a key of the i-th source; key may be "".
func sourcePath(i int, key string) string {
	if key == "" {
		return fmt.Sprintf("sources[%d]", i)
	}
	return fmt.Sprintf("sources[%d].%s", i, key)
}

// sourceNamed returns the index of the source, or -1.
func (c *config) sourceNamed(name string) int {
	return slices.IndexFunc(c.Sources, func(s *sourceConfig) bool { return s.Name == name })
}

func sortFaults(faults []fault) {
	slices.SortStableFunc(faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Key, b.Key))
	})
}
