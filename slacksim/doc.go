// Package slacksim simulates Slack's SCIM API, versions 2 and 1, with the two
// Web API methods that a SCIM client needs beside it, auth.test and users.info.
//
// It is not Slack and not a SCIM server of general use. It copies what Slack
// is known to do, quirks included: rate limits, a lock per resource, accounts
// that are never erased, effects that show late, names that are rewritten.
// Where nobody knows what Slack does, a field of [Options] chooses. Each quirk
// names its evidence where it is implemented:
//
//	DOC   Slack's documentation says so
//	LIVE  a recorded answer, or a test that runs against Slack, shows it
//	CODE  a third party's client depends on it
//	INF   inferred from the others; could be wrong
//
// State goes in, state comes out. A test puts accounts and groups in with
// [Sim.AddUser] and [Sim.AddGroup], lets the code under test talk to
// [Sim.Client] or to a server around [Sim.Handler], and looks at [Sim.Users]
// and [Sim.Groups] afterwards. There are no expectations of calls, though
// [Sim.Calls] lists them. [Sim.Inject] breaks the connection, the answer or
// the effect of chosen calls.
//
// The simulator starts no goroutine. Late effects are kept with their due time
// and take place at the first look after it, be it a call or a state method.
// With [Sim.Client] nothing leaves the caller's goroutine, so all of it works
// inside a testing/synctest bubble.
//
// Everything is lost when the [Sim] is dropped. The handler serves loopback
// only and holds no real token: never give it one.
package slacksim
