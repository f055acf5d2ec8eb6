#!/bin/sh
# Plays ssh on this host: says where it was asked to go, makes the noise of a login shell, and runs the command.
for word; do host=$last; last=$word; done
echo "$@" >>"$SSH_LOG"
echo "${PLAYED_HOST:-launcher} to $host" >>"$SSH_LOG.ways"
case $host in
  inner*) [ -n "$PLAYED_HOST" ] && echo "no way from $PLAYED_HOST to $host" >&2 && exit 255 ;;
  gone*) echo "no way to $host" >&2; exit 255 ;;
  # Its last words come when it has ended.
  late*) (while kill -0 $$ 2>/dev/null; do :; done; echo "no way to $host" >&2) & exit 255 ;;
  silent*) exec sleep 600 ;;
esac
echo "welcome to $host"
echo "stty: not a terminal" >&2
PLAYED_HOST=$host SSH_CONNECTION="127.0.0.1 4711 127.0.0.1 22" exec sh -c "$last"
