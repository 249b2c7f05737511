//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// killReport is what the two processes of bench/kill.sh have to say.
type killReport struct {
	Ledger struct {
		Readings []struct {
			Sent, Delivered uint64
		}
	}
	Durable *struct {
		Journal           bool
		Numbered, Missing uint64
		Resumed           []struct {
			Down, Took     float64
			Readings, Late uint64
		}
	}
}

// killCommand compares what the fleet was acknowledged with what the platform has:
// its arguments are the two reports.
func killCommand(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("kill wants two files: report.json of the fleet, and of the platform")
	}
	var fleet, platform killReport
	for file, into := range map[string]*killReport{args[0]: &fleet, args[1]: &platform} {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if platform.Durable == nil || len(fleet.Ledger.Readings) == 0 {
		return errors.New("these are not the reports of a fleet and of a durable platform")
	}
	d, acknowledged := platform.Durable, fleet.Ledger.Readings[0].Delivered
	fmt.Fprintf(out, "journal %v: %d acknowledged, %d in the twins, %d counted as missing\n", d.Journal, acknowledged, d.Numbered, d.Missing)
	for _, l := range d.Resumed {
		fmt.Fprintf(out, "  %d readings recovered in %.3f s, %d taken up late; %.3f s without a platform\n", l.Readings, l.Took, l.Late, l.Down)
	}
	switch {
	case acknowledged == 0:
		return fmt.Errorf("nothing was acknowledged")
	case d.Journal && d.Missing > 0:
		return fmt.Errorf("%d acknowledged readings are lost", d.Missing)
	case d.Numbered+d.Missing != acknowledged:
		return fmt.Errorf("%d readings are neither there nor counted as missing", int64(acknowledged)-int64(d.Numbered+d.Missing))
	}
	return nil
}
