package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// longestSocketPath keeps below what the kernel takes for the name of a socket (108 bytes with the final zero).
const longestSocketPath = 100

// SocketPath returns the name of the socket of the gateway that keeps its data in the file: the file's name with .sock behind it.
// A name that is too long for a socket is replaced by one in a directory below the system's for temporary files, named by a
// hash. The gateway and the commands that talk to it find it by the same rule.
func SocketPath(data string) (string, error) {
	path, err := filepath.Abs(data)
	if err != nil {
		return "", fmt.Errorf("admin socket: %w", err)
	}
	if path += ".sock"; len(path) <= longestSocketPath {
		return path, nil
	}
	hash := sha256.Sum256([]byte(path))
	return filepath.Join(os.TempDir(), "scim2slack-"+hex.EncodeToString(hash[:8]), "admin.sock"), nil
}

// ListenSocket opens the socket of the data file for the user who runs the gateway alone. A socket that a killed gateway left behind is
// replaced, so the caller must hold the data file's lock.
func ListenSocket(data string) (net.Listener, error) {
	path, err := SocketPath(data)
	if err != nil {
		return nil, err
	}
	if absolute, err := filepath.Abs(data); err == nil && path != absolute+".sock" {
		if err := privateDirectory(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("admin socket: %w", err)
		}
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("admin socket: %s is in the way and is no socket: move it away", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("admin socket: %w", err)
		}
	}
	// The mode must be right from the first moment, so the mask does it, not a chmod afterwards.
	before := syscall.Umask(0o177)
	listener, err := net.Listen("unix", path)
	syscall.Umask(before)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	return listener, nil
}

// privateDirectory makes the directory, or checks that one that exists belongs to us alone: others may write beside it.
func privateDirectory(path string) error {
	err := os.Mkdir(path, 0o700)
	if err == nil || !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("%s exists and is not a directory of mode 0700 that belongs to this user: remove it", path)
	}
	return nil
}
