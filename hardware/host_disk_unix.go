//go:build linux || darwin

package hardware

import (
	"os"

	"golang.org/x/sys/unix"
)

// diskBytes is what is used on a path's disk and what may still be written.
func diskBytes(path string) (used, free float64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	block := float64(s.Bsize)
	return float64(s.Blocks-s.Bfree) * block, float64(s.Bavail) * block, nil
}
