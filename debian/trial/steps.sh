#!/bin/sh
# In the clean root, under its systemd: install, first fax, upgrade under load, backup and restore, remove, purge.
# Each step prints what it does and what came of it; the first that goes wrong ends it.
set -eu
cd /trial
failed() {
    printf 'FAILED: %s\n' "$*"
    systemctl --no-pager --full status postfax.service postfax-office.service postfax.socket || true
    journalctl --no-pager -u 'postfax*' -n 60 || true
    exit 1
}
step() { printf '\n=== %s\n' "$*"; }
run() {
    printf '# %s\n' "$*"
    "$@" || failed "$* (exit code $?)"
}
until_true() { # SECONDS COMMAND…
    left=$1
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || failed "$* is not so yet"
        sleep 1
    done
}
apt() { DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >apt.log 2>&1 || {
    cat apt.log
    failed "apt-get $*"
}; }
files() { find / -xdev \( -path /trial -o -path /old -o -path /proc -o -path /sys -o -path /run -o -path /var/cache -o -path /var/log -o -path /var/backups \
    -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /tmp -o -path /dev -o -path /var/tmp \) -prune -o -print | sort; }

old=$(ls /trial/previous/postfax_*_amd64.deb)
new=$(ls /trial/postfax_*_amd64.deb)

step "the next version, under a higher number"
next="$(dpkg-deb -f "$new" Version)+trial1"
dpkg-deb -R "$new" next
sed -i "s/^Version: .*/Version: $next/" next/DEBIAN/control
dpkg-deb -Znone -b next "/trial/postfax_${next}_amd64.deb" >/dev/null
rm -r next

