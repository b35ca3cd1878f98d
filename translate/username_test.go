package translate

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestUserName(t *testing.T) {
	tests := []struct{ sent, want string }{
		{"jsmith", "jsmith"},
		{" JSmith ", "jsmith"},
		{"demistotest7@paloaltonetworks.com", "demistotest7"}, // recorded from Slack
		{"guestUser", "guestuser"},
		{"ann.lee_x-1", "ann.lee_x-1"},
		{"ann+slack@example.test", "ann_slack"},
		{`ACME\jdoe`, "acme_jdoe"},
		{"ann lee", "ann_lee"},
		{"@ann", "_ann"},
		{"ann@", "ann_"},
		{"a@b@c", "a_b_c"},
		{"ann_gmail.com#EXT#@x.test", "ann_gmail.com_ext_"},
		{"José", "jose"},
		{"Jose\u0301", "jose"},
		{"STRAẞE", "strasse"},
		{"Bjørn.Ærø", "bjorn.aero"},
		{"Łukasz", "lukasz"},
		{"Đorđe", "dorde"},
		{"Þór", "thor"},
		{"İstanbul", "istanbul"},
		{"Nguyễn", "nguyen"},
		{"ﬁona", "fiona"},
		{"ＡＢＣ", "abc"},
		{"ann\x00\xff", "ann__"},
		{"123456789012345678901", "123456789012345678901"},
		{"0f3c6d1e2b4a", "0f3c6d1e2b4a"},
		// Fitted names may never change: people are known by them.
		{"a-very-long-name-for-ann-xx", "a-very-long-nam-iot6r"},
		{"A-Very-Long-Name-for-Ánn-xx@x.test", "a-very-long-nam-iot6r"},
		{"a-very-long-name-for-ann-xy", "a-very-long-nam-mosyk"},
		{"1234567890123456789012", "123456789012345-l5p32"},
	}
	for _, test := range tests {
		got, err := UserName(test.sent)
		if err != nil || got != test.want {
			t.Errorf("UserName(%q) = %q, %v, want %q", test.sent, got, err, test.want)
		}
	}
}

func TestUserNameRefused(t *testing.T) {
	tests := []struct{ sent, want string }{
		{"", "userName is missing: map an attribute to userName that every person has"},
		{"  ", "userName is missing: map an attribute to userName that every person has"},
		{strings.Repeat("e\u0301", 1<<19), `userName "` + strings.Repeat("e\u0301", 30) + `e..." has 1572864 bytes, more than any name: map an attribute to userName that is a name`},
		{"...", `userName "..." has none of the letters a-z and the digits that Slack takes in a name: map an attribute to userName that is written in such letters`},
		{"李小龙", `userName "李小龙" has none of the letters a-z and the digits that Slack takes in a name: map an attribute to userName that is written in such letters`},
		{"-@x.test", `userName "-@x.test" has none of the letters a-z and the digits that Slack takes in a name: map an attribute to userName that is written in such letters`},
	}
	for _, test := range tests {
		got, err := UserName(test.sent)
		var refused *Error
		if got != "" || !errors.As(err, &refused) || err.Error() != test.want {
			t.Errorf("UserName(%q) = %q, %v\nwant %s", test.sent, got, err, test.want)
		}
	}
}

func TestTombstone(t *testing.T) {
	const id = "0f3c6d1e2b4a49c8a1b2c3d4e5f60718"
	tests := []struct {
		name, old string
		ok        bool
	}{
		{id + "ann@x.test", "ann@x.test", true},
		{strings.ToUpper(id) + "Ann@x.test", "Ann@x.test", true},
		{id + "abe@x.test", "abe@x.test", true}, // the old name goes on in hexadecimal digits
		{id, "", false},
		{id + "ann", "ann", false},
		{id + "@x.test", "@x.test", false},
		{id[1:] + "zoe@x.test", "", false},
		{"\x10" + id[1:] + "ann@x.test", "", false},
		{"g" + id[1:] + "ann@x.test", "", false},
		{"ann@x.test", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		old, ok := Tombstone(test.name)
		if ok != test.ok || ok && old != test.old {
			t.Errorf("Tombstone(%q) = %q, %v", test.name, old, ok)
		}
	}
}

// checkUserName holds the answer to every promise of UserName.
func checkUserName(t interface{ Fatalf(string, ...any) }, sent string) {
	name, err := UserName(sent)
	if err != nil {
		var refused *Error
		if !errors.As(err, &refused) || name != "" || utf8.RuneCountInString(refused.Value) > 64 {
			t.Fatalf("UserName(%q) = %q, %v", sent, name, err)
		}
		return
	}
	if fault := userNameFault(name); fault != "" {
		t.Fatalf("UserName(%q) = %q: %s", sent, name, fault)
	}
	if again, err := UserName(name); err != nil || again != name {
		t.Fatalf("UserName(%q) = %q, but of that it is %q, %v", sent, name, again, err)
	}
	if upper, err := UserName(strings.ToUpper(name)); err != nil || upper != name {
		t.Fatalf("the letter case of %q matters: %q, %v", name, upper, err)
	}
}

func userNameFault(name string) string {
	switch {
	case name == "" || len(name) > 21:
		return "length"
	case strings.Trim(name, "._-") == "":
		return "only punctuation"
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "":
		return "characters"
	}
	return ""
}

func TestUserNameProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkUserName(t, rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-zÀ-žß@.+_ -]{0,30}`)).Draw(t, "sent"))
	})
}

func FuzzUserName(f *testing.F) {
	for _, seed := range []string{"", "jsmith", "Zoë.Müller@x.test", "İﬁß", "a@b@c", "李", "\xff\x00", "e\u0301", "0f3c6d1e2b4a49c8a1b2c3d4e5f60718a@b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		checkUserName(t, sent)
		if old, ok := Tombstone(sent); ok && !plausible(old) {
			t.Fatalf("Tombstone(%q) = %q, which is no name", sent, old)
		}
	})
}
