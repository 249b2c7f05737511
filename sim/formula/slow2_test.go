package formula

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSlow2(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("[", 450) + "1" + strings.Repeat("]", 450),
		strings.Repeat("[load,", 240) + "1" + strings.Repeat("]", 240) + "[0]" + strings.Repeat("[0]", 200),
		strings.Repeat("len(", 300) + "site" + strings.Repeat(")", 300),
		strings.Repeat("upper(", 300) + "site" + strings.Repeat(")", 300) + " == 'A'",
		"all(0..900, all(0..900, all(0..900, # >= 0)))",
		"all(0..9000, all(0..9000, # >= 0))",
		"let a = 0..9000; all(a, all(a, # >= 0))",
		"all([[1,2,3,4,5,6,7,8,9,0]], {let x = #; all(x, all(x, all(x, all(x, all(x, all(x, all(x, # >= 0)))))))})",
		"any([0..4000], {let x = #; all(x, all(x, # >= 0))})",
		strings.Repeat("not ", 490) + "running",
		strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000),
		strings.Repeat("-", 4000) + "1",
		strings.Repeat("site + ", 300) + "site == 'a'",
		"repeat(site, 100000) == 'a'", "replace(site, '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa') == 'a'",
		"site matches '" + strings.Repeat("(a?){1000}", 1) + "'",
		"len(" + strings.Repeat("replace(", 100) + "'a'" + strings.Repeat(",'a','aa')", 100) + ")",
		"sum(0..9000)", "count(0..9000, # in 0..9000) > 1",
		"let a = upper(site); " + "let b = a+a; let c = b+b; let d=c+c; let e=d+d; let f=e+e; len(f)",
		"f(" + strings.Repeat("x", 4000) + ")",
	} {
		table, env := press()
		t0 := time.Now()
		p, err := Compile(s, table, Any)
		t1 := time.Now()
		v := 0.0
		if err == nil {
			v = p.Number(env)
		}
		if err != nil {
			err = fmt.Errorf("%.80s", err)
		}
		fmt.Printf("%v %v %d %.70s %v %v\n", t1.Sub(t0), time.Since(t1), len(s), s, v, err)
	}
}
