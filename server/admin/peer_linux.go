package admin

import "syscall"

// peerUID is who connected to the socket (SO_PEERCRED, unix(7)).
func peerUID(fd int) (int, error) {
	credentials, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(credentials.Uid), nil
}
