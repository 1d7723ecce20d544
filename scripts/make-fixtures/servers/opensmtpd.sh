#!/usr/bin/env bash
# OpenSMTPD inside a fixture box: relays to the small internet.
set -eu
touch /var/log/smtpd.log
trap 'tail -n 80 /var/log/smtpd.log' EXIT
cat >/etc/smtpd.conf <<'CF'
smtp max-message-size 1M
queue ttl 50s
bounce warn-interval 5s
listen on 127.0.0.2 hostname mx.example.net
table sources { 127.0.0.2 }
table greetings { 127.0.0.2 = mx.example.net }
action "out" relay src <sources> helo-src <greetings>
match from any for any action "out"
CF
smtpd -n
smtpd -d >/var/log/smtpd.log 2>&1 &
sleep 2
node --import tsx scripts/make-fixtures/send.ts opensmtpd /fixture/out
