"""ELMO documents: valid against the schema whatever was achieved, and signed."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.elmo import SignatureRefused, build_elmo, build_recognition, sign_elmo, verify_elmo
from adapters.elmo.transcript import NAMESPACE
from schemas.credentials import Issuer, Learner, NotExpressible
from tests.unit.test_open_badges import ISSUER, LEARNER, NOW, outcome, unit

E = f"{{{NAMESPACE}}}"
EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

IMPORTS = {
    "http://www.w3.org/2001/03/xml.xsd": "imports/xml.xsd",
    "xmldsig-core-schema.xsd": "references/xmldsig-core-schema.xsd",
    "EUROPASS_ISOCountries_V1.1.xsd": "references/EUROPASS_ISOCountries_V1.1.xsd",
    "ewp-specs-types-address/stable-v1/schema.xsd": "imports/ewp-address.xsd",
    "ewp-specs-architecture/stable-v1/common-types.xsd": "imports/ewp-common-types.xsd",
}


class Beside(etree.Resolver):
    """Finds what the schema imports beside it, and nothing on the network."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def resolve(self, url, public_id, context):
        for end, path in IMPORTS.items():
            if url.endswith(end):
                return self.resolve_string((self.folder / path).read_bytes(), context)
        if "://" in url:
            raise AssertionError(f"{url} is not beside the schema")
        return None


@pytest.fixture(scope="session")
def schema(shared_data):
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Beside(shared_data / "elmo"))
    path = shared_data / "elmo" / "schema.xsd"
    return etree.XMLSchema(etree.fromstring(path.read_bytes(), parser))


def elmo(*outcomes, learner=LEARNER, issuer=ISSUER):
    return build_elmo(outcomes or (outcome(),), learner, issuer, generated_at=NOW)


def certificate_of(key, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1)):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Training Centre")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )


RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATES = {"rsa": (RSA_KEY, certificate_of(RSA_KEY)), "ec": (EC_KEY, certificate_of(EC_KEY))}


# --- what is in it


def test_the_schema_tells_good_from_bad(schema, shared_data):
    example = etree.parse(shared_data / "elmo" / "example.xml")
    assert schema.validate(example), schema.error_log
    bad = etree.fromstring(elmo())
    bad.find(f".//{E}status").text = "excellent"
    assert not schema.validate(bad)


def test_a_document_says_what_was_achieved(schema):
    parts = (outcome(unit(code="M1")), outcome(unit(code="M2", kind="academic"), score=None))
    whole = outcome(unit(code="X1", kind="certificate", grade="中级"), parts=parts)
    root = etree.fromstring(elmo(whole, outcome()))
    assert schema.validate(root), schema.error_log
    assert root.findtext(f"{E}learner/{E}familyName") == "张三"
    assert root.findtext(f"{E}learner/{E}givenNames") == ""
    assert {(e.get("type"), e.text) for e in root.findall(f"{E}learner/{E}identifier")} == {
        ("mbox", "mailto:zhang@example.cn"),
        ("account", "https://lms.example.cn|2026000101"),
    }
    issuer = root.find(f"{E}report/{E}issuer")
    assert [e.text for e in issuer.findall(f"{E}identifier")] == ["example.edu.cn", ISSUER.id]
    assert issuer.findtext(f"{E}country") == "CN"
    first, second = root.findall(f"{E}report/{E}learningOpportunitySpecification")
    assert first.findtext(f"{E}type") is None
    assert second.findtext(f"{E}type") == "Course"
    within = first.findall(f"{E}hasPart/{E}learningOpportunitySpecification")
    assert [e.findtext(f"{E}identifier") for e in within] == ["M1/2", "M2/2"]
    titles = {e.get(LANG): e.text for e in second.findall(f"{E}title")}
    assert titles == {"en": "Work safety", "zh-CN": "安全生产"}
    instance = second.find(f"{E}specifies/{E}learningOpportunityInstance")
    # Half past midnight of 1 June in China.
    assert instance.findtext(f"{E}date") == "2026-06-01"
    assert instance.findtext(f"{E}resultLabel") == "87.5"
    assert instance.findtext(f"{E}credit/{E}value") == "2.5"
    levels = first.findall(f"{E}specifies/{E}learningOpportunityInstance/{E}level")
    assert [(e[0].text, e[1].text) for e in levels] == [("credit-bank", "4"), ("1+X", "中级")]
    assert within[1].find(f".//{E}resultLabel") is None


