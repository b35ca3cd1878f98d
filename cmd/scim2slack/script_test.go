package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts run the program as its users do. request stands for curl, await for patience.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"scim2slack": main, "request": requestMain, "await": awaitMain})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Each script has addresses of its own.
			for _, name := range []string{"SCIM", "ADMIN", "SLACK"} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				defer l.Close()
				e.Setenv(name, l.Addr().String())
			}
			e.Setenv("CANARY", canary)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"nosecret": noSecret, "exit": exitsWith, "terminate": terminate},
	})
}

// noSecret fails if the files, or what the last command printed, hold the canary.
func noSecret(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range append([]string{"stdout", "stderr"}, args...) {
		if strings.Contains(ts.ReadFile(name), "canary") {
			ts.Fatalf("%s tells a secret:\n%s", name, ts.ReadFile(name))
		}
	}
}

// exitsWith is exit CODE COMMAND...: the command must end with that code.
func exitsWith(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		code = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("%v ended with %d, want %s", args[1:], code, want)
	}
}

// terminate sends SIGTERM, which kill does not know, to the background commands with that argument.
func terminate(ts *testscript.TestScript, _ bool, args []string) {
	for _, cmd := range ts.BackgroundCmds() {
		if slices.Contains(cmd.Args, args[0]) {
			ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		}
	}
}

// requestMain is request METHOD URL TOKEN [BODY]: it prints the status and the body. An empty token sends none, and @FILE is the one in a file.
func requestMain() {
	args := append(os.Args[1:], "")
	if file, named := strings.CutPrefix(args[2], "@"); named {
		raw, _ := os.ReadFile(file)
		args[2] = strings.TrimSpace(string(raw))
	}
	r, err := http.NewRequest(args[0], args[1], strings.NewReader(args[3]))
	if err == nil {
		if args[2] != "" {
			r.Header.Set("Authorization", "Bearer "+args[2])
		}
		r.Header.Set("Content-Type", "application/scim+json")
		var answer *http.Response
		if answer, err = http.DefaultClient.Do(r); err == nil {
			body, _ := io.ReadAll(answer.Body)
			fmt.Printf("%d\n%s\n", answer.StatusCode, body)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// awaitMain is await URL TEXT [TOKEN]: it asks until the answer holds the text, for ten seconds.
func awaitMain() {
	args := append(os.Args[1:], "")
	var last string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		r, err := http.NewRequest(http.MethodGet, args[0], http.NoBody)
		if err != nil {
			break
		}
		if args[2] != "" {
			r.Header.Set("Authorization", "Bearer "+args[2])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			last = err.Error()
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if last = string(body); strings.Contains(last, args[1]) {
			return
		}
	}
	fmt.Fprintf(os.Stderr, "%s does not answer %q: %s\n", args[0], args[1], last)
	os.Exit(1)
}