step "install: $(basename "$old") on $(cat /etc/debian_version), systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') as process $(ps -o pid= -C systemd | head -n 1)"
# What the package needs first, and alone, so that what is left at the end can be told apart.
needs=$(apt-get -s --no-install-recommends install "$old" | sed -n 's/^Inst \([^ ]*\).*/\1/p' | grep -vx postfax || true)
# shellcheck disable=SC2086 # a list of words
[ -z "$needs" ] || apt install $needs
touch /etc/hosts # a step below writes it: it is none of what the package leaves
files >before.txt
run apt install "$old"
tail -n 3 apt.log
run systemctl --no-pager is-enabled postfax.service postfax-office.service
until_true 120 systemctl --quiet is-active postfax.service
run systemctl --no-pager is-active postfax.service postfax-office.service
ready() { python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9187/readyz").read().decode())'; }
until_true 60 ready
printf '/readyz: %s\n' "$(ready)"
run ls -ld /etc/postfax /etc/postfax/policy /var/lib/postfax /var/lib/postfax/documents
run postfax --version
run postfax check
man_page=$(zcat /usr/share/man/man1/postfax-serve.1.gz | sed -n 2,4p)
printf '%s\n' "$man_page"

step "the units"
run systemd-analyze verify --man=no /lib/systemd/system/postfax*.service /lib/systemd/system/postfax*.socket \
    /lib/systemd/system/postfax.target
for unit in postfax.service postfax@transmit.service postfax-office.service; do
    systemd-analyze --no-pager security "$unit" | tail -n 1
done

step "first fax, as docs/admin/install.md has it"
postfax station --listen 127.0.0.1:5070 --keep /trial/station >station.log 2>&1 &
station=$!
sleep 3
run postfax send --wait --from ana@hospital.example --to +12065551234 /usr/share/doc/postfax/examples/referral.docx
run postfax list
ls -l station/received

step "on port 25, opened by systemd"
cat >/etc/hosts <<'HOSTS'
127.0.0.1 localhost trial
HOSTS
python3 mails.py names &
names=$!
printf '\ndns: {nameservers: ["127.0.0.1"]}\n' >>/etc/postfax/postfax.yaml
cp policy.yaml /etc/postfax/policy/example.yaml
sed -i -e 's/{smtp: "127.0.0.1:2525"}/{smtp: "0.0.0.0:25"}, {smtp: "[::]:25"}/' -e 's/host: 127.0.0.1, port: 25/host: 127.0.0.1, port: 2500/' /etc/postfax/postfax.yaml
run postfax check
run systemctl stop postfax.service
run systemctl enable --now postfax.socket
run systemctl start postfax.service
grep -E 'CapEff|CapBnd' "/proc/$(systemctl show -p MainPID --value postfax.service)/status"
python3 mails.py notices notices.txt &
notices=$!

step "upgrade to $next under load, with a backup before it"
run postfax backup /trial/before-upgrade
python3 mails.py send sent.txt 1 >send.log 2>&1 &
sender=$!
sleep 15
run apt install "/trial/postfax_${next}_amd64.deb"
tail -n 3 apt.log
run systemctl --no-pager is-active postfax.service
journalctl --no-pager -o cat -u postfax.service | grep -E '"service_(ready|stopping|stopped)"' | tail -n 4
sleep 10
touch sent.txt.stop
wait "$sender" || failed "the sender of mails: $(cat send.log)"
cat send.log
all_done() { postfax list --json --limit 1000 | python3 -c 'import json, sys; jobs = json.load(sys.stdin); jobs = jobs["jobs"] if isinstance(jobs, dict) else jobs; sys.exit(any(job["state"] not in ("sent", "failed", "cancelled") for job in jobs))'; }
until_true 600 all_done
sleep 5
run python3 mails.py audit sent.txt notices.txt station/received
postfax stats | head -n 12

step "backup while it runs, and the way back"
python3 mails.py send again.txt 5001 >again.log 2>&1 &
sender=$!
sleep 6
run postfax backup /trial/backup
sleep 4
touch again.txt.stop
wait "$sender" || failed "the sender of mails: $(cat again.log)"
run systemctl stop postfax.service postfax.socket
mkdir -p /trial/lost && mv /var/lib/postfax/book.* /var/lib/postfax/documents /trial/lost/
run postfax restore /trial/backup
run systemctl start postfax.socket postfax.service
postfax activity --where state=held | tail -n 4
ls -l /var/lib/postfax | head -n 8
run postfax restore --let-go
until_true 300 all_done
journalctl --no-pager -o cat -u postfax.service -p warning -n 5

step "back to $(dpkg-deb -f "$old" Version), as docs/admin/upgrade.md has it"
run systemctl stop postfax.socket postfax.service
run apt install --allow-downgrades "$old"
if postfax list >refused.txt 2>&1; then
    printf 'the old version reads the book\n'
else
    cat refused.txt
    run systemctl stop postfax.socket postfax.service
    mkdir /trial/newer && mv /var/lib/postfax/book.* /var/lib/postfax/documents /trial/newer/
    run postfax restore /trial/before-upgrade
fi
run systemctl start postfax.socket postfax.service
run postfax restore --let-go
run postfax send --wait --from ana@hospital.example --to +12065551288 /usr/share/doc/postfax/examples/chart.pdf
until_true 300 all_done
run apt install "/trial/postfax_${next}_amd64.deb"
run systemctl --no-pager is-active postfax.service
run postfax send --wait --from ana@hospital.example --to +12065551289 /usr/share/doc/postfax/examples/chart.pdf

step "in parts: each role in a process of its own, port 25 by postfax-mta.socket"
roles="postfax@mta postfax@convert postfax@transmit postfax@notify postfax@archive"
run systemctl --quiet disable --now postfax.socket postfax.service
# shellcheck disable=SC2086 # a list of words
run systemctl --quiet enable --now postfax-mta.socket postfax.target $roles
# shellcheck disable=SC2086
all_active() { ! systemctl is-active $roles | grep -vx active; }
until_true 120 all_active
postfax nodes
run postfax send --wait --from ana@hospital.example --to +12065551299 /usr/share/doc/postfax/examples/chart.pdf
# shellcheck disable=SC2086
run systemctl --quiet disable --now postfax-mta.socket postfax.target $roles
run systemctl --quiet enable --now postfax.socket postfax.service

step "remove: settings and faxes stay"
run apt remove postfax
[ -f /etc/postfax/postfax.yaml ] && [ -f /var/lib/postfax/book.db ] || failed "settings or book are gone"
[ ! -e /usr/bin/postfax ] && [ ! -e /usr/lib/postfax ] || failed "the program is still there"
systemctl --quiet is-active postfax.service postfax-office.service postfax.socket && failed "something runs"
pgrep -u postfax -u postfax-office && failed "processes are left"
run ls /etc/postfax /var/lib/postfax

step "install again: it goes on with what was there"
run apt install "/trial/postfax_${next}_amd64.deb"
run systemctl --no-pager is-active postfax.service
run systemctl --no-pager is-active postfax.socket
run postfax send --wait --from ana@hospital.example --to +12065551298 /usr/share/doc/postfax/examples/chart.pdf
postfax list | tail -n 3

step "purge: nothing stays but the accounts, locked"
run apt purge postfax
run apt autoremove --purge # what an upgrade brought with it that the first version did not need
kill "$station" "$notices" "$names"
files >after.txt
diff before.txt after.txt | tee left.txt
[ ! -s left.txt ] || failed "what is told above is left"
getent passwd postfax postfax-office

step "all of it is as it should be"
