package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
)

// A password that is wrong, or stands in a name that can't be read, is no reason to print it. All that the program says,
// keeps and starts when the password is right is looked through in every case of TestFaults.
func TestPasswordsAreNotTold(t *testing.T) {
	t.Parallel()
	l := newLane(t, cluster.Options{})
	ports := map[side]int{source: l.proxies[source].port, target: l.proxies[target].port}
	for _, f := range forms {
		for _, databases := range []map[side]string{{source: "shop", target: "postgres"}, {source: "shop?x=%zz", target: "po stgres#"}} {
			dir := t.TempDir()
			in, err := newLogin(f, password+"x", dir, ports, databases)
			if err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"copy", "plan", "verify"} {
				args := append([]string{verb}, in.args...)
				if verb == "copy" {
					args = append(args, "--progress=json", "--log-level=debug", "--report="+filepath.Join(dir, "report.json"))
				}
				cmd := exec.Command(programPath(t), args...)
				cmd.Env = environment(dir, in)
				out, err := cmd.CombinedOutput()
				if err == nil {
					t.Errorf("%s went well with a wrong password, given as %s", verb, f)
				}
				if tells(string(out)) {
					t.Errorf("%s shows the password, given as %s:\n%s", verb, f, out)
				}
				if warns := strings.Contains(string(out), "can read the password"); verb == "copy" && f == inArguments && !warns {
					t.Errorf("copy does not warn of a password in its arguments:\n%s", out)
				}
			}
			if found, err := leaks(dir); err != nil || len(found) > 0 {
				t.Errorf("given as %s, the password stands in %v (%v)", f, found, err)
			}
		}
	}
	for _, s := range []side{source, target} {
		log, err := os.ReadFile(l.clusters[s].LogPath())
		if err != nil || tells(string(log)) {
			t.Errorf("the %s's log shows the password (%v)", s, err)
		}
	}
}
