#!/usr/bin/env bash
# Makes fixtures/messages and fixtures/manifest.jsonl again: runs every mail server in its box (box.sh), keeps what came back, adds the
# messages and replies in our own words. Takes about three minutes. Ids and dates differ each time; the meanings do not.
#
# Needs: what box.sh needs. Usage: make.sh [SERVER...]; with names only these servers' messages are made again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

packages() {
  case $1 in
    postfix) echo postfix ;;
    exim) echo exim4-daemon-heavy ;;
    opensmtpd) echo opensmtpd ;;
    sendmail) echo sendmail-bin sensible-mda ;;
    courier) echo courier-mta ;;
    dma) echo dma ;;
    dovecot) echo postfix dovecot-lmtpd dovecot-sieve vacation maildrop ;;
    *) echo "no such server: $1" >&2; exit 2 ;;
  esac
}

[ $# -gt 0 ] || set -- postfix exim opensmtpd sendmail courier dma dovecot
jobs=()
for server in "$@"; do
  # shellcheck disable=SC2046
  "$here/box.sh" "$out" "$server" $(packages "$server") &
  jobs+=($!)
done
status=0
for job in "${jobs[@]}"; do wait "$job" || status=1; done
node --import tsx scripts/make-fixtures/write-fixtures.ts "$out"
exit $status
