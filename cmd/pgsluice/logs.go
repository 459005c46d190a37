package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/preflight"
	"pgsluice/internal/quantity"
)

const logsDescription = `Prints what has happened to a transfer of a daemon, oldest first: its states,
what it began and ended, warnings, failures, and what held it up. With --follow
it goes on until the transfer's end; Ctrl-C does it no harm.`

const logsExamples = `Examples:
  pgsluice logs c001
  pgsluice logs c001 --follow

  # what was slow
  pgsluice logs c001 --json |
      jq -c 'select(.name == "task_ended") | .data | [.duration_seconds, .name]'

` + daemonHelp + `

Exit codes: 0 printed, whatever became of the transfer; 1 the daemon can't be
reached, or has refused; 130 detached (SIGINT), 143 (SIGTERM), 129 (SIGHUP).`

func logsCommand() *cli.Command {
	return &cli.Command{
		Name: "logs", Usage: "print what has happened to a transfer of a daemon", ArgsUsage: "ID",
		Description: logsDescription, UsageText: logsExamples,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Category: categoryOutput, Usage: "go on until its end"},
			&cli.BoolFlag{Name: "all", Category: categoryOutput, Usage: "also each task that is begun or ends"},
			&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "for programs: every event, an object a line, as the API has it"},
		}, daemonFlags()...),
		Action: asking(logsAction),
	}
}

func logsAction(ctx context.Context, c *cli.Context, r *remote) error {
	id, err := transferID(c)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(c.App.Writer)
	encoder.SetEscapeHTML(false)
	book := logbook{all: c.Bool("all")}
	print := func(e work.Event) error {
		if c.Bool("json") {
			return encoder.Encode(e)
		}
		text := book.text(e)
		if text == "" {
			return nil
		}
		_, err := fmt.Fprintf(c.App.Writer, "%s  %s\n", e.At.Local().Format(time.DateTime), escapeControls(text))
		return err
	}
	if c.Bool("follow") {
		for e, err := range r.Events(ctx, id, 0) {
			if err != nil {
				return refusedByDaemon(err)
			}
			if err := print(e); err != nil {
				return err
			}
		}
		return context.Cause(ctx)
	}
	for after := uint64(0); ; {
		page, err := r.EventPage(ctx, id, after)
		if err != nil {
			return refusedByDaemon(err)
		}
		for _, e := range page {
			if err := print(e); err != nil {
				return err
			}
			after = e.Number
		}
		if len(page) == 0 {
			return nil
		}
	}
}

// logged is what is read of all kinds of events.
type logged struct {
	Text, Object, Message, Reason, Cause, Error, Outcome string
	Kind, Name, Wants, Application                       string
	PID                                                  uint32
	WaitSeconds                                          float64 `json:"wait_seconds"`
	WaitedSeconds                                        float64 `json:"waited_seconds"`
	DurationSeconds                                      float64 `json:"duration_seconds"`
	IdleSeconds                                          float64 `json:"idle_seconds"`
	TablesTotal                                          int     `json:"tables_total"`
	Rows, Bytes                                          int64
	BlockedBy                                            []struct {
		Server string
		PID    uint32
	} `json:"blocked_by"`
}

// logbook puts the events of one transfer into words, one after the other.
type logbook struct {
	all  bool           // tasks, too
	last *work.Transfer // as the last state had it
	said string
}

// text is an event for people; "" for one that is not worth a line.
func (b *logbook) text(e work.Event) string {
	if e.Name != work.EventState {
		return eventText(e, b.all)
	}
	t := &work.Transfer{}
	if err := json.Unmarshal(e.Data, t); err != nil {
		return "state: unreadable"
	}
	var news []string
	if text := stateText(t); text != b.said {
		b.said = text
		news = append(news, text)
	}
	if b.last != nil {
		before, now := b.last.Spec.Options, t.Spec.Options
		if before.RateLimit != now.RateLimit {
			news = append(news, "rate limit: "+quantity.FormatRate(now.RateLimit))
		}
		if before.Jobs != now.Jobs {
			news = append(news, "jobs: "+jobsText(now.Jobs))
		}
	}
	b.last = t
	return strings.Join(news, "; ")
}

// eventText is an event for people, other than a state. all has the tasks, too.
func eventText(e work.Event, all bool) string {
	var l logged
	if err := json.Unmarshal(e.Data, &l); err != nil {
		return e.Name + ": unreadable"
	}
	took := brief(time.Duration(l.DurationSeconds * float64(time.Second)))
	switch e.Name {
	case "start", "end", work.EventSample:
		return ""
	case "plan":
		return "planned: " + countOf(int64(l.TablesTotal), "table", "tables")
	case "step":
		return l.Text
	case "warning":
		return "warning: " + l.Object + ": " + l.Message
	case "failure":
		return fmt.Sprintf("failed: %s %s: %s", l.Kind, l.Name, l.Error)
	case "left_out":
		return "left out: " + l.Object + ": " + l.Reason
	case "retry":
		return fmt.Sprintf("%s: trying again in %.3g s: %s", l.Object, l.WaitSeconds, l.Cause)
	case "blocked":
		var pids []string
		for _, b := range l.BlockedBy {
			pids = append(pids, fmt.Sprintf("pid %d on the %s", b.PID, b.Server))
		}
		return fmt.Sprintf("waiting: %s %s is blocked by %s", l.Kind, l.Name, strings.Join(pids, ", "))
	case "holds_up":
		return fmt.Sprintf("source: pid %d (%s) waits for %s", l.PID, l.Application, l.Wants)
	case "freed":
		return fmt.Sprintf("source: pid %d waits no more, after %s", l.PID, brief(time.Duration(l.WaitedSeconds*float64(time.Second))))
	case "stalled":
		return fmt.Sprintf("no bytes for %.0f s", l.IdleSeconds)
	case "task_started":
		if all {
			return fmt.Sprintf("begun: %s %s", l.Kind, l.Name)
		}
		return ""
	case "task_ended":
		if !all {
			return ""
		}
		text := fmt.Sprintf("%s: %s %s, %s", l.Outcome, l.Kind, l.Name, took)
		if l.Rows > 0 || l.Bytes > 0 {
			text += fmt.Sprintf(", %s, %s", countOf(l.Rows, "row", "rows"), preflight.Bytes(l.Bytes))
		}
		return text
	case "task_earlier", "task_undone":
		if all {
			return fmt.Sprintf("%s: %s %s", strings.TrimPrefix(e.Name, "task_"), l.Kind, l.Name)
		}
		return ""
	}
	return e.Name // one that a newer daemon has
}

// stateText is a change of a transfer for its log.
func stateText(t *work.Transfer) string {
	text := t.Status()
	switch {
	case t.Waits != "":
		text += ": " + t.Waits
	case t.Error != "":
		text += ": " + t.Error
	case t.State.Final() && totals(t.Totals) != "":
		text += ": " + totals(t.Totals)
	case t.State == work.Running && t.Attempts > 1:
		text += fmt.Sprintf(", attempt %d", t.Attempts)
	}
	switch {
	case t.State.Final():
	case t.Want == work.WantCancel:
		text += ", to be canceled"
	case t.Want == work.WantPause && t.State != work.Paused:
		text += ", to be paused"
	}
	return text
}
