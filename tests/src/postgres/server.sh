# Runs a PostgreSQL for as long as the pipe on standard input is open, in the current folder.
#   $1  folder with PostgreSQL's programs
#   $2  name of the superuser to create
#   $3  number in the socket's name
# Prints one line when it can be used. The server dies with whoever holds the other end of the
# pipe, however that one dies.
set -u
bin=$1
user=$2

fail() {
    echo "$1" >&2
    cat initdb.log server.log >&2 2>/dev/null
    exit 1
}

"$bin/initdb" --pgdata=data --username="$user" --auth=trust --encoding=UTF8 --locale=C \
    --no-sync --no-instructions >initdb.log 2>&1 || fail "initdb failed"

# Durability is tested on what we write, not on PostgreSQL's disk: no flushes here.
cat >>data/postgresql.conf <<EOF
listen_addresses = ''
port = $3
unix_socket_directories = '$PWD'
unix_socket_permissions = 0700
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
timezone = 'UTC'
log_timezone = 'UTC'
EOF

"$bin/pg_ctl" start --pgdata=data --log=server.log --wait --timeout=60 >pg_ctl.log 2>&1 ||
    fail "the server does not start"
echo ready
cat >/dev/null
"$bin/pg_ctl" stop --pgdata=data --mode=immediate --wait >/dev/null 2>&1
folder=$PWD
cd / && rm -rf "$folder"
