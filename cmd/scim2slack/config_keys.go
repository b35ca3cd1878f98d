package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim2slack/dialect"
	"scim2slack/reconcile"
)

// kind is what a value looks like in the file.
type kind int

const (
	kindText     kind = iota // a string
	kindBoolean              // true or false
	kindNumber               // an integer or a decimal
	kindDuration             // a string with a unit, or 0
	kindList                 // a list of strings; in the environment with commas between
)

// key is one key of the configuration: its path below the gateway or the source that it belongs to, the variable that wins
// over it, and how its text is read.
type key struct {
	path     string
	variable string
	kind     kind
	secret   bool // the value is never shown
	set      func(texts []string) error
	show     func() string
}

// gatewayKeys are the keys that do not belong to a source, but slack.limits, which is read by name.
func gatewayKeys(c *config) []key {
	return []key{
		textKey("listen", "LISTEN", &c.Listen, checkListen),
		textKey("tls.certFile", "TLS_CERT_FILE", &c.TLS.CertFile, notEmpty),
		textKey("tls.keyFile", "TLS_KEY_FILE", &c.TLS.KeyFile, notEmpty),
		textKey("tls.clientCAFile", "TLS_CLIENT_CA_FILE", &c.TLS.ClientCAFile, notEmpty),
		listKey("tls.terminated", "TLS_TERMINATED", &c.TLS.Terminated, checkProxy),
		textKey("data", "DATA", &c.Data, checkData),
		secretKey("encryption.key", "ENCRYPTION_KEY", &c.Encryption.Key),
		textKey("encryption.keyFile", "ENCRYPTION_KEY_FILE", &c.Encryption.KeyFile, notEmpty),
		durationKey("answer.wait", "ANSWER_WAIT", &c.AnswerWait, 0, 10*time.Minute),
		textKey("admin.listen", "ADMIN_LISTEN", &c.Admin.Listen, checkListen),
		secretKey("admin.token", "ADMIN_TOKEN", &c.Admin.Token),
		textKey("admin.tokenFile", "ADMIN_TOKEN_FILE", &c.Admin.TokenFile, notEmpty),
		listKey("admin.hosts", "ADMIN_HOSTS", &c.Admin.Hosts, checkHost),
		choiceKey("admin.metrics", "ADMIN_METRICS", &c.Admin.Metrics, metricsOpen, metricsToken),
		secretKey("slack.token", "SLACK_TOKEN", &c.Slack.Token),
		textKey("slack.tokenFile", "SLACK_TOKEN_FILE", &c.Slack.TokenFile, notEmpty),
		textKey("slack.scimURL", "SLACK_SCIM_URL", &c.Slack.SCIMURL, checkURL),
		textKey("slack.apiURL", "SLACK_API_URL", &c.Slack.APIURL, checkURL),
		shareKey("slack.share", "SLACK_SHARE", &c.Slack.Share),
		durationKey("slack.settle", "SLACK_SETTLE", &c.Slack.Settle, time.Second, time.Hour),
		listKey("slack.protect", "SLACK_PROTECT", &c.Slack.Protect, checkSlackID),
		durationKey("drift.every", "DRIFT_EVERY", &c.Drift.Every, 0, 30*24*time.Hour),
		choiceKey("drift.mode", "DRIFT_MODE", &c.Drift.Mode, driftReport, driftRepair),
		secretKey("audit.key", "AUDIT_KEY", &c.Audit.Key),
		textKey("audit.keyFile", "AUDIT_KEY_FILE", &c.Audit.KeyFile, notEmpty),
		listKey("audit.formerKeyFiles", "AUDIT_FORMER_KEY_FILES", &c.Audit.FormerKeyFiles, notEmpty),
		booleanKey("audit.values", "AUDIT_VALUES", &c.Audit.Values),
		keepKey("audit.keep", "AUDIT_KEEP", &c.Audit.Keep),
		textKey("audit.file", "AUDIT_FILE", &c.Audit.File, notEmpty),
		textKey("audit.syslog", "AUDIT_SYSLOG", &c.Audit.Syslog, checkSyslog),
		countKey("plan.maxLeavers", "PLAN_MAX_LEAVERS", &c.MaxLeavers),
		booleanKey("brake.enabled", "BRAKE_ENABLED", &c.Brake.Enabled),
		textKey("brake.reason", "BRAKE_REASON", &c.Brake.Reason, notEmpty),
	}
}