def test_people_can_read_it_too():
    content = etree.fromstring(elmo()).findtext(f"{E}attachment/{E}content")
    head, _, body = content.partition(",")
    assert head == "data:text/plain;charset=utf-8;base64"
    text = base64.b64decode(body).decode()
    for expected in ("张三", "Work safety / 安全生产", "2026-06-01", "87.5 %", "国家开放大学"):
        assert expected in text


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)
units = st.builds(
    unit,
    title=st.dictionaries(st.sampled_from(["en", "zh-CN", "de", "mn-Mong"]), words, min_size=1),
    code=words,
    field=words,
    awarding_body=words,
    level=st.integers(1, 10),
    credits=st.floats(0, 1e9) | st.sampled_from([1e-7, 1e22, 5e-324]),
    hours=st.floats(0, 1e9),
    kind=st.sampled_from(["academic", "certificate", "training"]),
    grade=st.none() | st.sampled_from(["初级", "中级", "高级"]),
)
moments = st.integers(0, 10**8).map(lambda minutes: EPOCH + timedelta(minutes=minutes))
leaves = st.builds(outcome, units, score=st.none() | st.floats(0, 1), achieved_at=moments, id=words)
outcomes = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda found, parts: outcome(found, parts=tuple(parts)),
        units,
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(outcomes, min_size=1, max_size=3), words, st.sampled_from([None, "CN", "DE"]))
def test_whatever_was_achieved_gives_a_valid_document(schema, found, name, country):
    issuer = Issuer(id=ISSUER.id, name={"en": name}, url=ISSUER.url, country=country)
    try:
        document = elmo(*found, learner=Learner(id="urn:x", name=name), issuer=issuer)
    except NotExpressible as error:
        # Only a text that is empty in every language cannot be a title.
        assert "at least one language" in str(error)
        return
    root = etree.fromstring(document)
    assert schema.validate(root), schema.error_log
    assert len(list(root.iter(f"{E}learningOpportunityInstance"))) == sum(map(_size, found))


def _size(found):
    return 1 + sum(map(_size, found.parts))


