#!/usr/bin/env bash
# The DragonFly mail agent inside a fixture box: no daemon, each message is handed to its sendmail command.
set -eu
printf 'MAILNAME mx.example.net\n' >/etc/dma/dma.conf
node --import tsx scripts/make-fixtures/send.ts dma /fixture/out runuser -u app -- /usr/sbin/dma -i
ls -la /var/spool/dma
