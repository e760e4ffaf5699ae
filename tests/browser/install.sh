#!/usr/bin/env bash
# Finds a Chromium for the browser tests, or installs one: Debian's package where we may, else
# Playwright's build. Where neither can be had, the tests say that they are skipped, and why.
set -u
cd "$(dirname "$0")"
python chromium.py && exit 0
log=$(mktemp)
echo "Installing Chromium for the browser tests (once) ..."
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  { apt-get -q update && apt-get -q install -y --no-install-recommends chromium fonts-noto-cjk; } > "$log" 2>&1
fi
python chromium.py || playwright install chromium >> "$log" 2>&1
python chromium.py && exit 0
echo "No Chromium could be installed, so the browser tests are skipped:"
tail -3 "$log"
[ "${CI:-}" != true ]
