"""EMREX ELMO 1.7: a learner's outcomes as a signed transcript, pure functions without I/O."""

from adapters.elmo.recognition import build_recognition
from adapters.elmo.signature import SignatureRefused, sign_elmo, verify_elmo
from adapters.elmo.transcript import build_elmo

__all__ = ["SignatureRefused", "build_elmo", "build_recognition", "sign_elmo", "verify_elmo"]
