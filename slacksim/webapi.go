package slacksim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// webAPI answers a Web API method. Its errors have status 200 (DOC). The token
// comes in the header or in the form. The Web API is not rate limited here.
func (c *call) webAPI() *answer {
	form := c.form()
	token, given := bearer(c.header)
	if t := form.Get("token"); !given && t != "" {
		token, given = t, true
	}
	switch {
	case c.endpoint == EndpointUnknown:
		return webError("unknown_method")
	case !given:
		return webError("not_authed")
	case c.sim.foreign[token] != "" && c.endpoint == EndpointAuthTest:
		return jsonAnswer(http.StatusOK, object{{"ok", true}, {"team", "elsewhere"}, {"user", "someone"}, {"team_id", c.sim.foreign[token]}, {"user_id", "U0ELSEWHERE"}})
	case !slices.Contains(c.sim.tokens, token):
		return webError("invalid_auth")
	case c.sim.revoked:
		return webError("token_revoked")
	case !c.sim.valid(token):
		return webError("account_inactive")
	}
	var a *answer
	if c.endpoint == EndpointAuthTest {
		a = c.authTest()
	} else {
		a = c.usersInfo(form.Get("user"))
	}
	a.header.Set("X-Oauth-Scopes", strings.Join(c.sim.opts.Scopes, ","))
	return a
}

// form returns the arguments, from the query and from a form in the body.
func (c *call) form() url.Values {
	form := make(url.Values)
	for k, v := range c.query {
		form[k] = v
	}
	if strings.HasPrefix(c.header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, _ := url.ParseQuery(string(c.body)) // what can be read of it
		for k, v := range body {
			form[k] = v
		}
	}
	return form
}

func webError(id string) *answer {
	return jsonAnswer(http.StatusOK, object{{"ok", false}, {"error", id}})
}

const (
	teamID       = "T0SIMULAT"
	enterpriseID = "E0SIMULAT"
)

func (c *call) authTest() *answer {
	u := c.sim.users[c.sim.opts.TokenUser]
	team := teamID
	if c.sim.opts.Enterprise {
		team = enterpriseID // of a token installed on the organization
	}
	doc := object{
		{"ok", true},
		{"url", "https://" + c.sim.host() + "/"},
		{"team", c.sim.opts.Domain},
		{"user", u.UserName},
		{"team_id", team},
		{"user_id", u.ID},
	}
	if c.sim.opts.Enterprise {
		doc = append(doc, member{"enterprise_id", enterpriseID})
	}
	return jsonAnswer(http.StatusOK, append(doc, member{"is_enterprise_install", c.sim.opts.Enterprise}))
}

func (c *call) usersInfo(id string) *answer {
	rec := c.sim.users[id]
	if rec == nil {
		return webError("user_not_found")
	}
	u := &rec.User
	profile := object{
		{"title", u.Title},
		{"real_name", c.fullName(id)},
		{"display_name", u.DisplayName},
		{"first_name", u.GivenName},
		{"last_name", u.FamilyName},
		{"email", u.Email},
	}
	return jsonAnswer(http.StatusOK, object{{"ok", true}, {"user", object{
		{"id", u.ID},
		{"team_id", teamID},
		{"name", u.UserName},
		{"deleted", !u.Active},
		{"real_name", c.fullName(id)},
		{"tz", u.Timezone},
		{"profile", profile},
		{"is_admin", u.Rank >= RoleAdmin},
		{"is_owner", u.Rank >= RoleOwner},
		{"is_primary_owner", u.Rank == RolePrimaryOwner},
		{"is_restricted", u.restricted()},
		{"is_ultra_restricted", u.ultraRestricted()},
		{"is_bot", u.Bot},
	}}})
}
