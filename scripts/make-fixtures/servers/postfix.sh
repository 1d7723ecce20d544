#!/usr/bin/env bash
# Postfix inside a fixture box: relays to the small internet, keeps mailboxes of club.example, bounces in three languages.
set -eu
trap 'tail -n 60 /var/log/postfix.log' EXIT
send() { node --import tsx scripts/make-fixtures/send.ts "$1" /fixture/out; }

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
smtpd_peername_lookup = yes
smtp_host_lookup = dns
smtputf8_enable = yes
maillog_file = /var/log/postfix.log
virtual_mailbox_domains = club.example
virtual_mailbox_base = /var/mail
virtual_mailbox_maps = inline:{ otto.brandsen@club.example=otto clara.reedwater@club.example=clara }
virtual_uid_maps = static:1000
virtual_gid_maps = static:8
virtual_mailbox_limit = 45000
message_size_limit = 40000
virtual_alias_maps =
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
maximal_queue_lifetime = 25s
delay_warning_time = 8s
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
CF
postconf -F '*/*/chroot = n'
install -d -m 1777 /var/mail
head -c 40000 /dev/zero | tr '\0' '\n' >/var/mail/otto
chown 1000:8 /var/mail/otto
postfix start
sleep 2
send postfix

cat >/etc/postfix/german.cf <<'CF'
failure_template = <<EOT
Charset: utf-8
From: MAILER-DAEMON (Mailsystem)
Subject: Unzustellbar: Ihre Nachricht kam nicht an
Postmaster-Subject: Kopie einer unzustellbaren Nachricht

Hier schreibt das Mailprogramm auf $myhostname.

Ihre Nachricht konnte an einen oder mehrere Empfänger nicht
zugestellt werden. Sie ist unten angehängt. Der Grund steht
jeweils hinter der Adresse.
EOT
delay_template = <<EOT
Charset: utf-8
From: MAILER-DAEMON (Mailsystem)
Subject: Verzögerung: Ihre Nachricht ist noch unterwegs
Postmaster-Subject: Kopie einer verzögerten Nachricht

Hier schreibt das Mailprogramm auf $myhostname.

DIES IST NUR EIN HINWEIS. SIE MÜSSEN NICHTS TUN.

Ihre Nachricht konnte noch nicht zugestellt werden. Wir versuchen
es weiter.
EOT
CF
sed 's/ä/ae/g; s/ü/ue/g; s/ö/oe/g; s/Ü/UE/g; s/^Charset: utf-8/Charset: us-ascii/' /etc/postfix/german.cf >/etc/postfix/german-ascii.cf
postconf -e bounce_template_file=/etc/postfix/german-ascii.cf
postfix reload
sleep 2
send postfix-german

cat >/etc/postfix/french.cf <<'CF'
failure_template = <<EOT
Charset: us-ascii
From: MAILER-DAEMON (Service de courrier)
Subject: Votre message n'a pas pu etre remis
Postmaster-Subject: Copie d'un message non remis

Ici le service de courrier de $myhostname.

Votre message n'a pas pu etre remis a un ou plusieurs destinataires.
La raison suit chaque adresse ; le message est joint.
EOT
CF
postconf -e bounce_template_file=/etc/postfix/french.cf
postfix reload
sleep 2
send postfix-french
postfix stop
