#!/usr/bin/env bash
# Courier inside a fixture box: relays to the small internet; the mail is handed to its sendmail command.
set -eu
trap 'cat /var/log/courier.log; mailq' EXIT
echo mx.example.net >/etc/courier/me
echo mx.example.net >/etc/courier/defaultdomain
printf 'localhost\nmx.example.net\n' >/etc/courier/locals
echo 4s >/etc/courier/warntime
echo 40s >/etc/courier/queuetime
for name in retryalpha retrybeta retrygamma; do echo 2s >/etc/courier/$name; done
echo 1 >/etc/courier/retrymaxdelta
echo 127.0.0.2 >/etc/courier/ipout
# The answer of a site that names a loopback address would be taken for the server itself.
printf 'opt BOFHCHECKDNS=0\n' >/etc/courier/bofh
makealiases
install -d -o courier -g courier /run/courier
courier start >/var/log/courier.log 2>&1 || true
sleep 3
node --import tsx scripts/make-fixtures/send.ts courier /fixture/out runuser -u app -- /usr/sbin/sendmail