// sourceKeys are the keys of one source. The variables are those of the source named default.
func sourceKeys(s *sourceConfig) []key {
	o, p := &s.Options, &s.Profile
	return append([]key{
		textKey("name", "", &s.Name, checkSourceName),
		secretKey("token", "TOKEN", &s.Token),
		textKey("tokenFile", "TOKEN_FILE", &s.TokenFile, notEmpty),
		textKey("header.name", "HEADER_NAME", &s.Header.Name, checkHeaderName),
		textKey("header.word", "HEADER_WORD", &s.Header.Word, checkWord),
		booleanKey("readOnly", "READ_ONLY", &s.ReadOnly),
		matchKey("match", "MATCH", &o.Match),
		choiceKey("onAmbiguous", "ON_AMBIGUOUS", &s.OnAmbiguous, ambiguousHold),
		booleanKey("createUsers", "CREATE_USERS", &o.CreateUsers),
		booleanKey("updateUsers", "UPDATE_USERS", &o.UpdateUsers),
		booleanKey("disableUsers", "DISABLE_USERS", &o.DisableUsers),
		booleanKey("provisionDisabledUsers", "PROVISION_DISABLED_USERS", &o.ProvisionDisabledUsers),
		choiceKey("removeUser", "REMOVE_USER", &o.RemoveUser, reconcile.RemoveDisable, reconcile.RemoveDelete, reconcile.RemoveNone),
		choiceKey("groups.membership", "GROUPS_MEMBERSHIP", &o.GroupMembership, reconcile.MembershipOverwrite, reconcile.MembershipMerge),
		choiceKey("groups.nested", "GROUPS_NESTED", &o.NestedGroups, reconcile.NestedRefuse, reconcile.NestedFlatten),
		choiceKey("groups.remove", "GROUPS_REMOVE", &o.GroupRemove, reconcile.GroupDelete, reconcile.GroupUnlink),
		choiceKey("dialect", "DIALECT", &s.Dialect, dialect.Names()...),
		choiceKey("put", "PUT", &p.Put, dialect.PutKeep, dialect.PutClear),
		choiceKey("groupPutWithoutMembers", "GROUP_PUT_WITHOUT_MEMBERS", &p.GroupPutWithoutMembers, dialect.GroupPutEmpty, dialect.GroupPutKeep),
		choiceKey("unknown", "UNKNOWN", &p.Unknown, dialect.UnknownIgnore, dialect.UnknownReject),
		choiceKey("postKnown", "POST_KNOWN", &p.PostKnown, dialect.PostConflict, dialect.PostRevive, dialect.PostAdopt),
		choiceKey("softDelete", "SOFT_DELETE", &p.SoftDelete, dialect.SoftDeletePlain, dialect.SoftDeleteRename),
		statusKey("patch.user", "PATCH_USER", &p.PatchUser),
		statusKey("patch.group", "PATCH_GROUP", &p.PatchGroup),
		listKey("mtls.san", "MTLS_SAN", &s.MTLS.SANs, checkSAN),
	}, slices.Concat(jwtKeys(&s.JWT, "jwt.", true), rateKeys(&s.Rate))...)
}

// variablePrefix begins every variable of this program.
const variablePrefix = "SCIM2SLACK_"

func newKey(path, variable string, k kind, set func([]string) error, show func() string) key {
	if variable != "" {
		variable = variablePrefix + variable
	}
	return key{path: path, variable: variable, kind: k, set: set, show: show}
}

func textKey(path, variable string, p *string, check func(string) error) key {
	return newKey(path, variable, kindText, func(texts []string) error {
		if err := check(texts[0]); err != nil {
			return err
		}
		*p = texts[0]
		return nil
	}, func() string { return *p })
}

func secretKey(path, variable string, p *secret) key {
	k := newKey(path, variable, kindText, func(texts []string) error {
		if err := checkToken(texts[0]); err != nil {
			return err
		}
		*p = secret(texts[0])
		return nil
	}, func() string {
		if *p == "" {
			return ""
		}
		return mask
	})
	k.secret = true
	return k
}