def nested(depth):
    found = outcome()
    for _ in range(depth - 1):
        found = outcome(parts=(found,))
    return found


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: build_elmo([], LEARNER, ISSUER, generated_at=NOW), "at least one outcome"),
        (lambda: elmo(outcome(state="revoked")), "is revoked"),
        (lambda: elmo(outcome(parts=(outcome(state="candidate"),))), "is candidate"),
        (lambda: elmo(outcome(unit(title={"en": "a\x00b"}))), "title has characters"),
        (lambda: elmo(outcome(unit(title={"en us": "a"}))), "'en us' is not a language tag"),
        (lambda: elmo(outcome(unit(title={}))), "at least one language"),
        (lambda: elmo(outcome(unit(credits=float("inf")))), "credits must be a number"),
        (lambda: elmo(outcome(score=float("nan"))), "score must be a number"),
        (lambda: elmo(nested(17)), "more than 16 deep"),
        (
            lambda: elmo(issuer=Issuer(id="a", name={"en": "a"}, url="https://a.cn", country="cn")),
            "no ISO 3166 code",
        ),
        (lambda: elmo(issuer=Issuer(id="a", name={"en": "a"}, url="nowhere")), "has no host"),
        (
            lambda: build_elmo(
                [outcome()],
                LEARNER,
                ISSUER,
                generated_at=datetime(2026, 1, 1),  # noqa: DTZ001
            ),
            "has no zone",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(build, message):
    with pytest.raises(NotExpressible, match=message):
        build()


def test_the_deepest_that_may_be_is_valid(schema):
    assert schema.validate(etree.fromstring(elmo(nested(16)))), schema.error_log


# --- its signature


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_signed_document_is_valid_and_verifies(schema, kind):
    key, certificate = CERTIFICATES[kind]
    signed = sign_elmo(elmo(), key, certificate)
    root = etree.fromstring(signed)
    assert schema.validate(root), schema.error_log
    references = list(root.iter("{http://www.w3.org/2000/09/xmldsig#}Reference"))
    assert [reference.get("URI") for reference in references] == [""]
    assert verify_elmo(signed, certificate, NOW) == etree.tostring(
        etree.fromstring(elmo()), method="c14n"
    )


SIGNED = {kind: sign_elmo(elmo(), *pair) for kind, pair in CERTIFICATES.items()}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_changed_byte_fails_or_is_not_part_of_what_is_signed(kind):
    signed, certificate = SIGNED[kind], CERTIFICATES[kind][1]
    content = verify_elmo(signed, certificate, NOW)
    same = []
    for place in range(0, len(signed), 3):
        changed = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
        try:
            assert verify_elmo(changed, certificate, NOW) == content
        except SignatureRefused:
            continue
        same.append(place)
    # No byte of text or value, only such as canonical XML has no difference for.
    assert all(b"<ds:" in signed[:place] or place < 40 for place in same)
    assert len(same) < 20


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_done_to_it_only_what_was_signed_is_returned(data):
    signed, certificate = SIGNED["ec"], CERTIFICATES["ec"][1]
    start = data.draw(st.integers(0, len(signed) - 1))
    new = data.draw(st.binary(max_size=4))
    changed = signed[:start] + new + signed[start + data.draw(st.integers(0, 4)) :]
    try:
        found = verify_elmo(changed, certificate, NOW)
    except SignatureRefused:
        return
    assert found == verify_elmo(signed, certificate, NOW)


def test_every_text_and_attribute_is_signed():
    certificate = CERTIFICATES["ec"][1]
    count = len(list(etree.fromstring(SIGNED["ec"]).iter(f"{E}*")))
    for place in range(count):
        root = etree.fromstring(SIGNED["ec"])
        element = list(root.iter(f"{E}*"))[place]
        element.text = (element.text or "") + "x"
        with pytest.raises(SignatureRefused, match="does not hold"):
            verify_elmo(etree.tostring(root), certificate, NOW)
        for name in element.attrib:
            root = etree.fromstring(SIGNED["ec"])
            list(root.iter(f"{E}*"))[place].set(name, "x")
            with pytest.raises(SignatureRefused, match="does not hold"):
                verify_elmo(etree.tostring(root), certificate, NOW)


def test_comments_are_not_returned():
    changed = SIGNED["ec"].replace(b"<report>", b"<report><!-- with honours -->")
    assert b"honours" not in verify_elmo(changed, CERTIFICATES["ec"][1], NOW)


def test_a_certificate_that_is_not_the_known_one_is_refused():
    forged = sign_elmo(elmo(outcome(score=1.0)), *CERTIFICATES["rsa"])
    with pytest.raises(SignatureRefused, match="another certificate"):
        verify_elmo(forged, CERTIFICATES["ec"][1], NOW)
    other = ec.generate_private_key(ec.SECP256R1())
    document = etree.fromstring(sign_elmo(elmo(), other, certificate_of(other)))
    place = ".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
    document.find(place).text = etree.fromstring(SIGNED["ec"]).findtext(place)
    with pytest.raises(SignatureRefused, match="does not hold"):
        verify_elmo(etree.tostring(document), CERTIFICATES["ec"][1], NOW)


def test_a_certificate_is_valid_for_its_time():
    certificate = CERTIFICATES["ec"][1]
    for days in (-2, 2):
        with pytest.raises(SignatureRefused, match="does not hold"):
            verify_elmo(SIGNED["ec"], certificate, NOW + timedelta(days=days))


def test_a_signed_document_within_another_is_refused():
    """Signature wrapping: the signed elements are there, but the reader would see others."""
    inner = etree.fromstring(SIGNED["ec"])
    outer = etree.fromstring(elmo(outcome(score=1.0)))
    extension = etree.SubElement(outer, f"{E}extension")
    extension.append(inner)
    with pytest.raises(SignatureRefused, match="exactly one signature"):
        verify_elmo(etree.tostring(outer), CERTIFICATES["ec"][1], NOW)
    outer.append(inner.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    with pytest.raises(SignatureRefused, match="does not hold"):
        verify_elmo(etree.tostring(outer), CERTIFICATES["ec"][1], NOW)


def test_another_reference_or_method_is_refused():
    certificate = CERTIFICATES["ec"][1]
    for old, new, message in (
        (b'URI=""', b'URI="#a"', "whole document"),
        (b'URI=""', b"", "whole document"),
        (b"2001/04/xmldsig-more#ecdsa-sha256", b"2000/09/xmldsig#hmac-sha1", "does not hold"),
        (b"2001/04/xmldsig-more#ecdsa-sha256", b"2000/09/xmldsig#none", "does not hold"),
    ):
        assert old in SIGNED["ec"]
        with pytest.raises(SignatureRefused, match=message):
            verify_elmo(SIGNED["ec"].replace(old, new), certificate, NOW)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "not XML"),
        (b"<elmo/>", "not an ELMO document"),
        (elmo(), "exactly one signature"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + SIGNED["ec"].split(b"?>", 1)[1], "does not hold"),
    ],
    ids=["empty", "other", "unsigned", "doctype"],
)
def test_what_is_no_signed_document_is_refused(document, message):
    with pytest.raises(SignatureRefused, match=message):
        verify_elmo(document, CERTIFICATES["ec"][1], NOW)


