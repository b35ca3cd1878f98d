package translate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

// compile compiles rules given as attribute: expression.
func compile(t testing.TB, rules map[scim.SlackAttribute]string, scope string) *Rules {
	t.Helper()
	var list []Rule
	for _, a := range scim.SlackAttributes {
		if text, ruled := rules[a]; ruled {
			list = append(list, Rule{Attribute: a, Expression: text, Place: "test.yaml:1"})
		}
	}
	r, faults := CompileRules(RuleSet{User: list, Scope: Rule{Expression: scope, Place: "test.yaml:2"}})
	if len(faults) > 0 {
		t.Fatalf("faults: %+v", faults)
	}
	return r
}

func anna() scim.Object {
	return scim.Object{
		"userName": "Anna.Arnold@example.com", "title": "Cook", "displayName": "Anna Arnold", "active": true, "externalId": "7",
		"name":        scim.Object{"givenName": "Anna", "familyName": "Arnold"},
		"emails":      []any{scim.Object{"value": "anna@example.com", "type": "work", "primary": true}, scim.Object{"value": "anna@home.example", "type": "home"}},
		"addresses":   []any{scim.Object{"type": "work", "locality": "Bonn", "country": "DE", "streetAddress": "Am Hof 1"}},
		"roles":       []any{"Chef", "Host"},
		"urn:x:Badge": scim.Object{"number": 17.0},
		"phoneNumbers": []any{scim.Object{"value": "tel:+49 1", "type": "work"}, scim.Object{"value": "+49 2", "type": "mobile"},
			scim.Object{"value": "+49 3", "type": "fax"}},
		scim.EnterpriseSchema: scim.Object{"department": "Kitchen", "manager": scim.Object{"value": "boss"}},
	}
}

func TestRuleResults(t *testing.T) {
	for expression, want := range map[string]string{
		`title`:                                           "Cook",
		`enterprise.department + " / " + title`:           "Kitchen / Cook",
		`lower(split(emails.work, "@")[0])`:               "anna",
		`"constant"`:                                      "constant",
		`upper(name.givenName) + "-" + externalId`:        "ANNA-7",
		`active ? "in" : "out"`:                           "in",
		`firstOf(nickName, enterprise.costCenter, title)`: "Cook",
		`lookup({"DE": "Germany", "FR": "France"}, addresses.country, "abroad")`: "Germany",
		`lookup({"FR": "France"}, addresses.country, "abroad")`:                  "abroad",
		`cn("CN=Smith\\, Jo,OU=People,DC=example")`:                              "Smith, Jo",
		`cn("Staff")`:                               "Staff",
		`cn("cn=L\\C3\\BCbeck,dc=x")`:               "Lübeck",
		`let given = name.givenName; given + given`: "AnnaAnna",
		`replace("a-b-c", "-", "+")`:                "a+b+c",
		`replace("a-b-c", "-", "+", 1)`:             "a+b-c",
		`replace("ab", "", "-")`:                    "-a-b-",
		`split("a,b,c", ",", 2)[1]`:                 "b,c",
		`join(split("a,b,c", ","))`:                 "abc",
		`join(["a", title], "/")`:                   "a/Cook",
		`join(map(roles.all, upper(#)), " ")`:       "CHEF HOST",
		`string(len(roles.all)) + string(1.5) + string(active) + string(title)`: "21.5trueCook",
		`local(userName) + " " + domain(userName)`:                              "Anna.Arnold example.com",
		`attr("urn:x:Badge:number")`:                                            "17",
		`join(roles.all, "+")`:                                                  "Chef+Host",
		`join(groups, ",")`:                                                     "staff,cooks",
		`"cooks" in groups ? "yes" : "no"`:                                      "yes",
		`any(groups, # startsWith "co") ? "yes" : "no"`:                         "yes",
		`emails.home endsWith ".example" ? "private" : "none"`:                  "private",
		`phoneNumbers.primary + phoneNumbers.mobile`:                            "tel:+49 1+49 2",
		`enterprise.manager`:                                                    "boss",
		`userName matches "^[A-Z]" ? "capital" : "small"`:                       "capital",
		`trim("  x ")`: "x",
		`nickName`:     "",
	} {
		t.Run(expression, func(t *testing.T) {
			r := compile(t, map[scim.SlackAttribute]string{scim.SlackCostCenter: expression}, "")
			got, err := ToUser(anna(), Options{Rules: r, Groups: []string{"staff", "cooks"}})
			if err != nil || got.Profile[scim.SlackCostCenter] != want {
				t.Errorf("got %q (%v), want %q", got.Profile[scim.SlackCostCenter], err, want)
			}
		})
	}
}

