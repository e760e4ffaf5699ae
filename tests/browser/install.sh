#!/usr/bin/env bash
# Makes a Chromium available to the browser tests, or says why not.
# A failure here is no error: the tests then skip with this reason, and under CI=true a skip fails.
set -u
find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if find_browser >/dev/null; then exit 0; fi
if python -c 'from tests.browser.chromium import executable; raise SystemExit(executable() is None)' 2>/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests (apt-get) ..."
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1
fi
find_browser >/dev/null && exit 0
echo "Installing Chromium for the browser tests (playwright) ..."
python -m playwright install chromium >/dev/null 2>&1 && exit 0
echo "No Chromium could be installed: the browser tests will be skipped."
exit 0
