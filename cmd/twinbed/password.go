package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twinbed/twinbed/broker/contained"
)

type passwordCommand struct {
	User   string `arg:"" help:"The user's name."`
	Rounds int    `default:"600000" help:"How often the password is hashed: fewer for the long random passwords of many devices."`
}

// Run prints a line for a users file. The password comes from the terminal or
// from standard input, never from the command line, where others can see it.
func (p *passwordCommand) Run(c *console) error {
	password, err := c.password()
	if err != nil {
		return err
	}
	line, err := contained.HashPassword(p.User, password, p.Rounds)
	if err != nil {
		fmt.Fprintln(c.err, err)
		return verdict(exitWrong)
	}
	_, err = fmt.Fprintln(c.out, line)
	return err
}

// password reads a password: twice and unseen from a terminal, else a line.
func (c *console) password() (string, error) {
	if c.askUnseen == nil {
		line, err := bufio.NewReader(c.in).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := c.askUnseen("password: ")
	if err != nil {
		return "", err
	}
	again, err := c.askUnseen("again: ")
	if err == nil && first != again {
		err = errors.New("those are two passwords")
	}
	return first, err
}
