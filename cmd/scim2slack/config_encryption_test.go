package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigEncryption(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first, second := strings.Repeat("c0", 32), strings.Repeat("c1", 32)
	key, keyFile := "SCIM2SLACK_ENCRYPTION_KEY=", "SCIM2SLACK_ENCRYPTION_KEY_FILE="
	one := write("one", first+"\n", 0o600)
	tests := []struct {
		name, file string
		environ    []string
		keys       int
		fault      string
	}{
		{"none", "", nil, 0, ""},
		{"variable", "", []string{key + first}, 1, ""},
		{"key of the file", "encryption: {key: " + first + "}", nil, 1, ""},
		{"file", "", []string{keyFile + one}, 1, ""},
		{"file of the file", "encryption: {keyFile: " + one + "}", nil, 1, ""},
		{"several, with remarks", "", []string{keyFile + write("two", "# new\r\n"+second+"\r\n\r\n# old\r\n"+first+"\r\n", 0o400)}, 2, ""},
		{"a variable wins", "encryption: {keyFile: " + filepath.Join(dir, "none") + "}", []string{key + first}, 1, ""},
		{"a file's variable wins", "encryption: {key: " + first + "}", []string{keyFile + write("new", second+"\n"+first, 0o600)}, 2, ""},
		{"both", "encryption: {key: " + first + ", keyFile: " + one + "}", nil, 0, "f:1:85: encryption.keyFile: is given beside the key itself: keep one of the two"},
		{"no key", "encryption: {key: canary-canary}", nil, 0, "f:1:14: encryption.key: is not a key of 32 bytes in base64 or hexadecimal: make one with openssl rand -base64 32"},
		{"too short", "", []string{key + first[:62]}, 0, "SCIM2SLACK_ENCRYPTION_KEY: is not a key of 32 bytes"},
		{"a line that is none", "", []string{keyFile + write("bad", "# x\n"+first+"\ncanary\n", 0o600)}, 0, `bad" line 3: is not a key of 32 bytes`},
		{"twice", "", []string{keyFile + write("twice", first+"\n"+strings.ToUpper(first)+"\n", 0o600)}, 0, `twice" line 2: is the key of a line above`},
		{"empty", "", []string{keyFile + write("empty", "# nothing\n", 0o600)}, 0, `empty" holds no key`},
		{"group may read, as orchestrators mount it", "", []string{keyFile + write("group", first, 0o440)}, 1, ""},
		{"others may write", "", []string{keyFile + write("others", first, 0o602)}, 0, "is open to everybody on this machine (mode 0602): chmod 600 it"},
		{"everybody may read", "", []string{keyFile + write("open", first, 0o604)}, 0, "is open to everybody on this machine (mode 0604): chmod 600 it"},
		{"directory", "", []string{keyFile + dir}, 0, "is not a file"},
		{"missing", "", []string{keyFile + filepath.Join(dir, "none")}, 0, "cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := minimal
			if test.file != "" {
				text = test.file + "\n" + minimal
			}
			c, faults, _ := load(t, text, test.environ...)
			told := strings.Join(faults, "\n")
			if !strings.Contains(told, test.fault) || (told == "") != (test.fault == "") || len(faults) > 1 || strings.Contains(told, "canary") || strings.Contains(told, "c0c0") {
				t.Fatalf("faults are %q, want %q", faults, test.fault)
			}
			if test.fault != "" {
				return
			}
			if keys := c.Encryption.keys; len(keys) != test.keys {
				t.Errorf("%d keys, want %d", len(keys), test.keys)
			}
			if shown := fmt.Sprintf("%v %+v %v", c.settings(), *c, c.Encryption.keys); strings.Contains(shown, "c0c0") || strings.Contains(shown, "192 192") {
				t.Errorf("a key is shown: %s", shown)
			}
		})
	}
	// The order of the file counts.
	c, _, _ := load(t, minimal, keyFile+filepath.Join(dir, "two"))
	d, _, _ := load(t, minimal, key+second)
	if c.Encryption.keys[0].ID() != d.Encryption.keys[0].ID() {
		t.Error("the first key of the file is not the first")
	}
}

func TestAConfigurationThatOthersReadHoldsNoKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	text := "encryption: {key: " + strings.Repeat("c0", 32) + "}\nslack: {tokenFile: x}\nsources: []\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, _, err := loadConfig(file, nil); err == nil || !strings.Contains(err.Error(), "holds secrets and is open to everybody") {
		t.Errorf("got %v", err)
	}
}
