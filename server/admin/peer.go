package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	osuser "os/user"
	"strconv"
	"syscall"
)

// PeerContext is for http.Server.ConnContext: it keeps who is at the other end of a unix socket, as the kernel says it. Other connections
// have nobody.
func PeerContext(ctx context.Context, conn net.Conn) context.Context {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return ctx
	}
	uid, err := peerOf(raw)
	if err != nil {
		return ctx // whoever it is, is refused
	}
	return WithPeer(ctx, uid)
}

// WithPeer says that the user with the id is at the other end of the socket.
func WithPeer(ctx context.Context, uid int) context.Context {
	return context.WithValue(ctx, peerKey, uid)
}

// peerOf asks the kernel with a function that a system has.
func peerOf(raw syscall.RawConn) (uid int, err error) {
	refused := raw.Control(func(fd uintptr) { uid, err = peerUID(int(fd)) })
	return uid, errors.Join(err, refused)
}

// admitByPeer lets in the user who runs the gateway, and root, who could do all of this without asking. The mode of the socket's file
// keeps others away already; this holds if somebody changes the mode.
func admitByPeer(r *http.Request) (caller, *refusal) {
	uid, known := r.Context().Value(peerKey).(int)
	switch {
	case !known:
		return caller{}, &refusal{status: http.StatusForbidden, reason: "the kernel did not say who is at the other end of the socket",
			message: "this system does not say who is at the other end of the socket: ask over TCP with an admin token"}
	case uid != os.Geteuid() && uid != 0:
		return caller{}, &refusal{status: http.StatusForbidden, reason: "the socket is not for " + peerName(uid),
			message: "the socket is for the user who runs the gateway and for root: ask over TCP with an admin token"}
	}
	return caller{peerName(uid), Approver}, nil
}

// peerName is uid=1000(janet). No token has such a name.
func peerName(uid int) string {
	name := fmt.Sprintf("uid=%d", uid)
	if u, err := osuser.LookupId(strconv.Itoa(uid)); err == nil {
		name += "(" + u.Username + ")"
	}
	return name
}
