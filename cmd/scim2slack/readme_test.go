package main

import (
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
