#!/bin/sh
# Whether the database is ready: the server runs, and not the one that the image runs while it makes the database, which is
# not the first process; and accounts.sh did its part, so that an account can log in.
set -eu
grep -qx mysqld /proc/1/comm
mysqladmin --defaults-extra-file=/dev/fd/3 --socket=/run/mysqld/mysqld.sock status 3<<OPTIONS
[client]
user=migrate
password="$(cat /run/secrets/mysql_password_migrate)"
OPTIONS
