#!/bin/sh
# Breaks the pipeline package on purpose, once for each *.patch beside this script, and demands that
# its tests notice. Prints one line a mutant; exits 1 if a mutant survives, no longer applies or
# does not compile. With arguments, runs only the patches named. Needs Go and git.
#
#	internal/mutants/run.sh [NAME.patch ...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# git apply inside a repository silently skips paths outside of it: keep it from finding one.
export GIT_CEILING_DIRECTORIES="$(dirname "$work")"

fresh() {
	rm -rf "$work/tree"
	mkdir "$work/tree"
	cp -R "$root/go.mod" "$root/go.sum" "$root/pipeline" "$work/tree"
}

# check runs the tests of the tree; -vet=off, since a mutant need not be tidy.
check() {
	(cd "$work/tree" && go test -short -failfast -count=1 -vet=off -timeout=60s ./pipeline/) >"$work/out" 2>&1
}

# culprit names the first test that failed, or the one in which the test binary died.
culprit() {
	name=$(sed -n 's/^--- FAIL: \([^ ]*\).*/\1/p' "$work/out" | head -n 1)
	if [ -z "$name" ]; then
		name=$(sed -n 's/.*\.\(Test[A-Za-z0-9_]*\)[.(].*/\1/p' "$work/out" | head -n 1)
	fi
	echo "${name:-the test binary died}"
}

fresh
if ! check; then
	cat "$work/out"
	echo "the tests fail without any mutant: nothing can be said" >&2
	exit 1
fi

[ $# -gt 0 ] || set -- "$here"/*.patch
killed=0
bad=0
for patch in "$@"; do
	name=$(basename "$patch")
	fresh
	if ! (cd "$work/tree" && git apply -p1 "$here/$name") >"$work/out" 2>&1; then
		echo "STALE    $name does not apply: make it anew"
		sed 's/^/         /' "$work/out"
		bad=$((bad + 1))
	elif check; then
		echo "SURVIVED $name: no test noticed"
		bad=$((bad + 1))
	elif grep -q -e '\[build failed\]' -e '\[setup failed\]' "$work/out"; then
		echo "BROKEN   $name does not compile"
		sed 's/^/         /' "$work/out"
		bad=$((bad + 1))
	else
		echo "killed   $name ($(culprit))"
		killed=$((killed + 1))
	fi
done
echo "$killed killed, $bad not"
[ "$bad" -eq 0 ]
