"""Where the browser of the browser tests is."""

import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    caches = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
    for cache in caches:
        for found in sorted(cache.glob("chromium*/chrome-*/*"), reverse=True):
            if found.name in ("chrome", "headless_shell", "Chromium") and found.is_file():
                return str(found)
    return None


if __name__ == "__main__":
    sys.exit(executable() is None)
