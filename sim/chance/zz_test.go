package chance
import ("testing";"fmt";"github.com/twinbed/twinbed/sim/units")
func TestZZ(t *testing.T){
 for _,w:=range []string{"","  ","soon","NaN","lognrmal median 4m p95 15m","Normal mean 1s sd 2s","20","-20ms","normal","normal mean","normal mean 65 sd 6","normal mean 65s","normal mean 65s std 6s","normal mean 65s sd 6s sd 7s","normal mean 65s sd -6s","normal mean 65s sd 0s","normal mean 2m sd 2m","normal mean 2m shape 3","lognormal median 4m p95 3m","lognormal median 4m p50 3m","lognormal median 4m p95 4m","lognormal median 4m p100 9m","lognormal median 4m p0 9m","lognormal median 0s sigma 1","lognormal median 4m sigma 0","lognormal median 4m sigma 11","lognormal median 4m sigma 1s","lognormal median 1ms p60 1day","lognormal mean 4m p95 400m","lognormal mean 4m p95 3m","lognormal mean 4m median 5m","lognormal mean 4m sigma 1","weibull shape 2.5","weibull shape -1 scale 2h","weibull shape 0.01 scale 2h","weibull shape 2 scale 90","weibull mean 1h sd 1000000h","exponential rate 3h","exponential rate 0/h","exponential mean 0s","exponential mean 2h sd 2h","uniform 4h..2h","uniform 2h 4h","uniform 2h","uniform 2..4h","uniform from 2h","triangular 1m 2m","triangular 1m 9m 5m","triangular 1m 2m 3m 4m","triangular 1m 1m 1m","gamma shape 2 scale 0s","gamma p10 2s p90 2.0001s","gamma p10 1ns p90 10days","20ms at least","20ms at least 30ms","20ms at least 30","normal mean 10s sd 1s at least 5s at least 6s","normal mean 10s sd 1s at least 9s at most 8s","normal mean 10s sd 1s at least 100s","at most 5s","exponential mean 100000 weeks","exponential mean 1e300s","empirical","empirical a.csv","empirical a.csv column","constant","constant 5","lognormal 4m 15m","lognormal median 4m p95 15m please","p95 4m","uniform 0s..0s", "weibull p10 1ns p90 1000 weeks","normal mean 5s sd 1s below 3s"} {
  _,err:=Parse(w,units.Duration,nil); fmt.Printf("%v\n",err)
 }
 for _,w:=range []string{"normal mean 65°C sd 6","normal mean 1e308 sd 1e308","normal mean 1 sd 1e-300","exponential rate 3/h","normal mean inf sd 1","lognormal median -4 p95 9", "uniform 1e308..-1e308","uniform -1e308..1e308","gamma mean 1 sd 1e-9","exponential mean 5e-324","lognormal median 5 sigma 1 at most -3","gamma shape 2 scale 1e-310"} {
  _,err:=Parse(w,units.Number,nil); fmt.Printf("%v\n",err)
 }
 for _,w:=range []string{"normal mean 50% sd 40%","exponential rate 5%"} {
  _,err:=Parse(w,units.Share,nil); fmt.Printf("%v\n",err)
 }
 for _,e:=range Catalogue(){ fmt.Printf("%-18s %s\n",e.Name,e.Doc); for _,f:=range e.Forms{ fmt.Println("    ",f)}}
 for _,d:=range []units.Dimension{0,1,2,3,4}{ fmt.Println(len(Pattern(d))) }
 fmt.Println(Pattern(0))
}
