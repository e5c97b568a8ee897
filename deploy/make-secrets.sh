#!/bin/sh
# Makes what compose.yaml reads from secrets/: keys and passwords. Asks nothing, and leaves alone what is there, so that it
# can run again at any time.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets site
# Only its owner gets into the folder. The files are readable, since containers see them as they are and do not run as root.
chmod 0700 secrets
chmod 0755 site
# The same holds for what compose.yaml mounts of ours, which a strict umask hid when it was cloned.
chmod a+r deploy/Caddyfile
chmod a+rx deploy/mysql/*.sh

# Writes a file from its standard input, whole or not at all, and never a second time.
keep() {
    if [ -e "secrets/$1" ]; then
        cat >/dev/null
        return
    fi
    cat >"secrets/.$1.new"
    chmod 0444 "secrets/.$1.new"
    mv "secrets/.$1.new" "secrets/$1"
    echo "made secrets/$1"
}

random() {
    head -c "$1" /dev/urandom | basenc --base64url --wrap=0
}

for ring in fernet_keys delivery_keys; do
    random 32 | keep "$ring"
done
# 24 bytes need no padding, so that a password stands in a URL as it is.
random 24 | keep mysql_root_password
for account in migrate bot web; do
    random 24 | keep "mysql_password_$account"
    # printf is the shell's own: what it is given is on no command line.
    printf 'mysql://%s:%s@localhost/secure_secret?socket=/run/mysqld/mysqld.sock' \
        "$account" "$(cat "secrets/mysql_password_$account")" | keep "database_url_$account"
done

# These are yours to fill; a file that is missing could not be mounted. The proxy's may stay empty.
missing=
for file in slack_app_token slack_bot_token tls_cert.pem tls_key.pem https_proxy; do
    [ -e "secrets/$file" ] || : >"secrets/$file"
    chmod 0644 "secrets/$file"
    if [ ! -s "secrets/$file" ] && [ "$file" != https_proxy ]; then
        missing="$missing $file"
    fi
done
if [ -n "$missing" ]; then
    echo "still empty in secrets/:$missing"
else
    echo "secrets/ is complete"
fi
