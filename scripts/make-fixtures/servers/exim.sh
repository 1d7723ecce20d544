#!/usr/bin/env bash
# Exim inside a fixture box: relays to the small internet, keeps mailboxes of club.example, one of them full, one with a vacation reply.
set -eu
trap 'tail -n 80 /var/log/exim4/mainlog /var/log/exim4/paniclog' EXIT
install -d -o Debian-exim -g Debian-exim /var/mail/club
head -c 25000 /dev/zero | tr '\0' '\n' >/var/mail/club/paavo.hillesand
chown Debian-exim:Debian-exim /var/mail/club/paavo.hillesand
cat >/etc/exim4/fixture.conf <<'CF'
primary_hostname = mx.example.net
qualify_domain = example.net
local_interfaces = 127.0.0.2
domainlist relay_to = !club.example
acl_smtp_rcpt = accept
acl_smtp_data = accept
host_lookup = *
dsn_advertise_hosts = *
delay_warning = 4s
delay_warning_condition = yes
queue_run_max = 5
disable_ipv6 = true
message_size_limit = 1M
log_file_path = /var/log/exim4/%slog
tls_advertise_hosts =
never_users =

begin acl

begin routers
remote:
  driver = dnslookup
  domains = ! club.example
  transport = smtp
  self = send
  no_more
vacation:
  driver = accept
  condition = ${if eq{$local_part}{ines.corvello}}
  transport = vacation
full:
  driver = accept
  condition = ${if eq{$local_part}{paavo.hillesand}}
  transport = mailbox
  cannot_route_message = No such person at this address

begin transports
smtp:
  driver = smtp
  interface = 127.0.0.2
  connect_timeout = 3s
mailbox:
  driver = appendfile
  file = /var/mail/club/$local_part_data
  user = Debian-exim
  quota = 26K
vacation:
  driver = autoreply
  user = Debian-exim
  from = Ines Corvello <ines.corvello@club.example>
  to = $sender_address
  subject = Out of the office until Monday (was: $h_subject:)
  text = Thank you for your message.\n\nI am away until Monday and read no mail.\nIn urgent cases please write to desk@club.example.\n\nInes\n

begin retry
* quota F,20s,3s
* * F,20s,3s

begin rewrite
CF
sed -i 's/\$local_part_data/paavo.hillesand/' /etc/exim4/fixture.conf
exim4 -C /etc/exim4/fixture.conf -bV
exim4 -C /etc/exim4/fixture.conf -bdf -q1m &
sleep 1
for turn in $(seq 40); do exim4 -C /etc/exim4/fixture.conf -q; sleep 2; done &
node --import tsx scripts/make-fixtures/send.ts exim /fixture/out
