#!/bin/sh
# Makes the archives of this folder: make.sh BIN15 BIN17 BIN18, each a folder with pg_dump. The connection, to the server with
# database "data", comes from PGHOST and the like.
set -eu
cd "$(dirname "$0")"
export TZ=UTC
rm -rf ./*.dump ./*.dir ./*.tar
for pair in "15 $1" "17 $2" "18 $3"; do
	set -- $pair
	levels="none:0 gzip:6"
	[ "$1" = 15 ] || levels="none:none gzip:gzip lz4:lz4 zstd:zstd"
	for level in $levels; do
		"$2/pg_dump" -Fc -Z "${level#*:}" data | cat > "pg$1-${level%:*}-pipe.dump"
	done
	"$2/pg_dump" -Fc -Z "${level#*:}" -f "pg$1-${level%:*}-file.dump" data
	"$2/pg_dump" -Fc -Z "${level#*:}" data > "pg$1-${level%:*}-stdout.dump"
	"$2/pg_dump" -Fd -Z "${level#*:}" -f "pg$1-${level%:*}.dir" data
	"$2/pg_dump" -Ft -f "pg$1.tar" data
	[ "$1" = 15 ] || "$2/pg_dump" -Fd -Z lz4 -f "pg$1-lz4.dir" data
	[ "$1" = 15 ] || "$2/pg_dump" -Fd -Z none -f "pg$1-none.dir" data
	[ "$1" = 15 ] || "$2/pg_dump" -Fc --inserts -t few -f "pg$1-inserts.dump" data
done
rm pg18-lz4.dir pg17-none.dir pg18-inserts.dump pg18-gzip-pipe.dump pg18-none-pipe.dump pg17.tar -r
