package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
)

// The variables that stand in for a name that is not given as an argument.
const (
	sourceVariable = "PGSLUICE_SOURCE"
	targetVariable = "PGSLUICE_TARGET"
)

// databaseNames picks the source's and the target's names from a verb's arguments and, where one is not given
// or empty, from its variable. An empty name is refused: psql would take it for the PG* variables' database,
// and a shell variable that happens to be unset must not choose the database that is written to.
func databaseNames(args []string) (source, target string, err error) {
	if len(args) > 2 {
		return "", "", fmt.Errorf("surplus argument %s: there are one source and one target (quote a name that has spaces)",
			quoteName(args[2]))
	}
	names := [2]string{os.Getenv(sourceVariable), os.Getenv(targetVariable)}
	for i, arg := range args {
		if arg != "" {
			names[i] = arg
		}
	}
	switch {
	case names[0] == "" && names[1] == "":
		return "", "", fmt.Errorf("no databases: give SOURCE and TARGET as arguments, or in %s and %s", sourceVariable, targetVariable)
	case names[0] == "":
		return "", "", fmt.Errorf("no source database: give it as the first argument, or in %s", sourceVariable)
	case names[1] == "":
		return "", "", fmt.Errorf("no target database: give it as the second argument, or in %s", targetVariable)
	}
	return names[0], names[1], nil
}

// quoteName quotes an argument for a message, unless it may hold a password.
func quoteName(arg string) string {
	if len(passwords(arg)) > 0 {
		return "(it holds a password)"
	}
	return fmt.Sprintf("%q", arg)
}

// passwordWarning is the line to print if an argument shows a password to everyone who can list processes,
// else "". It never holds the password.
func passwordWarning(args []string) string {
	var words, variables []string
	for i, arg := range args {
		if len(passwords(arg)) > 0 {
			words = append(words, []string{"SOURCE", "TARGET"}[i])
			variables = append(variables, []string{sourceVariable, targetVariable}[i])
		}
	}
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf("other users of this machine can read the password in %s (ps): use %s, or ~/.pgpass",
		strings.Join(words, " and "), strings.Join(variables, " and "))
}

// secrets lists what printError must mask: every password in the command line and in the two variables, and what
// might be one if a "?" in it was not percent-encoded.
func secrets(args []string) []string {
	var found []string
	for _, name := range append([]string{os.Getenv(sourceVariable), os.Getenv(targetVariable)}, args...) {
		found = append(found, passwords(name)...)
		if rest, isURL := cutScheme(name); isURL {
			found = append(found, betweenColonAndAt(rest))
		}
	}
	return found
}

// passwords lists the passwords in a database's name, in each spelling that a message might repeat.
func passwords(name string) []string {
	var found []string
	keep := func(p string) {
		if p == "" {
			return
		}
		found = append(found, p)
		if plain, err := url.PathUnescape(p); err == nil && plain != p {
			found = append(found, plain)
		}
	}
	rest, isURL := cutScheme(name)
	if !isURL {
		for _, keyword := range []string{"sslpassword", "password"} {
			for _, value := range keywordValues(name, keyword) {
				keep(value)
			}
		}
		return found
	}
	login, query, _ := strings.Cut(rest, "?")
	keep(betweenColonAndAt(login))
	for _, pair := range strings.Split(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if k, err := url.QueryUnescape(key); err == nil && strings.HasSuffix(k, "password") {
			keep(value)
		}
	}
	return found
}

// cutScheme is what follows the :// of a URL of any scheme; the one in a keyword string's value makes no URL.
func cutScheme(name string) (rest string, isURL bool) {
	scheme, rest, found := strings.Cut(name, "://")
	return rest, found && !strings.Contains(scheme, "=")
}

// betweenColonAndAt is the password of user:password@host, whatever it holds: nobody percent-encodes at first.
func betweenColonAndAt(s string) string {
	_, password, _ := strings.Cut(s[:max(0, strings.LastIndex(s, "@"))], ":")
	return password
}

// keywordValues finds the values of keyword in a keyword string: key = value or key='quoted \' value'.
func keywordValues(s, keyword string) []string {
	var values []string
	for {
		_, after, ok := strings.Cut(s, keyword)
		if !ok {
			return values
		}
		s = after
		value, ok := strings.CutPrefix(strings.TrimLeft(s, " \t\n"), "=")
		if !ok {
			continue
		}
		value = strings.TrimLeft(value, " \t\n")
		end := len(value)
		if quoted, ok := strings.CutPrefix(value, "'"); ok {
			value, end = quoted, closingQuote(quoted)
		} else if i := strings.IndexAny(value, " \t\n"); i >= 0 {
			end = i
		}
		values = append(values, value[:end])
		s = value[end:]
	}
}

// closingQuote is the index of the quote that ends s, or len(s).
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i
		}
	}
	return len(s)
}
