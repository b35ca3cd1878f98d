package slacksim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func op(kind, path string, value ...any) doc {
	d := doc{"op": kind, "path": path}
	if len(value) > 0 {
		d["value"] = value[0]
	}
	return d
}

func TestPatchUser(t *testing.T) {
	start := User{
		ID: "U0A", UserName: "a", GivenName: "G", FamilyName: "F", HonorificPrefix: "Ms.", DisplayName: "A", Title: "T",
		Active: true, Email: "a@example.com", SecondaryEmail: "a2@example.com", PrimaryPhone: "1", MobilePhone: "2",
		Address: Address{Locality: "Here"}, Role: "r", Department: "D", CostCenter: "C", StartDate: "2024-04-10",
		ProfileURL: "https://x/a",
	}
	tests := map[string]struct {
		ops  []doc
		want func(*User) // what changes
		err  string      // or the refusal
	}{
		"title":                 {ops: []doc{op("replace", "title", "X")}, want: func(u *User) { u.Title = "X" }},
		"title case":            {ops: []doc{op("REPLACE", "Title", "X")}, want: func(u *User) { u.Title = "X" }},
		"core URN":              {ops: []doc{op("replace", urnUser2+":title", "X")}, want: func(u *User) { u.Title = "X" }},
		"title cleared":         {ops: []doc{op("replace", "title", " ")}, want: func(u *User) { u.Title = "" }},
		"title removed":         {ops: []doc{op("remove", "title")}, want: func(u *User) { u.Title = "" }},
		"timezone removed":      {ops: []doc{op("remove", "timezone")}, want: func(u *User) { u.Timezone = defaultTimezone }},
		"userName":              {ops: []doc{op("replace", "userName", "B@x.y")}, want: func(u *User) { u.UserName, u.ProfileURL = "b", "" }},
		"nickName":              {ops: []doc{op("replace", "nickName", "b")}, want: func(u *User) { u.UserName, u.ProfileURL = "b", "" }},
		"userName removed":      {ops: []doc{op("remove", "userName")}, err: "username_empty"},
		"nickName long":         {ops: []doc{op("replace", "nickName", "1234567890123456789012")}, err: "long_nickname"},
		"inactive string":       {ops: []doc{op("replace", "active", "False")}, want: func(u *User) { u.Active = false }},
		"active removed":        {ops: []doc{op("remove", "active")}, err: "invalid_attribute_format"},
		"name merged":           {ops: []doc{op("replace", "name", doc{"givenName": "N"})}, want: func(u *User) { u.GivenName = "N" }},
		"name removed":          {ops: []doc{op("remove", "name")}, err: "invalid_name_required"},
		"prefix removed":        {ops: []doc{op("remove", "name.honorificPrefix")}, want: func(u *User) { u.HonorificPrefix = "" }},
		"name.formatted":        {ops: []doc{op("replace", "name.formatted", "x")}, err: "invalid_attribute_format"},
		"emails replaced":       {ops: []doc{op("replace", "emails", []doc{{"value": "n@x.y"}})}, want: func(u *User) { u.Email, u.SecondaryEmail, u.EmptySecondary = "n@x.y", "", true }},
		"emails emptied":        {ops: []doc{op("replace", "emails", []doc{})}, err: "missing_primary_email"},
		"work wins":             {ops: []doc{op("replace", "emails", []doc{{"value": "h@x.y", "type": "home"}, {"value": "w@x.y", "type": "work"}, {"value": "z@x.y"}})}, want: func(u *User) { u.Email, u.SecondaryEmail = "w@x.y", "h@x.y" }},
		"emails removed":        {ops: []doc{op("remove", "emails")}, want: func(u *User) { u.SecondaryEmail, u.EmptySecondary = "", true }},
		"primary removed":       {ops: []doc{op("remove", "emails[primary eq true]")}, err: "missing_primary_email"},
		"primary by value":      {ops: []doc{op("remove", `emails[value eq "A@example.com"]`)}, err: "missing_primary_email"},
		"primary replaced":      {ops: []doc{op("replace", "emails[primary eq true].value", "n@x.y")}, want: func(u *User) { u.Email = "n@x.y" }},
		"by type":               {ops: []doc{op("replace", `emails[type eq "work"].value`, "n@x.y")}, err: "invalid_attribute_format"},
		"no such email":         {ops: []doc{op("replace", `emails[value eq "q@x.y"].value`, "n@x.y")}, err: "emails_invalid"},
		"no such email removed": {ops: []doc{op("remove", `emails[value eq "q@x.y"]`)}, want: func(*User) {}},
		"secondary as primary":  {ops: []doc{op("add", "emails", doc{"value": "a2@example.com", "primary": true})}, want: func(u *User) { u.Email, u.SecondaryEmail = "a2@example.com", "" }},
		"phone by value":        {ops: []doc{op("replace", `phoneNumbers[value eq "2"].value`, "3")}, want: func(u *User) { u.MobilePhone = "3" }},
		"phone removed":         {ops: []doc{op("remove", `phoneNumbers[value eq "1"]`)}, want: func(u *User) { u.PrimaryPhone = "" }},
		"phones removed":        {ops: []doc{op("remove", "phoneNumbers")}, want: func(u *User) { u.PrimaryPhone, u.MobilePhone = "", "" }},
		"phone added":           {ops: []doc{op("add", "phoneNumbers", []doc{{"value": "9", "primary": false}})}, want: func(u *User) { u.MobilePhone = "9" }},
		"phones unlabelled":     {ops: []doc{op("replace", "phoneNumbers", []doc{{"value": "7"}, {"value": "8", "type": "home"}, {"value": "9"}})}, want: func(u *User) { u.PrimaryPhone, u.MobilePhone = "7", "8" }},
		"phones bad":            {ops: []doc{op("replace", "phoneNumbers", "7")}, err: "phoneNumbers_invalid"},
		"no such phone":         {ops: []doc{op("replace", `phoneNumbers[value eq "7"].value`, "8")}, err: "phoneNumbers_invalid"},
		"photo by value":        {ops: []doc{op("remove", "photos[primary eq true]")}, want: func(*User) {}},
		"address filtered":      {ops: []doc{op("replace", `addresses[value eq "x"]`, doc{"region": "a"})}, err: "invalid_attribute_format"},
		"address sub":           {ops: []doc{op("replace", "addresses.region", "a")}, err: "invalid_attribute_format"},
		"addresses bad":         {ops: []doc{op("replace", "addresses", []doc{{"region": true}})}, err: "addresses_invalid"},
		"roles bad":             {ops: []doc{op("replace", "roles", []any{true})}, err: "roles_invalid"},
		"bare string email":     {ops: []doc{op("add", "emails", "n@x.y")}, err: "emails_invalid"},
		"manager bare":          {ops: []doc{op("replace", urnEnterprise2+":manager", "U0A")}, err: "improper_enterprise_schema_format"},
		"manager self":          {ops: []doc{op("replace", urnEnterprise2+":manager", doc{"managerId": "U0A"})}, want: func(u *User) { u.ManagerID = "U0A" }},
		"manager removed":       {ops: []doc{op("remove", urnEnterprise2+":manager")}, want: func(*User) {}},
		"enterprise bad":        {ops: []doc{op("replace", urnEnterprise2, "x")}, err: "improper_enterprise_schema_format"},
		"enterprise bad field":  {ops: []doc{op("replace", urnEnterprise2, doc{"division": doc{}})}, err: "improper_enterprise_schema_format"},
		"enterprise filtered":   {ops: []doc{op("remove", urnEnterprise2+":manager[value eq x]")}, err: "invalid_attribute_format"},
		"startDate removed":     {ops: []doc{op("remove", urnProfile2+".startDate")}, want: func(u *User) { u.StartDate = "" }},
		"profile removed":       {ops: []doc{op("remove", urnProfile2)}, want: func(u *User) { u.StartDate = "" }},
		"profile bad":           {ops: []doc{op("add", urnProfile2, "2025-01-01")}, err: "invalid_attribute_format"},
		"profile unknown":       {ops: []doc{op("add", urnProfile2+":endDate", "2025-01-01")}, err: "invalid_attribute_format"},
		"no guest to expire":    {ops: []doc{op("add", urnGuest2+":expiration", "2025-01-01")}, err: "invalid_attribute_format"},
		"address replaced":      {ops: []doc{op("replace", "addresses", []doc{{"region": "a"}, {"region": "b", "primary": true}})}, want: func(u *User) { u.Address = Address{Region: "b"} }},
		"roles emptied":         {ops: []doc{op("replace", "roles", []doc{})}, want: func(u *User) { u.Role = "" }},
		"role by value":         {ops: []doc{op("remove", `roles[value eq "r"]`)}, want: func(u *User) { u.Role = "" }},
		"enterprise removed":    {ops: []doc{op("remove", urnEnterprise2)}, want: func(u *User) { u.Department, u.CostCenter = "", "" }},
		"enterprise merged":     {ops: []doc{op("replace", urnEnterprise2, doc{"division": "V"})}, want: func(u *User) { u.Division = "V" }},
		"department dot":        {ops: []doc{op("remove", urnEnterprise2+".department")}, want: func(u *User) { u.Department = "" }},
		"enterprise unknown":    {ops: []doc{op("replace", urnEnterprise2+":shoeSize", "9")}, err: "invalid_attribute_format"},
		"startDate":             {ops: []doc{op("add", urnProfile2+":startDate", "2025-01-01T00:00:00+0000")}, want: func(u *User) { u.StartDate = "2025-01-01T00:00:00+0000" }},
		"startDate bad":         {ops: []doc{op("add", urnProfile2, doc{"startDate": "soon"})}, err: "invalid_attribute_format"},
		"read only":             {ops: []doc{op("replace", "externalId", "e"), op("replace", "profileUrl", "https://y")}, want: func(*User) {}},
		"password":              {ops: []doc{op("replace", "password", "x")}, err: "password_change_not_allowed"},
		"groups":                {ops: []doc{op("add", "groups", []doc{{"value": "S1"}})}, err: "invalid_attribute_format"},
		"unknown":               {ops: []doc{op("replace", "shoeSize", 9)}, err: "invalid_attribute_format"},
		"bad path":              {ops: []doc{op("replace", "emails[", 9)}, err: "invalid_attribute_format"},
		"bad op":                {ops: []doc{op("move", "title", "x")}, err: "invalid_request_payload"},
		"no value":              {ops: []doc{op("replace", "title")}, err: "invalid_request_payload"},
		"no operations":         {err: "invalid_request_payload"},
		"pathless":              {ops: []doc{{"op": "replace", "value": doc{"title": "X"}}}, err: "invalid_attribute_format"},
		"atomic":                {ops: []doc{op("replace", "title", "X"), op("replace", "userName", "general")}, err: "username_taken"},
		"atomic late":           {ops: []doc{op("replace", "title", "X"), op("replace", "shoeSize", 9)}, err: "invalid_attribute_format"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(fast(Options{ErrorStatusTaken: 400}))
			s.AddUser(start)
			want := mustUser(t, s, "U0A")
			r := send(t, s, "PATCH", "/v2/Users/U0A", patch2(tt.ops...))
			if tt.err != "" {
				r.want(t, 400, tt.err)
			} else {
				r.want(t, 200, "")
				tt.want(&want)
			}
			if diff := cmp.Diff(want, mustUser(t, s, "U0A")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPatchChoices(t *testing.T) {
	pathless := patch2(doc{"op": "replace", "value": doc{"title": "X"}})
	failing := patch2(op("replace", "title", "X"), op("replace", "shoeSize", 9))
	for _, tt := range []struct {
		o      Options
		body   doc
		status int
		title  string
	}{
		{Options{}, pathless, 400, ""},
		{Options{Pathless: PathlessIgnored}, pathless, 200, ""},
		{Options{Pathless: PathlessApplied}, pathless, 200, "X"},
		{Options{}, failing, 400, ""},
		{Options{PartialPatch: true}, failing, 400, "X"},
	} {
		s := New(fast(tt.o))
		id := s.AddUser(User{UserName: "a", Active: true})
		r := send(t, s, "PATCH", "/v2/Users/"+id, tt.body)
		if got := mustUser(t, s, id).Title; r.status != tt.status || got != tt.title {
			t.Errorf("%+v: %d, title %q", tt.o, r.status, got)
		}
	}
}

func TestPatchV1(t *testing.T) {
	s := New(fast(Options{}))
	id := s.AddUser(User{UserName: "a", GivenName: "G", FamilyName: "F", Title: "T", Active: true, Email: "a@x.y",
		SecondaryEmail: "b@x.y", Department: "D", Division: "V", Role: "r", Address: Address{"1", "2", "3", "4", "5"}})
	path := "/v1/Users/" + id
	patch := func(d doc) response { t.Helper(); return send(t, s, "PATCH", path, d) }
	patch(doc{"title": " ", "name": doc{"givenName": "N"}}).want(t, 200, "")
	patch(doc{"meta": doc{"attributes": []string{"roles", "name.familyName", urnEnterprise1 + ".department"}}}).want(t, 200, "")
	patch(doc{"emails": []doc{{"value": "b@x.y", "operation": "delete"}}}).want(t, 200, "")
	patch(doc{"emails": []doc{{"value": "a@x.y", "operation": "delete"}}}).want(t, 400, "missing_primary_email")
	patch(doc{"addresses": []doc{{"streetAddress": "1", "operation": "delete"}}}).want(t, 200, "") // not all five
	u := mustUser(t, s, id)
	if u.Title != "" || u.GivenName != "N" || u.FamilyName != "" || u.Role != "" || u.Department != "" || u.Division != "V" ||
		u.SecondaryEmail != "" || u.Email != "a@x.y" || u.Address.Country != "5" || !u.Active {
		t.Errorf("%+v", u)
	}
	patch(doc{"meta": doc{"attributes": []string{"userName"}}}).want(t, 400, "invalid_attribute_format")
	patch(doc{"meta": doc{"attributes": []string{"a["}}}).want(t, 400, "invalid_attribute_format")
	patch(doc{"phoneNumbers": []doc{{"value": "1", "primary": true}, {"value": "2", "type": "work"}}, "roles": []string{"r2"}}).want(t, 200, "")
	patch(doc{"phoneNumbers": []doc{{"value": "1", "operation": "delete"}}, "roles": []doc{{"value": "r2", "operation": "delete"}}}).want(t, 200, "")
	if u = mustUser(t, s, id); u.PrimaryPhone != "" || u.MobilePhone != "2" || u.Role != "" {
		t.Errorf("%+v", u)
	}
	patch(doc{"emails": []doc{{"value": "a@x.y", "operation": "delete"}, {"value": "n@x.y", "primary": true}},
		"addresses": []doc{{"streetAddress": "1", "locality": "2", "region": "3", "postalCode": "4", "country": "5", "operation": "delete"}}}).want(t, 200, "")
	if u = mustUser(t, s, id); u.Email != "n@x.y" || u.Address != (Address{}) {
		t.Errorf("%+v", u)
	}
}

// TestPatchTouchesOnlyWhatItNames: no operation changes an attribute that it
// does not name.
func TestPatchTouchesOnlyWhatItNames(t *testing.T) {
	fields := map[string]func(*User) *string{
		"title": func(u *User) *string { return &u.Title }, "userType": func(u *User) *string { return &u.UserType },
		"locale": func(u *User) *string { return &u.Locale }, "name.givenName": func(u *User) *string { return &u.GivenName },
		urnEnterprise2 + ":division":   func(u *User) *string { return &u.Division },
		urnEnterprise2 + ".department": func(u *User) *string { return &u.Department },
	}
	var paths []string
	for p := range fields {
		paths = append(paths, p)
	}
	s := New(fast(Options{CallLog: -1}))
	id := s.AddUser(User{UserName: "a", Active: true, EnterpriseForm: true})
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.SampledFrom(paths).Draw(rt, "path")
		value := rapid.StringMatching(`[a-z/"\\é]{1,8}`).Draw(rt, "value")
		want := mustUser(t, s, id)
		*fields[path](&want) = value
		r := send(t, s, "PATCH", "/v2/Users/"+id, patch2(op(rapid.SampledFrom([]string{"add", "replace"}).Draw(rt, "op"), path, value)))
		if diff := cmp.Diff(want, mustUser(t, s, id)); r.status != 200 || diff != "" {
			rt.Fatalf("%s: %d %s", path, r.status, diff)
		}
	})
}
