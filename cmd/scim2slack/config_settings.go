package main

// setting is one key of the effective configuration. Secrets are masked.
type setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"` // default, a variable, or line N
}

// settings shows the whole configuration in the order of the keys.
func (c *config) settings() []setting {
	var out []setting
	add := func(path, value string) {
		at, given := c.origins[path]
		from := at.String()
		if !given && value == mask {
			from = "file"
		}
		out = append(out, setting{path, value, from})
	}
	for _, k := range gatewayKeys(c) {
		add(k.path, k.show())
	}
	add("admin.tokens", adminTokensText(c.Admin.Tokens))
	add("slack.limits", limitsText(c.Slack.Limits))
	for i, s := range c.Sources {
		for _, k := range sourceKeys(s) {
			add(sourcePath(i, k.path), k.show())
		}
		for path, static := range s.statics(i) {
			add(path, static.describe())
		}
		for _, j := range s.JWTs {
			add(j.path, j.describe())
		}
		for _, c := range s.Clients {
			add(c.path, c.describe())
		}
		out = append(out, s.Rules.settings(i)...)
	}
	return out
}
