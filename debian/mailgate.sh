#!/bin/sh
# mailgate for people on this machine. Root works as the service's user, so that no file of the registry becomes root's;
# what is root's own, the configuration and the units, root writes.
set -eu
PROGRAM=/usr/lib/mailgate/bin/mailgate
export CREDENTIALS_DIRECTORY="${CREDENTIALS_DIRECTORY:-/etc/mailgate/credentials}"

# The command is the first word that is no option, nor the value of --config.
command_of() {
  while [ $# -gt 0 ]; do
    case $1 in
      --config) shift ;;
      -*) ;;
      *) echo "$1"; return ;;
    esac
    [ $# -eq 0 ] || shift
  done
}

if [ "$(id -u)" -ne 0 ]; then
  exec "$PROGRAM" "$@"
fi
case $(command_of "$@") in
  init | install-service | set-password | '') exec "$PROGRAM" "$@" ;;
esac
export HOME=/var/lib/mailgate
AS="setpriv --reuid=mailgate --regid=mailgate --init-groups --inh-caps=-all --"
# That user cannot see into root's own folders.
$AS test -x . || cd /
exec $AS "$PROGRAM" "$@"
