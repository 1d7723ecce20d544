#!/usr/bin/env bash
# sendmail inside a fixture box: relays to the small internet.
set -eu
trap 'mailq' EXIT
cat >/etc/mail/fixture.mc <<'MC'
divert(-1)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
divert(0)dnl
VERSIONID(`fixture')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confDOMAIN_NAME', `mx.example.net')dnl
define(`confTO_QUEUEWARN', `6s')dnl
define(`confTO_QUEUERETURN', `30s')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_ICONNECT', `3s')dnl
define(`confTO_INITIAL', `5s')dnl
define(`confCONNECTION_RATE_THROTTLE', `0')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confBIND_OPTS', `-DNSRCH')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.2, Port=25')dnl
CLIENT_OPTIONS(`Family=inet, Addr=127.0.0.2')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
MC
touch /etc/mail/access /etc/mail/trusted-users /etc/mail/local-host-names
m4 /etc/mail/fixture.mc >/etc/mail/sendmail.cf
printf 'postmaster: root\n' >/etc/mail/aliases
newaliases
/usr/sbin/sendmail -bd
for turn in $(seq 60); do sleep 2; /usr/sbin/sendmail -q; done >/dev/null 2>&1 &
WAIT_SECONDS=90 node --import tsx scripts/make-fixtures/send.ts sendmail /fixture/out
