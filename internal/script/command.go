package script

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// command takes the psql command that the text begins with (exec_command_restrict in psql's command.c). All but the two
// that pg_dump guards its scripts with are refused: they act on the machine that psql runs on, or on other databases.
func (r *Reader) command() error {
	end := strings.IndexByte(r.text, '\n')
	for end < 0 && !r.ended {
		if err := r.more(); err != nil {
			return err
		}
		end = strings.IndexByte(r.text, '\n')
	}
	if end < 0 {
		return r.fail(fmt.Errorf("the script ends within a psql command: %w", io.ErrUnexpectedEOF))
	}
	words := strings.Fields(r.text[:end])
	if err := r.obey(words); err != nil {
		return r.fail(err)
	}
	r.use(end + 1)
	return nil
}

func (r *Reader) obey(words []string) error {
	switch verb := words[0]; {
	case verb == `\restrict` && len(words) == 2 && r.token == "" && !r.complete:
		r.token = strings.Clone(words[1])
	case verb == `\restrict` && len(words) == 2:
		return errors.New(`a second \restrict`)
	case verb == `\unrestrict` && len(words) == 2 && r.token == words[1]:
		if !r.complete { // \connect follows
			return errSeveral
		}
		r.token = ""
	case verb == `\unrestrict`:
		return errors.New(`\unrestrict with another token than \restrict's: the script has been changed`)
	case verb == `\connect` || verb == `\c`:
		return errSeveral
	default:
		return fmt.Errorf("psql's command %.40s: only psql can run this script", verb)
	}
	return nil
}
