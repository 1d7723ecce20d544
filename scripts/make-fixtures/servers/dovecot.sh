#!/usr/bin/env bash
# Delivery programs behind Postfix inside a fixture box: Dovecot's LMTP server and delivery agent with quota and Sieve, vacation, maildrop.
set -eu
trap 'tail -n 60 /var/log/postfix.log /var/log/dovecot.log' EXIT
useradd --uid 2000 --user-group --create-home --home-dir /var/mail/club --shell /bin/sh club
useradd --badname --no-create-home salma.nakamori # vacation asks for an account of that name
cat >/etc/postfix/main.cf <<'CF'
compatibility_level = 3.6
myhostname = mx.example.net
mydomain = example.net
mydestination = mx.example.net
inet_interfaces = 127.0.0.2
inet_protocols = ipv4
smtp_bind_address = 127.0.0.2
mynetworks = 127.0.0.0/8
smtpd_reject_unlisted_recipient = no
smtp_host_lookup = dns
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
maximal_queue_lifetime = 10s
maillog_file = /var/log/postfix.log
virtual_mailbox_domains = club.example
virtual_transport = lmtp:unix:/run/dovecot/lmtp
transport_maps = inline:{ bruno.castelmar@club.example=lda: salma.nakamori@club.example=vacation: ivo.silverdene@club.example=maildrop: }
lda_destination_recipient_limit = 1
vacation_destination_recipient_limit = 1
maildrop_destination_recipient_limit = 1
CF
cat >>/etc/postfix/master.cf <<'CF'
lda unix - n n - - pipe flags=DRhu user=club:club argv=/usr/lib/dovecot/dovecot-lda -f ${sender} -a ${original_recipient} -d ${recipient}
vacation unix - n n - - pipe flags=DRhu user=club:club argv=/usr/bin/vacation -f /var/mail/club/vacation.db -m /var/mail/club/vacation.msg -a salma.nakamori salma.nakamori
maildrop unix - n n - - pipe flags=DRhu user=club:club argv=/usr/bin/maildrop -V 0 /var/mail/club/mailfilter
CF
postconf -F '*/*/chroot = n'

cat >/etc/dovecot/dovecot.conf <<'CF'
protocols = lmtp
log_path = /var/log/dovecot.log
hostname = mx.example.net
postmaster_address = postmaster@mx.example.net
submission_host = 127.0.0.2:25
mail_location = maildir:~/Maildir
mail_plugins = quota
first_valid_uid = 1000
quota_full_tempfail = no
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=2000 gid=2000 home=/var/mail/club/%u allow_all_users=yes
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
protocol lmtp {
  mail_plugins = quota sieve
}
protocol lda {
  mail_plugins = quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=20K
  quota_grace = 0
  quota_exceeded_message = Quota exceeded (the mailbox of this person is full)
  sieve = ~/filter.sieve
}
CF
club=/var/mail/club
install -d -o club -g club "$club/greta.moorcastle@club.example" "$club/rafael.fontaigne@club.example"
cat >"$club/greta.moorcastle@club.example/filter.sieve" <<'SIEVE'
require ["reject"];
reject "I do not take mail from this sender. Please remove me.";
SIEVE
cat >"$club/rafael.fontaigne@club.example/filter.sieve" <<'SIEVE'
require ["vacation"];
vacation :days 1 :subject "Absence du bureau" :addresses ["rafael.fontaigne@club.example"]
"Bonjour,

je suis absent jusqu'au 30 novembre et ne lis pas mes messages.
En cas d'urgence, merci d'ecrire a accueil@club.example.

Rafael Fontaigne";
SIEVE
cat >"$club/vacation.msg" <<'TEXT'
From: salma.nakamori@club.example (Salma Nakamori)
Subject: away from my mail
Precedence: bulk

I am travelling and will answer when I am back in two weeks.
TEXT
cat >"$club/mailfilter" <<'FILTER'
MAILDIRQUOTA="20000S"
to "/var/mail/club/ivo/."
FILTER
chmod 600 "$club/mailfilter"
chown -R club:club "$club"
install -d -m 700 "$club/ivo" "$club/ivo/cur" "$club/ivo/new" "$club/ivo/tmp"
head -c 19000 /dev/zero | tr '\0' 'x' >"$club/ivo/cur/1,S=19000:2,S"
chown -R club:club "$club"
runuser -u club -- vacation -I -f "$club/vacation.db"
install -m 666 /dev/null /var/log/dovecot.log
dovecot
postfix start
sleep 2
WAIT_SECONDS=30 node --import tsx scripts/make-fixtures/send.ts dovecot /fixture/out
