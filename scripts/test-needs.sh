#!/bin/sh
# Installs what the tests need and this machine lacks: redis-server, chromium, prometheus, nodejs with
# node-typescript, and python3 with Celery and what its client is tested with, from Debian's packages.
# Where that is not permitted it says what to install and fails.
set -eu

missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
	command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
# A python3 that comes first in the path may not be Debian's, and not have its packages.
modules="import setuptools, wheel, pip, httpx, pytest, fastapi, mypy"
{ python3 -c "$modules" || /usr/bin/python3 -c "$modules"; } >/dev/null 2>&1 ||
	missing="$missing python3 python3-setuptools python3-wheel python3-pip python3-httpx python3-pytest python3-fastapi python3-mypy"
/usr/bin/python3 -c "import celery, redis" >/dev/null 2>&1 || missing="$missing python3 python3-celery python3-redis"
{ command -v prometheus && command -v promtool; } >/dev/null 2>&1 || missing="$missing prometheus"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v tsc >/dev/null 2>&1 || missing="$missing node-typescript"
[ -n "$missing" ] || exit 0

give_up() {
	echo "The tests need:$missing" >&2
	echo "$1 Install them and run make test again, on Debian or Ubuntu with:" >&2
	echo "    sudo apt-get update && sudo apt-get install -y$missing" >&2
	exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "There is no apt-get here."
if [ "$(id -u)" = 0 ]; then
	as_root=""
elif sudo -n true 2>/dev/null; then
	as_root="sudo"
else
	give_up "Installing them takes root's rights."
fi

echo "Installing$missing for the tests..."
export DEBIAN_FRONTEND=noninteractive
# The tests start their own servers: keep the package from starting one.
$as_root apt-get update -qq || give_up "apt-get update failed."
# shellcheck disable=SC2086 # a list of package names
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends $missing >/dev/null || give_up "apt-get install failed."
