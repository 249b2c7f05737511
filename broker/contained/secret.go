package contained

import (
	"fmt"
	"os"
	"runtime"
)

// readSecret reads a file that only its owner may read.
func readSecret(file string) ([]byte, error) {
	about, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if mode := about.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s holds secrets and others may read it (mode %04o): chmod 600 %s", file, mode, file)
	}
	return os.ReadFile(file)
}