// What a rule gives is treated as a value of the source would be, and what the source does not speak of is left alone.
func TestRulesOfEachAttribute(t *testing.T) {
	plain, err := ToUser(anna(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for a, c := range map[scim.SlackAttribute]struct{ expression, want string }{
		scim.SlackUserName: {`"Zoë@example.com"`, "zoe"}, scim.SlackDisplayName: {`"@Zoë 😀"`, "Zoë"}, scim.SlackGivenName: {`"Z"`, "Z"},
		scim.SlackFamilyName: {`"Z"`, "Z"}, scim.SlackHonorificPrefix: {`"Dr"`, "Dr"}, scim.SlackTitle: {`"T"`, "T"},
		scim.SlackEmail: {`"z@example.com"`, "z@example.com"}, scim.SlackSecondaryEmail: {`"z@home.example"`, "z@home.example"},
		scim.SlackPrimaryPhone: {`"tel:+1"`, "+1"}, scim.SlackMobilePhone: {`"+2"`, "+2"}, scim.SlackStreetAddress: {`"S"`, "S"},
		scim.SlackLocality: {`"L"`, "L"}, scim.SlackRegion: {`"R"`, "R"}, scim.SlackPostalCode: {`"P"`, "P"}, scim.SlackCountry: {`"C"`, "C"},
		scim.SlackPhoto: {`"https://x.example/p"`, "https://x.example/p"}, scim.SlackProfileURL: {`"https://x.example"`, "https://x.example"},
		scim.SlackRole: {`"R"`, "R"}, scim.SlackUserType: {`"U"`, "U"}, scim.SlackPreferredLang: {`"de-DE,en"`, "de_DE"}, scim.SlackLocale: {`"de-DE"`, "de_DE"},
		scim.SlackTimezone: {`"europe/berlin"`, "Europe/Berlin"}, scim.SlackEmployeeNumber: {`"1"`, "1"}, scim.SlackCostCenter: {`"1"`, "1"},
		scim.SlackOrganization: {`"O"`, "O"}, scim.SlackDivision: {`"D"`, "D"}, scim.SlackDepartment: {`"D"`, "D"}, scim.SlackManager: {`"other"`, "other"},
		scim.SlackStartDate: {`"2026-01-02T03:04:05Z"`, "2026-01-02T00:00:00+0000"}, scim.SlackGuestType: {`"multi"`, "multi"},
	} {
		t.Run(string(a), func(t *testing.T) {
			for _, kind := range []string{"value", "clear", "silent", "never"} {
				rule := Rule{Attribute: a, Expression: c.expression, Place: "test.yaml:1"}
				want := scim.SlackUserProfile{}
				for k, v := range plain.Profile {
					want[k] = v
				}
				manager := plain.Manager
				switch kind {
				case "value":
					want[a] = c.want
				case "clear":
					rule.Expression, want[a] = "", ""
				case "silent":
					rule.Expression = `attr("urn:x:Nothing:here")`
					if delete(want, a); slices.Contains(addressParts, string(a)) {
						want[a] = "" // an address is one whole
					}
				case "never":
					rule.When = WhenNever
					delete(want, a)
				}
				if a == scim.SlackManager {
					delete(want, a)
					manager = map[string]string{"value": c.want}[kind]
				}
				required := a == scim.SlackUserName || a == scim.SlackEmail
				if kind != "value" && required || kind == "clear" && (a == scim.SlackGivenName || a == scim.SlackFamilyName) {
					continue
				}
				rules, faults := CompileRules(RuleSet{User: []Rule{rule}})
				if len(faults) > 0 {
					t.Fatal(faults)
				}
				got, err := ToUser(anna(), Options{Rules: rules})
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
				if diff := cmp.Diff(want, got.Profile); diff != "" || got.Manager != manager {
					t.Errorf("%s: manager %q, want %q; -want +got\n%s", kind, got.Manager, manager, diff)
				}
			}
		})
	}
}

// doubled names each of 30 variables twice in the next one.
func doubled(form, result string) string {
	text := "let a0 = title; "
	for i := range 30 {
		text += fmt.Sprintf(form, i+1, i)
	}
	return text + result
}

// However long the values of a person are, what is made of them is not much longer.
func TestRulesMakeLittleOfMuch(t *testing.T) {
	long := strings.Repeat("a ", 200_000)
	for expression, want := range map[string]string{
		`replace(title, " ", nickName)`:                "replace would give more than 65536 bytes",
		`replace(title, "", nickName)`:                 "replace would give more than 65536 bytes",
		`first(split(title, " "))`:                     "split would give more than 1000 parts",
		`join(split(title, " ", 900), nickName)`:       "join would give more than 65536 bytes",
		`join([title, title])`:                         "join would give more than 65536 bytes",
		`string(groups)`:                               "string wants a text",
		`len(replace(title, "a ", "")) == 0 ? "" : ""`: "",
		`string(len(split(title, " ", 3)))`:            "",
		`string(len(replace(title, "a", "bb", 5)))`:    "more than",
	} {
		doc := anna()
		doc["title"], doc["nickName"] = long, long
		_, err := ToUser(doc, Options{Rules: compile(t, map[scim.SlackAttribute]string{scim.SlackCountry: expression}, ""), Groups: []string{"a", "b"}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// A name that does not exist is a fault, with its place, wherever it stands in a call of any function.
func TestMisspeltNameInEachFunction(t *testing.T) {
	calls := []string{"local(%s)", "domain(%s)", "cn(%s)", "firstOf(%s)", "firstOf(title, %s)", "firstOf(title, nickName, %s)", "cn(lower(%s))", "lower(cn(%s))", "cn(firstOf(title, %s))",
		`lookup({"a": "b"}, %s, "")`, `lookup({"a": "b"}, title, %s)`, `lookup({"a": %s}, title, "")`,
		`replace(%s, "a", "b")`, `replace(title, %s, "b")`, `replace(title, "a", %s)`, `first(split(%s, "/"))`, `first(split(title, %s))`,
		`join(split(title, "/"), %s)`, `join([%s])`, `join(map(groups, # + %s))`, `string(%s)`, "attr(\"a\") + %s", "lower(%s)", "upper(%s)", "trim(%s)", `trimPrefix(%s, "a")`,
		`trimSuffix(title, %s)`, `string(indexOf(%s, "a"))`, `string(lastIndexOf(title, %s))`, "string(len(%s))", "string(int(%s))", `any(groups, # == %s) ? "a" : "b"`, "let x = cn(%s); x"}
	for _, call := range calls {
		for name, problem := range map[string]string{"titel": "unknown name titel", "emails.wrk": "unknown field wrk"} {
			expression := fmt.Sprintf(call, name)
			_, faults := CompileRules(RuleSet{User: []Rule{{Attribute: scim.SlackCountry, Expression: expression}}})
			if len(faults) != 1 || !strings.HasPrefix(faults[0].Problem, problem) || faults[0].Column <= strings.Index(call, "%") {
				t.Errorf("%s: %+v", expression, faults)
			}
		}
		if _, faults := CompileRules(RuleSet{User: []Rule{{Attribute: scim.SlackCountry, Expression: fmt.Sprintf(call, "title")}}}); len(faults) > 0 {
			t.Errorf("%s is right: %+v", fmt.Sprintf(call, "title"), faults)
		}
	}
	for _, set := range []RuleSet{{Scope: Rule{Expression: `cn(titel) == "a"`}}, {GroupName: Rule{Expression: "cn(displayNam)"}}, {GroupScope: Rule{Expression: `cn(displayNam) == "a"`}}} {
		if _, faults := CompileRules(set); len(faults) != 1 || !strings.HasPrefix(faults[0].Problem, "unknown name ") {
			t.Errorf("%+v: %+v", set, faults)
		}
	}
}

func TestRuleFaults(t *testing.T) {
	for expression, want := range map[string]string{
		`titel`:                  "unknown name titel",
		`title + `:               "unexpected token",
		`title + 1`:              "mismatched types",
		`len(title)`:             "must give a text",
		`active`:                 "must give a text",
		`enterprise.departement`: "departement",
		`lower(title, title)`:    "too many arguments",
		`attr(title)`:            "attr wants the path",
		`now()`:                  "unknown name now",
		`repeat(title, 1000000)`: "unknown name repeat",
		`any(groups, any(groups, # == "x")) ? "a" : "b"`: "within another",
		`string(1..1000)`:                            "range of numbers",
		`title matches nickName ? "a" : "b"`:         "pattern in quotes",
		`let title = title + title; title`:           "cannot redeclare",
		doubled("let a%d = a%d + a%[2]d; ", "a0"):    "a variable counted as all",
		doubled("let a%d = [a%d, a%[2]d]; ", "\"\""): "a variable counted as all",
		`join(` + strings.Repeat(`map(`, 20) + `groups` + strings.Repeat(`, # + #)`, 20) + `)`: "a variable counted as all",
		strings.Repeat(`title+`, 2000) + `title`:                                               "use at most",
		strings.Repeat(`title+`, 600) + `title`:                                                "",
	} {
		t.Run(expression[:min(len(expression), 30)], func(t *testing.T) {
			rules, faults := CompileRules(RuleSet{User: []Rule{{Attribute: scim.SlackTitle, Expression: expression, Place: "x.yaml:7"}}})
			if len(faults) != 1 || rules != nil || !strings.Contains(faults[0].Problem, want) {
				t.Errorf("faults: %+v, want %q", faults, want)
			}
		})
	}
	if _, faults := CompileRules(RuleSet{Scope: Rule{Expression: `title`}}); len(faults) != 1 || !strings.Contains(faults[0].Problem, "true or false") {
		t.Errorf("a scope that gives a text: %+v", faults)
	}
	_, faults := CompileRules(RuleSet{User: []Rule{{Attribute: scim.SlackTitle, Expression: "title +\n  nick"}}})
	if len(faults) != 1 || faults[0].Line != 2 || faults[0].Column != 3 {
		t.Errorf("the place of a fault: %+v", faults)
	}
}

// A rule that fails for a person is told, and gives nothing.
func TestRuleFailsForOnePerson(t *testing.T) {
	rules := compile(t, map[scim.SlackAttribute]string{scim.SlackTitle: `split(title, "/")[1]`}, `split(title, "/")[1] == "x"`)
	got, err := ToUser(anna(), Options{Rules: rules})
	var fault *RuleError
	if !errors.As(err, &fault) || fault.Attribute != "title" || fault.Place != "test.yaml:1" || len(got.Profile) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := rules.InScope(anna(), nil); !errors.As(err, &fault) || fault.Attribute != "scope" {
		t.Errorf("scope: %v", err)
	}
	doc := anna()
	doc["title"] = "a/x"
	if in, err := rules.InScope(doc, nil); !in || err != nil {
		t.Errorf("scope: %v, %v", in, err)
	}
	if got, err := ToUser(doc, Options{Rules: rules}); err != nil || got.Profile[scim.SlackTitle] != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The default mapping, said as rules, is the default mapping.
// Who looks at a refusal learns which rule made what Slack cannot take, and is not sent to look for it at the source.
func TestRefusalNamesTheRule(t *testing.T) {
	for _, c := range []struct {
		rules map[scim.SlackAttribute]string
		doc   scim.Object
		want  string
	}{
		{map[scim.SlackAttribute]string{scim.SlackUserName: `local(emails.home)`}, scim.Object{"userName": "anna", "emails": []any{scim.Object{"value": "anna@example.com", "type": "work"}}},
			"userName is missing: its rule (test.yaml:1) makes it so: change the rule, or have the source send what it reads"},
		{map[scim.SlackAttribute]string{scim.SlackEmail: `title`}, anna(),
			`emails "Cook" is not an e-mail address: its rule (test.yaml:1) makes it so: change the rule, or have the source send what it reads`},
		{map[scim.SlackAttribute]string{scim.SlackUserName: `userName`}, scim.Object{"emails": []any{scim.Object{"value": "anna@example.com"}}},
			"userName is missing: map an attribute to userName that every person has"},
	} {
		if _, err := ToUser(c.doc, Options{Rules: compile(t, c.rules, "")}); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.rules, err, c.want)
		}
	}
}

func TestDefaultExpressions(t *testing.T) {
	all := map[scim.SlackAttribute]string{}
	for _, a := range scim.SlackAttributes {
		if all[a] = DefaultExpression(a); all[a] == "" {
			t.Errorf("%s has no default expression", a)
		}
	}
	rules := compile(t, all, "")
	for i := range rules.user {
		if rules.user[i].program != nil {
			t.Errorf("%s is not the default mapping", rules.user[i].Attribute)
		}
	}
	want, wantErr := ToUser(anna(), Options{})
	got, err := ToUser(anna(), Options{Rules: rules})
	if diff := cmp.Diff(want, got); diff != "" || err != nil || wantErr != nil {
		t.Errorf("%v %v -want +got\n%s", wantErr, err, diff)
	}
}

// The mapping of a company: 20 rules, and a scope.
var companyRules = map[scim.SlackAttribute]string{
	scim.SlackUserName:       `lower(local(emails.work))`,
	scim.SlackEmail:          `lower(emails.work)`,
	scim.SlackSecondaryEmail: `emails.home`,
	scim.SlackDisplayName:    `name.givenName + " " + name.familyName`,
	scim.SlackTitle:          `enterprise.department + " / " + title`,
	scim.SlackPrimaryPhone:   `phoneNumbers.work`,
	scim.SlackMobilePhone:    `"Kitchen" == enterprise.department ? "" : phoneNumbers.mobile`,
	scim.SlackLocality:       `upper(addresses.locality)`,
	scim.SlackCountry:        `upper(addresses.country)`,
	scim.SlackTimezone:       `lookup({"DE": "Europe/Berlin", "FR": "Europe/Paris"}, addresses.country, "UTC")`,
	scim.SlackLocale:         `addresses.country == "DE" ? "de_DE" : "en_US"`,
	scim.SlackPreferredLang:  `"de"`,
	scim.SlackUserType:       `active ? "Employee" : "Leaver"`,
	scim.SlackRole:           `first(roles.all)`,
	scim.SlackEmployeeNumber: `externalId`,
	scim.SlackOrganization:   `"Example"`,
	scim.SlackDivision:       `firstOf(enterprise.division, enterprise.department)`,
	scim.SlackCostCenter:     `attr("urn:x:Badge:number")`,
	scim.SlackManager:        `trim(enterprise.manager)`,
	scim.SlackPhoto:          `"https://photos.example.com/" + externalId + ".jpg"`,
}

func BenchmarkTwentyRules(b *testing.B) {
	rules := compile(b, companyRules, `"staff" in groups and active`)
	doc, groups := anna(), []string{"staff", "cooks"}
	b.Run("rules", func(b *testing.B) { // what the rules cost
		b.ReportAllocs()
		for b.Loop() {
			bench := rules.begin(doc, groups, rules.userReads)
			for i := range rules.user {
				if _, err := rules.user[i].run(bench, ""); err != nil {
					b.Fatal(err)
				}
			}
			rules.end(bench)
		}
	})
	b.Run("person", func(b *testing.B) { // and with the default mapping, which cleans what they give
		b.ReportAllocs()
		for b.Loop() {
			if in, err := rules.InScope(doc, groups); !in || err != nil {
				b.Fatal(in, err)
			}
			if _, err := ToUser(doc, Options{Rules: rules, Groups: groups}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNoRules(b *testing.B) {
	doc := anna()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ToUser(doc, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Rules read the document and leave it as it is, however often and by however many at once they are asked.
func TestRulesChangeNoDocument(t *testing.T) {
	rules := compile(t, companyRules, "active")
	doc := anna()
	want, err := ToUser(doc, Options{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(anna(), doc); diff != "" {
		t.Error(diff)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if got, err := ToUser(doc, Options{Rules: rules}); err != nil || !cmp.Equal(want, got) {
					t.Errorf("%v\n%s", err, cmp.Diff(want, got))
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(anna(), doc); diff != "" {
		t.Error(diff)
	}
}