func booleanKey(path, variable string, p *bool) key {
	return newKey(path, variable, kindBoolean, func(texts []string) error {
		switch texts[0] {
		case "true":
			*p = true
		case "false":
			*p = false
		default:
			return fmt.Errorf("is %s: use true or false", quoteValue(texts[0]))
		}
		return nil
	}, func() string { return strconv.FormatBool(*p) })
}

func durationKey(path, variable string, p *time.Duration, least, most time.Duration) key {
	return newKey(path, variable, kindDuration, func(texts []string) error {
		d, err := time.ParseDuration(texts[0])
		if err != nil {
			return fmt.Errorf("is %s: use a number with a unit, such as 500ms, 3s or 2m", quoteValue(texts[0]))
		}
		if d < least || d > most {
			return fmt.Errorf("is %s: use a time from %v to %v", quoteValue(texts[0]), least, most)
		}
		*p = d
		return nil
	}, func() string { return p.String() })
}

func shareKey(path, variable string, p *float64) key {
	return newKey(path, variable, kindNumber, func(texts []string) error {
		share, err := strconv.ParseFloat(texts[0], 64)
		if err != nil || math.IsNaN(share) || share <= 0 || share > 1 {
			return fmt.Errorf("is %s: use a number above 0 and up to 1, such as 0.9", quoteValue(texts[0]))
		}
		*p = share
		return nil
	}, func() string { return strconv.FormatFloat(*p, 'g', -1, 64) })
}

func choiceKey[T ~string](path, variable string, p *T, choices ...T) key {
	return newKey(path, variable, kindText, func(texts []string) error {
		if !slices.Contains(choices, T(texts[0])) {
			return fmt.Errorf("is %s: use %s", quoteValue(texts[0]), alternatives(choices))
		}
		*p = T(texts[0])
		return nil
	}, func() string { return string(*p) })
}

// countKey is for a number of people. Below 0 nothing was said.
func countKey(path, variable string, p *int) key {
	return newKey(path, variable, kindNumber, func(texts []string) error {
		n, err := strconv.Atoi(texts[0])
		if err != nil || n < 0 {
			return fmt.Errorf("is %s: use a whole number, 0 or more", quoteValue(texts[0]))
		}
		*p = n
		return nil
	}, func() string {
		if *p < 0 {
			return ""
		}
		return strconv.Itoa(*p)
	})
}

// statusKey is for the answer to a PATCH.
func statusKey(path, variable string, p *int) key {
	return newKey(path, variable, kindNumber, func(texts []string) error {
		switch texts[0] {
		case "200":
			*p = http.StatusOK
		case "204":
			*p = http.StatusNoContent
		default:
			return fmt.Errorf("is %s: use 200 or 204", quoteValue(texts[0]))
		}
		return nil
	}, func() string { return strconv.Itoa(*p) })
}

func listKey(path, variable string, p *[]string, check func(string) error) key {
	return newKey(path, variable, kindList, func(texts []string) error {
		for i, text := range texts {
			if err := check(text); err != nil {
				return err
			}
			if slices.Contains(texts[:i], text) {
				return fmt.Errorf("lists %s twice: leave one out", quoteValue(text))
			}
		}
		*p = texts
		return nil
	}, func() string { return strings.Join(*p, ", ") })
}

func matchKey(path, variable string, p *[]string) key {
	choices := []string{reconcile.MatchUserName, reconcile.MatchEmail}
	k := listKey(path, variable, p, func(text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("lists %s: use %s, or both in the order of trust", quoteValue(text), alternatives(choices))
		}
		return nil
	})
	set := k.set
	k.set = func(texts []string) error {
		if len(texts) == 0 {
			return fmt.Errorf("is empty: use %s, or both in the order of trust", alternatives(choices))
		}
		return set(texts)
	}
	return k
}

func alternatives[T ~string](choices []T) string {
	texts := make([]string, len(choices))
	for i, c := range choices {
		texts[i] = string(c)
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " or " + texts[len(texts)-1]
}