def test_what_cannot_be_signed_is_refused():
    key, certificate = CERTIFICATES["ec"]
    with pytest.raises(NotExpressible, match="not that of the signing key"):
        sign_elmo(elmo(), RSA_KEY, certificate)
    with pytest.raises(NotExpressible, match="signed already"):
        sign_elmo(SIGNED["ec"], key, certificate)
    for weak in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 1024)):
        with pytest.raises(NotExpressible, match="P-256, or RSA"):
            sign_elmo(elmo(), weak, certificate_of(weak))


def test_a_conversion_is_reported_with_its_basis_and_what_came_of_it():
    basis = outcome(unit(code="TRAIN-1", version=1))
    degree = outcome(unit(code="DEGREE-1", version=1), credits=1.5, conversion="EQ/1")
    document = build_recognition(
        {degree.achievement.id: [basis]},
        {degree.achievement.id: degree},
        LEARNER,
        ISSUER,
        generated_at=NOW,
    )
    (result,) = etree.fromstring(document).iter(f"{E}resultOfRecognition")
    assert [ref.text for ref in result.iter(f"{E}ref")] == ["TRAIN-1/1", "DEGREE-1/1"]
    reported = result.find(f"{E}recognitionBasis/{E}recognitionReport")
    assert reported.find(f".//{E}identifier[@type='local']").text == "TRAIN-1/1"
    gained = result.find(f"{E}recognitionResult")
    assert gained.find(f".//{E}credit/{E}value").text == "1.5"
    assert "EQ/1" in result.findtext(f"{E}description")


def test_a_conversion_without_its_basis_is_not_reported():
    degree = outcome()
    with pytest.raises(NotExpressible, match="basis"):
        build_recognition(
            {degree.achievement.id: []},
            {degree.achievement.id: degree},
            LEARNER,
            ISSUER,
            generated_at=NOW,
        )
    with pytest.raises(NotExpressible, match="conversion"):
        build_recognition({}, {}, LEARNER, ISSUER, generated_at=NOW)
