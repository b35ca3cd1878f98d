package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"text/tabwriter"

	"scim2slack/scim"
	"scim2slack/server/admin"
	"scim2slack/store"
	"scim2slack/translate"
)

// previewCommand shows what a configuration makes of one person, without sending anything.
type previewCommand struct {
	adminFlags
	File   string   `short:"f" placeholder:"FILE" xor:"whom" required:"" help:"A user as a source would push it: a SCIM resource in JSON."`
	User   string   `placeholder:"WHO" xor:"whom" required:"" help:"A user whom the running gateway knows: an id, userName, e-mail or externalId."`
	Source string   `placeholder:"NAME" help:"Whose rules count; needed if there are several sources and the user is in a file."`
	Groups []string `placeholder:"NAME,..." help:"The groups that the person in the file is in."`
}

// preview is what comes of a person.
type preview struct {
	Source     string             `json:"source"`
	Active     bool               `json:"active"`
	InScope    bool               `json:"inScope"`
	Attributes []previewAttribute `json:"attributes"`
	Ignored    []string           `json:"ignored,omitempty"` // attributes that the schemas do not have
	Warnings   []string           `json:"warnings,omitempty"`
	Refused    string             `json:"refused,omitempty"` // why the person would not be sent

	scopeFailed bool
}

// previewAttribute is one attribute of the Slack account, and what made it.
type previewAttribute struct {
	Attribute scim.SlackAttribute `json:"attribute"`
	Value     string              `json:"value"` // "" clears it
	Rule      string              `json:"rule"`
	Place     string              `json:"place,omitempty"` // "" is the default mapping
	When      translate.When      `json:"when,omitempty"`
}

// Run shows it. The error is a *configError, a *usageError, or why the user cannot be read.
func (c *previewCommand) Run(con *console) error {
	cfg, warnings, err := loadRules(c.Config, con.environ)
	if err != nil {
		return err
	}
	doc, groups, ignored, err := c.subject(con)
	if err != nil {
		return err
	}
	source := c.Source
	if source == "" && len(cfg.Sources) == 1 {
		source = cfg.Sources[0].Name
	}
	at := cfg.sourceNamed(source)
	if at < 0 {
		return &usageError{fmt.Sprintf("say with --source whose rules count: one of %s", alternatives(cfg.sourceNames()))}
	}
	p := makePreview(cfg.Sources[at], doc, groups)
	p.Ignored = ignored
	if c.JSON {
		return printJSON(con.stdout, p)
	}
	printWarnings(con.stderr, warnings)
	return p.print(con.stdout)
}

// subject is the person in the file, or the one whom the gateway knows.
func (c *previewCommand) subject(con *console) (doc scim.Object, groups, ignored []string, err error) {
	if c.File != "" {
		content, err := os.ReadFile(c.File)
		if err != nil {
			return nil, nil, nil, err
		}
		body, err := scim.Decode(content, scim.DefaultLimits)
		if err == nil {
			doc, ignored, err = scim.Users.Canonical(body)
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s is no SCIM user: %w", c.File, err)
		}
		return doc, c.Groups, ignored, nil
	}
	client, err := c.client(con)
	if err != nil {
		return nil, nil, nil, err
	}
	var e admin.Explanation
	if err := client.ask(http.MethodGet, "/admin/v1/explain", c.User, &e); err != nil {
		return nil, nil, nil, err
	}
	for _, s := range e.Stories {
		if s.Key.Type != store.User || s.Resource == nil || c.Source != "" && c.Source != s.Key.Source {
			continue
		}
		c.Source = s.Key.Source
		for _, g := range s.Groups {
			groups = append(groups, g.Name)
		}
		raw, err := json.Marshal(s.Resource.Attributes)
		if err == nil {
			doc, err = scim.Decode(raw, scim.DefaultLimits)
		}
		return doc, groups, nil, err
	}
	return nil, nil, nil, fmt.Errorf("the gateway knows no user %s", quote(c.User))
}

// makePreview does what the loop would do with the person.
func makePreview(s *sourceConfig, doc scim.Object, groups []string) preview {
	rules := s.Options.Rules
	p := preview{Source: s.Name, Attributes: []previewAttribute{}}
	user, err := translate.ToUser(doc, translate.Options{SoftDeleteRenames: s.Options.SoftDeleteRenames, Rules: rules, Groups: groups})
	if err != nil {
		p.Refused = err.Error()
	}
	p.Active, p.Warnings = user.Active, user.Warnings
	if p.InScope, err = rules.InScope(doc, groups); err != nil {
		p.Refused, p.scopeFailed = err.Error(), true
	}
	defaults := map[scim.SlackAttribute]translate.Row{}
	for _, row := range translate.Mapping() {
		defaults[row.Slack] = row
	}
	for _, a := range scim.SlackAttributes {
		value, wished := user.Profile[a]
		if a == scim.SlackManager {
			value, wished = user.Manager, user.ManagerSet
		}
		if !wished {
			continue
		}
		line := previewAttribute{Attribute: a, Value: value, Rule: defaults[a].Source}
		if rule, ruled := rules.Of(a); ruled {
			line.Rule, line.Place, line.When = cmp.Or(rule.Expression, "null"), rule.Place, rule.When
		}
		p.Attributes = append(p.Attributes, line)
	}
	return p
}

func (p *preview) print(w io.Writer) error {
	switch {
	case !p.Active:
		printLine(w, "This person is inactive: a linked account would be deactivated, and no other would be made.")
	case !p.InScope && !p.scopeFailed:
		printLine(w, "The scope does not take this person: a linked account would be deactivated, and no other would be made.")
	case p.Refused != "":
		printf(w, "This person would not be sent to Slack: %s\n", p.Refused)
	default:
		printLine(w, "This person would be in Slack.")
	}
	if len(p.Attributes) > 0 {
		printLine(w)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, a := range p.Attributes {
		from := "default mapping of " + a.Rule
		if a.Place != "" {
			from = a.Place + ": " + a.Rule
		}
		if a.When != "" && a.When != translate.WhenAlways {
			from += " (when: " + string(a.When) + ")"
		}
		printf(t, "  %s\t%s\t%s\n", a.Attribute, cmp.Or(a.Value, "(cleared)"), from)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, warning := range p.Warnings {
		printf(w, "\nwarning: %s", warning)
	}
	if len(p.Ignored) > 0 {
		printf(w, "\nignored, because the SCIM schemas do not have them: %v", p.Ignored)
	}
	if len(p.Warnings)+len(p.Ignored) > 0 {
		printLine(w)
	}
	return nil
}
