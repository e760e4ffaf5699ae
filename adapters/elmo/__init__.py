"""EMREX ELMO 1.7: a learner's outcomes as a signed transcript, pure functions without I/O."""

from adapters.elmo.signature import SignatureRefused, sign_elmo, verify_elmo
from adapters.elmo.transcript import build_elmo

__all__ = ["SignatureRefused", "build_elmo", "sign_elmo", "verify_elmo"]
