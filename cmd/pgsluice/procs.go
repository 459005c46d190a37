package main

import (
	"os"
	"runtime"
)

// halveProcs leaves half of this machine's cores to others, unless the user has set GOMAXPROCS. A copy hands bytes from one
// goroutine to the next, a tenth of the servers' work; with more cores than that takes, the runtime burns a third more of CPU time
// on looking for work, which the servers lack when they are on the same machine (bench/results).
func halveProcs() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))
	}
}
