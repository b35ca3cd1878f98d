package admin

import "golang.org/x/sys/unix"

// peerUID is who connected to the socket (LOCAL_PEERCRED, unix(4)).
func peerUID(fd int) (int, error) {
	credentials, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(credentials.Uid), nil
}
