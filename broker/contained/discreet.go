package contained

import (
	"context"
	"log/slog"
)

// discreet passes on what is worth a warning, without the packets: they hold
// passwords.
type discreet struct{ slog.Handler }

func (d discreet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && d.Handler.Enabled(ctx, l)
}

func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pk" && a.Key != "packet" {
			clean.AddAttrs(a)
		}
		return true
	})
	return d.Handler.Handle(ctx, clean)
}

func (d discreet) WithAttrs(a []slog.Attr) slog.Handler { return discreet{d.Handler.WithAttrs(a)} }
func (d discreet) WithGroup(name string) slog.Handler   { return discreet{d.Handler.WithGroup(name)} }
