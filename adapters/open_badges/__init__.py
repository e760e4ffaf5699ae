"""Open Badges 3.0: achievements as verifiable credentials, pure functions without I/O."""

from adapters.open_badges.achievement_credential import (
    build_achievement_credential,
    is_about,
    unit_id,
)
from adapters.open_badges.baking import BakingError, bake, extract
from adapters.open_badges.data_integrity import add_proof, verify_proof
from adapters.open_badges.document import Credential, VerificationError, canonical
from adapters.open_badges.keys import KeyOf, SigningKey, issuer_document
from adapters.open_badges.status_list import build_status_list
from adapters.open_badges.vc_jwt import sign_jwt, verify_jwt
from adapters.open_badges.verification import StatusListOf, verify_credential

__all__ = [
    "BakingError",
    "Credential",
    "KeyOf",
    "SigningKey",
    "StatusListOf",
    "VerificationError",
    "add_proof",
    "bake",
    "build_achievement_credential",
    "build_status_list",
    "canonical",
    "extract",
    "is_about",
    "issuer_document",
    "sign_jwt",
    "unit_id",
    "verify_credential",
    "verify_jwt",
    "verify_proof",
]
