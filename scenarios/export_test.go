package scenarios

import "github.com/twinbed/twinbed/broker"

// Gate is the broker of a live run, for tests that stop it.
func (r *Run) Gate() *broker.Gate { return r.live.hub.(*broker.Gate) }
