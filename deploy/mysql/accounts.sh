#!/bin/sh
# Runs once, when MySQL's image makes the database: creates it and the three accounts. It is the SQL that
# `secure-secret-migrate accounts --host localhost` prints, with the passwords from their files. The rights of bot and web
# come with `secure-secret-migrate up --grant`.
set -eu
secrets=${SECRETS_DIR:-/run/secrets}
socket=${MYSQL_SOCKET:-/run/mysqld/mysqld.sock}

# A password as SQL has it between quotes.
password() {
    sed "s/[\\\\']/\\\\&/g" "$secrets/mysql_password_$1"
}

statements() {
    cat <<SQL
CREATE DATABASE IF NOT EXISTS \`secure_secret\`;
CREATE USER 'migrate'@'localhost' IDENTIFIED BY '$(password migrate)';
CREATE USER 'bot'@'localhost' IDENTIFIED BY '$(password bot)';
CREATE USER 'web'@'localhost' IDENTIFIED BY '$(password web)';
GRANT CREATE, ALTER, DROP, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON \`secure_secret\`.* TO 'migrate'@'localhost' WITH GRANT OPTION;
SQL
}

# A missing file must stop this before anything is done.
for account in migrate bot web; do
    password "$account" >/dev/null
done
# Nothing private is on a command line: the statements come in by a pipe, and root's password by another.
statements | mysql --defaults-extra-file=/dev/fd/3 --socket="$socket" --user=root 3<<OPTIONS
[client]
password="${MYSQL_ROOT_PASSWORD:-}"
OPTIONS
