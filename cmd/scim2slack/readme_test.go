package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Every key of the configuration is in the README.
func TestReadmeNamesEveryKey(t *testing.T) {
	text := readme(t)
	for _, k := range append(gatewayKeys(defaultConfig()), sourceKeys(newSourceConfig("x"))...) {
		name := k.path[strings.LastIndex(k.path, ".")+1:]
		if strings.HasPrefix(k.path, "jwt.") {
			name = "jwt"
		}
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
			t.Errorf("README.md does not name %s", k.path)
		}
	}
}

// Every test that a document names is there.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	code := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((Test|Fuzz|Benchmark)\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			code[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"../THREAT_MODEL.md", "rfc7644.md", "limits.md", "faults.md", "encryption.md", "audit.md", "secrets.md"} {
		raw, err := os.ReadFile("../../docs/" + document)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile("`((Test|Fuzz|Benchmark)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(raw), -1)
		if len(names) == 0 {
			t.Errorf("%s names no test", document)
		}
		for _, n := range names {
			if !code[n[1]] {
				t.Errorf("%s names %s, which is not there", document, n[1])
			}
		}
	}
}

// Every test that the README names is there.
func TestReadmeNamesTestsThatExist(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(raw)
	}
	names := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(readme(t), -1)
	if len(names) < 9 {
		t.Errorf("the README names %d tests, fewer than there are capabilities", len(names))
	}
	for _, n := range names {
		if !strings.Contains(code.String(), "func "+n[1]+"(") {
			t.Errorf("there is no %s", n[1])
		}
	}
}
