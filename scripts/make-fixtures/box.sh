#!/usr/bin/env bash
# Runs one mail server's script in a throw-away copy of this system: an overlay of the root file system in its own mount, process, host
# name and network namespace, with nothing but the loopback interface. Nothing is left behind and nothing outside is reached.
#
# Needs: root, Debian 12 (or a relative), overlayfs, unshare, ip, node, and this repository's node_modules. Packages are fetched with
# apt-get beforehand, because the box has no network.
# Usage: box.sh OUT_FOLDER SERVER_SCRIPT PACKAGE...
# Makes: OUT_FOLDER/<case>.<n>.eml, every message that came back, OUT_FOLDER/log.<server> and OUT_FOLDER/version.<server>.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)

if [ "${1:-}" != --inside ]; then
  out=$(mkdir -p "$1" && cd "$1" && pwd)
  script=$2
  shift 2
  box=$(mktemp -d)
  trap 'rm -rf "$box"' EXIT
  mkdir -p "$box/upper" "$box/work" "$box/root" "$box/debs/partial"
  apt-get -y -qq --no-install-recommends --download-only -o Debug::NoLocking=true -o Dir::Cache::archives="$box/debs" install "$@" >"$box/apt.log" 2>&1 ||
    { cat "$box/apt.log" >&2; exit 1; }
  unshare --mount --net --uts --pid --fork --kill-child \
    "$here/box.sh" --inside "$box" "$out" "$script" "$@"
  exit
fi

box=$2 out=$3 script=$4
shift 4
root=$box/root
hostname mx.example.net
ip link set lo up
ip address add 127.0.0.2/8 dev lo # servers want their own address on an interface
mount -t overlay overlay -o "lowerdir=/,upperdir=$box/upper,workdir=$box/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/fixture/source" "$root/fixture/out" "$root/fixture/debs"
mount --bind "$repository" "$root/fixture/source"
mount --bind "$out" "$root/fixture/out"
mount --bind "$box/debs" "$root/fixture/debs"
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n' >"$root/etc/nsswitch.conf"
printf 'mx.example.net\n' | tee "$root/etc/hostname" >"$root/etc/mailname"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"

chroot "$root" /usr/bin/env -i PATH="$PATH" HOME=/root TZ=UTC LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive FIXTURE_PACKAGES="$*" \
  bash -c '
    set -u
    cd /fixture/source
    adduser --quiet --system --group --no-create-home --shell /bin/sh app >/dev/null
    apt-get -y -qq --no-download --no-install-recommends -o Dir::Cache::archives=/fixture/debs install $FIXTURE_PACKAGES
    dpkg-query -W -f "\${Package} \${Version}\n" $FIXTURE_PACKAGES >"/fixture/out/version.$0"
    node --import tsx scripts/make-fixtures/world-server.ts /fixture/out >/run/world.log 2>&1 &
    for try in $(seq 50); do grep -q READY /run/world.log && break; sleep 0.2; done
    grep -q READY /run/world.log || { cat /run/world.log; exit 1; }
    bash "scripts/make-fixtures/servers/$0.sh"
  ' "$script" >"$out/log.$script" 2>&1 || { tail -n 30 "$out/log.$script" >&2; exit 1; }
grep -E '^[a-z0-9-]+: (not accepted|nothing came back|[0-9]+ of)' "$out/log.$script"
