package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"scim2slack/server/admin"
)

// adminFlags say where the running gateway is asked. By default that is the socket beside its data file.
type adminFlags struct {
	Config         string `short:"c" placeholder:"FILE" help:"The configuration of the gateway, for the name of its data file."`
	Admin          string `placeholder:"URL" help:"Ask over TCP, for example http://127.0.0.1:8081, not over the socket beside the data file."`
	AdminTokenFile string `placeholder:"FILE" help:"The file of the admin token, for --admin. Without it: SCIM2SLACK_ADMIN_TOKEN, SCIM2SLACK_ADMIN_TOKEN_FILE, or the configuration."`
	JSON           bool   `help:"Print JSON."`
}

// adminClient asks a running gateway.
type adminClient struct {
	http  *http.Client
	base  string
	token secret
	where string // for people
	// otherwise is asked if nobody answers here; nil for nobody.
	otherwise *adminClient
	// plain makes texts harmless for a terminal: sources choose names, and a name may hold control characters.
	plain bool
}

// adminTimeout bounds a question. The status of a very large store takes seconds.
const adminTimeout = 2 * time.Minute

func (f *adminFlags) client(con *console) (*adminClient, error) {
	cfg, err := whereabouts(f.Config, con.environ)
	if err != nil {
		return nil, err
	}
	token, err := f.token(cfg)
	if err != nil {
		return nil, err
	}
	if f.Admin != "" {
		return f.overTCP(f.Admin, token)
	}
	path, err := admin.SocketPath(cfg.Data)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	socket := &adminClient{base: "http://gateway", where: "the socket " + path, plain: !f.JSON,
		http: &http.Client{Timeout: adminTimeout, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	if token != "" { // perhaps it runs as somebody else or elsewhere
		socket.otherwise, err = f.overTCP(reachable(cfg.Admin.Listen), token)
	}
	return socket, err
}

// token is that of the file on the command line, or what the configuration says. No flag takes it itself: everybody may list the command lines of a machine.
func (f *adminFlags) token(cfg *config) (secret, error) {
	if f.AdminTokenFile == "" {
		return cfg.Admin.Token, nil
	}
	text, err := readToken(f.AdminTokenFile)
	if err != nil {
		return "", &usageError{fmt.Sprintf("--admin-token-file %s %v", shownFile(f.AdminTokenFile), err)}
	}
	return secret(text), nil
}

func (f *adminFlags) overTCP(base string, token secret) (*adminClient, error) {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	if err := checkURL(base); err != nil {
		return nil, &usageError{"--admin " + err.Error()}
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token stays here
	return &adminClient{base: strings.TrimRight(base, "/"), token: token, where: base, plain: !f.JSON,
		http: &http.Client{Timeout: adminTimeout, CheckRedirect: noRedirect, Transport: &http.Transport{DisableKeepAlives: true}}}, nil
}

// reachable is the address at which this machine reaches a listener.
func reachable(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// readLoosely reads a configuration without checking it.
func readLoosely(file string, environ []string) (*loader, error) {
	l := newLoader(file)
	if file != "" {
		content, err := readConfigFile(file)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("%s cannot be read: %v", file, err)}
		}
		l.readYAML([]byte(content))
	}
	l.readEnvironment(environ)
	return l, nil
}

// whereabouts reads from the configuration where the gateway is. Faults that do not concern this do not matter here.
func whereabouts(file string, environ []string) (*config, error) {
	l, err := readLoosely(file, environ)
	if err != nil {
		return nil, err
	}
	l.readTokenFile("admin.token", "admin.tokenFile", &l.config.Admin.Token, l.config.Admin.TokenFile)
	l.readTokenFile("audit.key", "audit.keyFile", &l.config.Audit.Key, l.config.Audit.KeyFile)
	if l.unparsed || l.faulty("data", "admin.listen", "admin.tokenFile") {
		sortFaults(l.faults)
		return nil, &configError{l.faults}
	}
	return l.config, nil
}

// ask makes a request and decodes the answer into body. Answers that are errors become errors. If nobody answers at the socket
// and there is another place to ask, that is asked.
func (c *adminClient) ask(method, path, who string, body any) error {
	err := c.askHere(method, path, who, body)
	if gone := (*unansweredError)(nil); !errors.As(err, &gone) {
		return err
	}
	if c.otherwise != nil {
		second := c.otherwise.askHere(method, path, who, body)
		if gone := (*unansweredError)(nil); !errors.As(second, &gone) {
			return second
		}
		err = fmt.Errorf("%w; %w", err, second)
	}
	return fmt.Errorf("%w\nIs it running? If it keeps its data elsewhere, name its configuration with -c or its file with "+
		"SCIM2SLACK_DATA, or ask over TCP with --admin URL", err)
}

// unansweredError says that no gateway was there to ask.
type unansweredError struct {
	where string
	err   error
}

func (e *unansweredError) Error() string {
	return fmt.Sprintf("no gateway answers at %s: %v", e.where, e.err)
}

func (e *unansweredError) Unwrap() error { return e.err }

func (c *adminClient) askHere(method, path, who string, body any) error {
	target := c.base + path
	if who != "" {
		joint := "?"
		if strings.Contains(path, "?") {
			joint = "&"
		}
		target += joint + "who=" + url.QueryEscape(who)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, target, http.NoBody)
	if err != nil {
		return err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token.reveal())
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return &unansweredError{c.where, err}
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("the answer of the gateway at %s broke off: %w", c.where, err)
	}
	if c.plain {
		raw = plainText(raw)
	}
	if answer.StatusCode >= http.StatusBadRequest {
		var told admin.Error
		if json.Unmarshal(raw, &told) != nil || told.Error == "" {
			told.Error = answer.Status
		}
		return errors.New(told.Error)
	}
	if err := json.Unmarshal(raw, body); err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("what answers at %s is not a gateway: %s", c.where, answer.Status)
	}
	return nil
}

// stream makes a request and hands the lines of the answer on, as they come. body is sent as JSON; nil sends none.
func (c *adminClient) stream(method, path string, body any, line func(json.RawMessage) error) error {
	err := c.streamHere(method, path, body, line)
	if gone := (*unansweredError)(nil); errors.As(err, &gone) && c.otherwise != nil {
		return c.otherwise.streamHere(method, path, body, line)
	}
	return err
}

func (c *adminClient) streamHere(method, path string, body any, line func(json.RawMessage) error) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(context.Background(), method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token.reveal())
	}
	patient := *c.http
	patient.Timeout = 0 // Slack's limits say how long it takes
	answer, err := patient.Do(r)
	if err != nil {
		return &unansweredError{c.where, err}
	}
	defer answer.Body.Close()
	decoder := json.NewDecoder(answer.Body)
	for {
		var told json.RawMessage
		if err := decoder.Decode(&told); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the answer of the gateway at %s broke off: %w", c.where, err)
		}
		var failure admin.Error
		if json.Unmarshal(told, &failure) == nil && failure.Error != "" {
			return errors.New(failure.Error)
		}
		if c.plain {
			told = plainText(told)
		}
		if err := line(told); err != nil {
			return err
		}
	}
}

// plainText replaces control characters within the strings of a JSON document by spaces.
func plainText(raw []byte) []byte {
	var document any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&document) != nil {
		return nil
	}
	clean, err := json.Marshal(plainValue(document))
	if err != nil {
		return nil
	}
	return clean
}

func plainValue(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				return ' '
			}
			return r
		}, v)
	case []any:
		for i := range v {
			v[i] = plainValue(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, value := range v {
			out[plainValue(k).(string)] = plainValue(value)
		}
		return out
	}
	return v
}
