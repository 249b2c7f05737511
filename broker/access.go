package broker

import (
	"github.com/twinbed/twinbed/broker/contained"
)

// Access says who may come in besides the testbed's own sessions. The zero value
// lets anybody in who is on this machine.
//
// Where it is closed, whoever comes has a password or a client certificate, and
// is whom its name says: a thing that outside clients play, a worker with a
// phone, the [Observer], or the platform if that is not the testbed's. Its client
// id is its name, or begins with it and a colon.
type Access struct {
	Users        *contained.Users // who may come in with a password
	Certificates bool             // who comes in may have a client certificate
	Shut         bool             // nobody else may come in at all
}

// Observer is the user who may read everything of a run, and write nothing.
const Observer = "observer"

func (a *Access) closed() bool { return a.Users != nil || a.Certificates || a.Shut }

// admit finds out who a stranger is.
func (a *Access) admit(g *guest, hello *contained.Hello) contained.Answer {
	if a.Shut && a.Users == nil && !a.Certificates {
		return contained.NotAllowed
	}
	door := contained.Access{Users: a.Users, Certificates: a.Certificates}
	user, answer := door.Identify(hello)
	if answer != contained.Welcome {
		return answer
	}
	if !g.desk.hasPart(user) {
		return contained.NotAllowed
	}
	g.User, g.known = user, true
	g.rules = user == platformID && g.desk.ruler != nil && hello.ID == platformID
	return contained.Welcome
}

// hasPart says whether a name is of somebody who is not the testbed's own.
func (d *desk) hasPart(user string) bool {
	if id, ok := d.world.Roster.Lookup(user); ok {
		return d.players[id] == outside
	}
	return user == Observer || d.phones[user] != nil || user == platformID && d.ruler != nil
}

// bound says whether a guest may only do what is its own.
func (v *guest) bound() bool { return v.known && v.User != Observer && !v.rules }

// ofItsOwn says whether all that a filter matches is a bound guest's.
func (v *guest) ofItsOwn(filter string) bool {
	name := escape(v.User)
	return contained.Covers(thingsPrefix+name+"/#", filter) || contained.Covers(workersPrefix+name+"/#", filter)
}

// speaksFor says whether a stranger may publish in a name.
func (v *guest) speaksFor(name string) bool { return !v.known || v.User == name }
