package main

import (
	"context"
	"fmt"
)

// peer is one way to copy the source's database into the target's, and what that took each time.
type peer struct {
	name  string // short, for -peers and the plot
	title string // what runs, in Markdown
	note  string // what it does besides, or does not do
	ours  bool   // it is pgsluice
	copy  func(context.Context) (cost, error)
	costs []cost
	err   error // why it runs no more
}

// of is one figure of all runs.
func (p *peer) of(figure func(cost) float64) sample {
	s := make(sample, len(p.costs))
	for i, c := range p.costs {
		s[i] = figure(c)
	}
	return s
}

func wall(c cost) float64    { return c.wall.Seconds() }
func copier(c cost) float64  { return c.cpu.Seconds() }
func servers(c cost) float64 { return (c.source + c.target).Seconds() }
func source(c cost) float64  { return c.source.Seconds() }
func target(c cost) float64  { return c.target.Seconds() }
func wal(c cost) float64     { return float64(c.wal) / 1e6 }
func hwm(c cost) float64     { return mebibytes(c.hwm) }

// all is the CPU time of everything that took part.
func all(c cost) float64 { return copier(c) + servers(c) }

// share is the copier's part of all CPU time.
func share(c cost) float64 { return ratio(copier(c), all(c)) }

// idle is how much longer it took than all its work, spread evenly over the cores: 1 is no core idle at any time.
func idle(cores int) func(cost) float64 {
	return func(c cost) float64 { return ratio(wall(c)*float64(cores), all(c)) }
}

// ratio is a/b, and 0 where there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// rounds runs the peers in turns, so that a machine that slows down slows all of them. One that fails is out and keeps
// its error; the error returned is that of the context.
func (f *field) rounds(ctx context.Context, c config, peers []*peer) error {
	rounds := c.rounds
	if rounds == 0 {
		rounds = 5
	}
	for round := range rounds {
		for _, p := range peers {
			if p.err != nil {
				continue
			}
			cost, err := f.once(ctx, p.copy)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				p.err = err
				fmt.Fprintf(c.out, "# round %d: %s: %v\n", round+1, p.name, err)
				continue
			}
			p.costs = append(p.costs, cost)
			fmt.Fprintf(c.out, "# round %d: %s: %.2f s; CPU of copier %.2f s, source %.2f s, target %.2f s; VmHWM %.1f MiB, WAL %.1f MB\n", round+1, p.name,
				wall(cost), copier(cost), source(cost), target(cost), hwm(cost), wal(cost))
		}
	}
	return nil
}

// failure is the first error among peers that must not fail.
func failure(peers []*peer) error {
	for _, p := range peers {
		if p.err != nil {
			return fmt.Errorf("%s: %w", p.name, p.err)
		}
	}
	return nil
}

// once gives a peer an empty target, measures the servers while it copies, and compares what it made with the source.
func (f *field) once(ctx context.Context, do func(context.Context) (cost, error)) (cost, error) {
	if err := f.renew(ctx); err != nil {
		return cost{}, err
	}
	c, err := f.metered(ctx, do)
	if err != nil {
		return c, err
	}
	return c, f.check(ctx)
}

// metered measures what the servers do meanwhile: their CPU time, until the last session has gone, and the target's WAL.
func (f *field) metered(ctx context.Context, do func(context.Context) (cost, error)) (cost, error) {
	wal, err := f.dst.wal(ctx)
	if err != nil {
		return cost{}, err
	}
	source, err := f.src.cpu(ctx)
	if err != nil {
		return cost{}, err
	}
	target, err := f.dst.cpu(ctx)
	if err != nil {
		return cost{}, err
	}
	c, err := do(ctx)
	if err != nil {
		return c, err
	}
	sourceAfter, err := f.src.cpu(ctx)
	if err != nil {
		return c, err
	}
	targetAfter, err := f.dst.cpu(ctx)
	if err != nil {
		return c, err
	}
	walAfter, err := f.dst.wal(ctx)
	c.source, c.target, c.wal = sourceAfter-source, targetAfter-target, walAfter-wal
	return c, err
}
