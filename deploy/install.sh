#!/bin/sh
# Installs Sealform from this folder, or upgrades it; nothing is fetched from anywhere.
#   sudo ./install.sh                        the program, a user, the units of systemd, /etc/sealform.env
#   ./install.sh --prefix DIR --no-system    the program alone, in a folder of your own
set -eu

prefix=/opt/sealform
python=python3
system=yes

usage() {
    echo "usage: install.sh [--prefix DIR] [--python PROGRAM] [--no-system]" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -gt 1 ] || usage; prefix=$2; shift 2 ;;
        --python) [ $# -gt 1 ] || usage; python=$2; shift 2 ;;
        --no-system) system=no; shift ;;
        *) usage ;;
    esac
done

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# The units name this path.
if [ "$system" = yes ]; then
    [ "$prefix" = /opt/sealform ] || fail "with --prefix, say --no-system too"
    [ "$(id -u)" -eq 0 ] || fail "run it as root, or say --prefix DIR --no-system"
    command -v systemctl >/dev/null || fail "there is no systemd here; say --no-system"
fi

case $prefix in /*) ;; *) prefix=$(pwd)/$prefix ;; esac
cd "$(dirname "$0")"

wanted=$(cat PYTHON)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "there is no $python; on Debian: apt-get install python3"
[ "$found" = "$wanted" ] || fail "this bundle is for Python $wanted, and $python is $found; say --python python$wanted"
machine=$("$python" -c 'import sysconfig; print(sysconfig.get_platform())')
[ "$machine" = "$(cat PLATFORM)" ] || fail "this bundle is for $(cat PLATFORM), and this machine is $machine"
sha256sum --check --strict --quiet SHA256SUMS || fail "the bundle is damaged; copy it again"

# Each release stays in a folder of its own, so that going back is a link.
release=$prefix/releases/$(cat VERSION)
if [ ! -e "$release/.complete" ]; then
    rm -rf "$release"
    mkdir -p "$prefix/releases"
    "$python" -m venv --without-pip "$release"
    set -- pip-*.whl
    "$release/bin/python" -I "$1/pip" --isolated --disable-pip-version-check install --quiet --no-index --no-cache-dir \
        --no-deps --find-links wheels --requirement requirements.txt
    "$release/bin/sealform" --help >/dev/null
    touch "$release/.complete"
fi
ln -sfn "releases/$(cat VERSION)" "$prefix/current"
echo "installed: $prefix/current/bin/sealform"
[ "$system" = yes ] || exit 0

if ! id sealform >/dev/null 2>&1; then
    useradd --system --user-group --home-dir /var/lib/sealform --no-create-home --shell /usr/sbin/nologin sealform
fi
install -d -o sealform -g sealform -m 0750 /var/lib/sealform
# It may hold a password.
[ -e /etc/sealform.env ] || install -o root -g sealform -m 0640 sealform.env /etc/sealform.env
install -m 0644 sealform.service sealform-worker@.service /etc/systemd/system/
ln -sfn "$prefix/current/bin/sealform" /usr/local/bin/sealform
systemctl daemon-reload
cat <<'NOTE'
next: look at /etc/sealform.env, then
    systemctl enable --now sealform
    journalctl --unit sealform      # the first administrator's link
Before an upgrade, read UPGRADE.md.
NOTE
