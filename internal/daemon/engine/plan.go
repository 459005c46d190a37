package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
	"pgsluice/internal/transfer"
)

// planWait bounds a plan: who waits for it is a person in front of a form.
const planWait = time.Minute

// Plan is work.Service's.
func (e *Engine) Plan(ctx context.Context, s work.Spec) (*work.Preview, error) {
	unconfirmed := s
	unconfirmed.Confirm = s.Target // it is what shall be known before it is confirmed
	if err := e.check(ctx, unconfirmed); err != nil {
		return nil, err
	}
	select {
	case e.plans <- struct{}{}:
		defer func() { <-e.plans }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, planWait)
	defer cancel()
	if s.Kind == work.Restore {
		return e.planRestore(ctx, s)
	}
	c := e.Config()
	source := c.Database(s.Source)
	t := work.Transfer{Spec: s}
	opt := e.options(t, source.MaxStreams)
	opt.Source = source.URL.Reveal()
	sourceOnly := s.Kind != work.Copy
	if !sourceOnly {
		target := c.Database(s.Target)
		opt.Target = target.URL.Reveal()
		if opt.Clean {
			var err error
			if opt.Confirm, err = databaseOf(opt.Target); err != nil {
				return nil, err
			}
		}
	}
	outlook, err := transfer.DryRun(ctx, opt, sourceOnly)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &work.Conflict{Message: fmt.Sprintf("the databases have not answered within %s", planWait)}
	case transfer.IsRefused(err):
		return nil, invalid("spec.options", "%s", newHider(c).error(err))
	case err != nil:
		return nil, err
	}
	return preview(outlook, s, newHider(c)), nil
}

func preview(o *transfer.Outlook, s work.Spec, hide *hider) *work.Preview {
	p := &work.Preview{Removes: s.Options.Clean, Findings: []work.Finding{}}
	for _, f := range o.Findings {
		p.Findings = append(p.Findings, work.Finding{Severity: severity(f.Level), Text: hide.text(f.What), Advice: hide.text(f.Do)})
		p.Refused = p.Refused || f.Level == preflight.Error
	}
	if o.Forecast != nil {
		f := o.Forecast
		p.Tables, p.Rows, p.Bytes = len(f.Tables), f.Rows, f.Bytes
		if s.Kind == work.Copy {
			p.Seconds = f.Took.Seconds()
		}
	}
	if o.Plan != nil && s.Kind == work.Copy {
		for _, t := range o.Plan.Tasks {
			switch {
			case t.Phase == plan.Indexes && t.Desc == "INDEX":
				p.Indexes++
			case t.Desc == "CONSTRAINT", t.Desc == "FK CONSTRAINT", t.Desc == "CHECK CONSTRAINT":
				p.Keys++
			}
		}
	}
	return p
}

func severity(l preflight.Level) string {
	switch l {
	case preflight.Error:
		return "error"
	case preflight.Warning:
		return "warning"
	default:
		return "note"
	}
}

// planRestore goes by what the dump moved. The target is asked whether it is there, and judged when the restore begins.
func (e *Engine) planRestore(ctx context.Context, s work.Spec) (*work.Preview, error) {
	made, err := e.Queue.Get(ctx, s.Dump)
	if err != nil {
		return nil, err
	}
	p := &work.Preview{
		Tables: made.Totals.Tables, Rows: made.Totals.Rows, Bytes: made.Totals.Bytes, Removes: s.Options.Clean,
		Findings: []work.Finding{{Severity: severity(preflight.Note), Text: "the target is judged when the restore begins, before anything is changed"}},
	}
	c := e.Config()
	store, err := e.store(c, made.Spec.Target)
	if err == nil {
		var file File
		if file, err = store.Open(ctx, made.File); err == nil {
			err = file.Close()
		}
	}
	hide := newHider(c)
	if err != nil {
		refuse(p, fmt.Sprintf("the dump %s can't be read: %s", s.Dump, hide.text(err.Error())))
	}
	if _, err := transfer.ReadStatus(ctx, c.Database(s.Target).URL.Reveal()); err != nil {
		refuse(p, hide.error(err))
	}
	return p, nil
}

func refuse(p *work.Preview, text string) {
	p.Refused = true
	p.Findings = append(p.Findings, work.Finding{Severity: severity(preflight.Error), Text: text})
}
