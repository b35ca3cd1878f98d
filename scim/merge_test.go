package scim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMergeAndReplacement(t *testing.T) {
	for _, c := range []struct{ name, stored, sent, merged, replaced string }{
		{"into nothing", `{}`, `{"title":"T","name":{"givenName":"A"}}`, `{"title":"T","name":{"givenName":"A"}}`, `{"title":"T","name":{"givenName":"A"}}`},
		{"nothing", `{"title":"T","name":{"givenName":"A"},"e:":{"department":"D","manager":{"value":"7"}}}`, `{}`,
			`{"title":"T","name":{"givenName":"A"},"e:":{"department":"D","manager":{"value":"7"}}}`,
			`{"title":null,"name":null,"e:":{"department":null,"manager":null}}`},
		{"one attribute", `{"title":"T","nickName":"N"}`, `{"title":"U"}`, `{"title":"U","nickName":"N"}`, `{"title":"U","nickName":null}`},
		{"cleared", `{"title":"T"}`, `{"title":null}`, `{"title":null}`, `{"title":null}`},
		{"cleared before", `{"title":null}`, `{}`, `{"title":null}`, `{"title":null}`},
		{"parts", `{"name":{"givenName":"A","familyName":"B"}}`, `{"name":{"givenName":"C","middleName":null}}`,
			`{"name":{"givenName":"C","familyName":"B","middleName":null}}`, `{"name":{"givenName":"C","middleName":null,"familyName":null}}`},
		{"whole cleared", `{"name":{"givenName":"A"}}`, `{"name":null}`, `{"name":null}`, `{"name":null}`},
		{"part after whole was cleared", `{"name":null}`, `{"name":{"givenName":"A"}}`,
			`{"name":{"givenName":"A","familyName":null,"formatted":null,"middleName":null,"honorificPrefix":null,"honorificSuffix":null}}`, `{"name":{"givenName":"A"}}`},
		{"manager after it was cleared", `{"e:":{"manager":null}}`, `{"e:":{"manager":{"value":"7"}}}`, `{"e:":{"manager":{"value":"7"}}}`, `{"e:":{"manager":{"value":"7"}}}`},
		{"extension after it was cleared", `{"e:":null}`, `{"e:":{"department":"D"}}`,
			`{"e:":{"department":"D","employeeNumber":null,"costCenter":null,"organization":null,"division":null,"manager":null}}`, `{"e:":{"department":"D"}}`},
		{"lists are whole", `{"emails":[{"value":"a"},{"value":"b"}]}`, `{"emails":[{"value":"c"}]}`, `{"emails":[{"value":"c"}]}`, `{"emails":[{"value":"c"}]}`},
		{"extension", `{"e:":{"department":"D","division":"V","manager":{"value":"7"}}}`, `{"e:":{"department":"E","manager":null}}`,
			`{"e:":{"department":"E","division":"V","manager":null}}`, `{"e:":{"department":"E","manager":null,"division":null}}`},
	} {
		stored, sent := decode(t, enterprise(c.stored)), decode(t, enterprise(c.sent))
		if diff := cmp.Diff(decode(t, enterprise(c.merged)), Users.Merge(stored, sent)); diff != "" {
			t.Errorf("%s, merged: %s", c.name, diff)
		}
		if diff := cmp.Diff(decode(t, enterprise(c.replaced)), Users.Replacement(stored, sent)); diff != "" {
			t.Errorf("%s, replaced: %s", c.name, diff)
		}
	}
	if got := Users.Merge(nil, nil); got == nil || len(got) > 0 {
		t.Errorf("nothing and nothing merged: %v", got)
	}
}

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
	}{
		{`{"userName":"a"}`, `{"userName":"a"}`, nil},
		{`{"userName":"a"}`, `{"userName":"A"}`, []string{"userName"}},
		{`{"title":null}`, `{}`, []string{"title"}},
		{`{"emails":[{"value":"a"},{"value":"b"}]}`, `{"emails":[{"value":"b"},{"value":"a"}]}`, []string{"emails"}},
		{`{"name":{"givenName":"A","familyName":"B"}}`, `{"name":{"givenName":"A","familyName":"C"}}`, []string{"name.familyName"}},
		{`{"name":{"givenName":"A","familyName":"B"}}`, `{"name":null,"active":true}`, []string{"active", "name.familyName", "name.givenName"}},
		{`{"name":null}`, `{}`, []string{"name"}},
		{`{}`, enterprise(`{"e:":{"department":"D","manager":{"value":"7"}}}`), []string{EnterpriseSchema + ":department", EnterpriseSchema + ":manager.value"}},
		{enterprise(`{"e:":{"manager":{"value":"7"}}}`), enterprise(`{"e:":{"manager":null}}`), []string{EnterpriseSchema + ":manager.value"}},
	} {
		if diff := cmp.Diff(c.want, changedNames(decode(t, c.a), decode(t, c.b))); diff != "" {
			t.Errorf("%s and %s: %s", c.a, c.b, diff)
		}
	}
}

// changedNames are the names of the differences of two documents.
func changedNames(a, b Object) (names []string) {
	for _, d := range Differences(a, b) {
		names = append(names, d.Attribute)
	}
	return names
}
