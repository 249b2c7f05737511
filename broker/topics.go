package broker

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Room is what a topic is for.
type Room uint8

// The rooms under twinbed/.
const (
	NoRoom       Room = iota
	Readings          // twinbed/things/<name>/readings
	Commands          // twinbed/things/<name>/commands
	Acks              // twinbed/things/<name>/acks
	Tasks             // twinbed/workers/<name>/tasks
	Answers           // twinbed/workers/<name>/acks
	Announcement      // twinbed/events
	Assignments       // twinbed/tasks
	Status            // twinbed/things/<name>/status: the wills of the testbed's own sessions
)

// Root is the first level of every topic.
const Root = "twinbed"

const (
	thingsPrefix  = Root + "/things/"
	workersPrefix = Root + "/workers/"
	eventsTopic   = Root + "/events"
	tasksTopic    = Root + "/tasks"
)

// lastLevels are how the topics of things end.
var lastLevels = [...]string{Readings: "/readings", Commands: "/commands", Acks: "/acks", Status: "/status"}

// cutOff is the payload of a will.
const cutOff = `{"online":false}`

// Topic is the topic of a room of a thing or a worker. Characters that have a
// meaning in topics are written as % and two hexadecimal digits.
func Topic(room Room, name string) string {
	switch room {
	case Readings, Commands, Acks, Status:
		return thingsPrefix + escape(name) + lastLevels[room]
	case Tasks:
		return workersPrefix + escape(name) + "/tasks"
	case Answers:
		return workersPrefix + escape(name) + "/acks"
	case Announcement:
		return eventsTopic
	case Assignments:
		return tasksTopic
	}
	return ""
}

// ReadTopic is the inverse of Topic; NoRoom where a topic is none of ours. There
// is exactly one topic per room and name.
func ReadTopic(topic string) (room Room, name string) {
	switch topic {
	case eventsTopic:
		return Announcement, ""
	case tasksTopic:
		return Assignments, ""
	}
	rest, things := strings.CutPrefix(topic, thingsPrefix)
	if !things {
		var workers bool
		if rest, workers = strings.CutPrefix(topic, workersPrefix); !workers {
			return NoRoom, ""
		}
	}
	name, last, _ := strings.Cut(rest, "/")
	switch {
	case things && last == "readings":
		room = Readings
	case things && last == "commands":
		room = Commands
	case things && last == "acks":
		room = Acks
	case !things && last == "tasks":
		room = Tasks
	case !things && last == "acks":
		room = Answers
	default:
		return NoRoom, ""
	}
	name, ok := unescape(name)
	if !ok {
		return NoRoom, ""
	}
	return room, name
}

// odd says whether a character may not stand in a topic level as itself.
func odd(r rune) bool {
	switch r {
	case '%', '/', '+', '#', utf8.RuneError:
		return true
	}
	return unicode.IsControl(r) || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
}

const hexDigits = "0123456789ABCDEF"

func escape(name string) string {
	if strings.IndexFunc(name, odd) < 0 {
		return name
	}
	var b strings.Builder
	for at, r := range name {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError && !strings.HasPrefix(name[at:], string(utf8.RuneError)) {
			size = 1
		}
		if !odd(r) {
			b.WriteString(name[at : at+size])
			continue
		}
		for _, c := range []byte(name[at : at+size]) {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

func unescape(level string) (name string, ok bool) {
	if level == "" {
		return "", false
	}
	if !strings.Contains(level, "%") {
		return level, strings.IndexFunc(level, odd) < 0
	}
	var b strings.Builder
	for i := 0; i < len(level); i++ {
		if level[i] != '%' {
			b.WriteByte(level[i])
			continue
		}
		if i+2 >= len(level) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, level[i+1]), strings.IndexByte(hexDigits, level[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	name = b.String()
	return name, escape(name) == level
}

// watches says whether a filter can match a room of somebody's: its readings,
// commands or acks.
func watches(filter string, room Room) bool {
	levels := strings.Split(filter, "/")
	for i, want := range [...]string{Root, "things", "", watched[room]} {
		switch {
		case i < len(levels) && levels[i] == "#":
			return true
		case i >= len(levels):
			return false
		case want != "" && levels[i] != want && levels[i] != "+":
			return false
		}
	}
	return len(levels) == 4 || len(levels) == 5 && levels[4] == "#"
}

// watched are the rooms of things, and the last levels of their topics.
var watched = [...]string{Readings: "readings", Commands: "commands", Acks: "acks"}
