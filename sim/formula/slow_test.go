package formula

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSlow(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("CORPUS") + "/*")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		lines := strings.SplitN(string(b), "\n", 3)
		s, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(lines[1], "string("), ")"))
		if err != nil {
			continue
		}
		table, env := press()
		t0 := time.Now()
		p, err := Compile(s, table, Any)
		t1 := time.Now()
		if err == nil {
			p.Number(env)
		}
		if d := time.Since(t0); d > 5*time.Millisecond {
			fmt.Println(t1.Sub(t0), time.Since(t1), len(s), strconv.Quote(s), err)
		}
	}
}
