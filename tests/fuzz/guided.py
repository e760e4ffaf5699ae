"""One parser under atheris, which looks for inputs that take new ways through it.

`python -m tests.fuzz.guided NAME [libFuzzer's options...]`, by `make fuzz TARGET=NAME`.
"""

import sys

import atheris

with atheris.instrument_imports(include=["schemas", "adapters", "lrs"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
