// Package stages holds the pieces that a pipeline is declared from: the two ends
// that speak COPY with PostgreSQL, and what may stand between them.
//
//	flow, err := pipeline.Run(ctx,
//		stages.CopyOut(src, "COPY public.orders TO STDOUT", &read),
//		stages.Meter(&counter),
//		stages.Throttle(limiter),
//		stages.CopyIn(dst, "COPY public.orders FROM STDIN", &written))
//
// It promises four things of every stage. It returns nil only after it has read its
// input up to the clean end and its output has taken everything. An error of its
// reader or writer comes back unwrapped, so that the pipeline can tell the cause
// from its echoes. When its context ends or a neighbour fails, it returns, and no
// goroutine of it touches the reader or the writer afterwards. It holds a fixed
// amount of memory, whatever the size of a row. The suite in stagetest checks all
// four for each stage.
//
// It does not open, authenticate, begin, commit or close connections: it borrows
// them for one COPY. It does not retry. It does not know what the bytes mean.
package stages
