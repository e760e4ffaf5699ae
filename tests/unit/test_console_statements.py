import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.console.json_text import tokens_of
from lrs.console.statements import read_identifier

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_coloured_json_is_the_same_json(value):
    assert json.loads("".join(token.text for token in tokens_of(value))) == value


@pytest.mark.parametrize(
    ("typed", "identifier"),
    [
        ("li@example.cn", "mbox:mailto:li@example.cn"),
        ("mailto:li@example.cn", "mbox:mailto:li@example.cn"),
        ("https://lms.example.cn|7", "account:https://lms.example.cn|7"),
        ("https://id.example.cn/li", "openid:https://id.example.cn/li"),
        ("account:https://lms.example.cn|a|b", "account:https://lms.example.cn|a|b"),
        ('{"mbox": "mailto:li@example.cn"}', "mbox:mailto:li@example.cn"),
    ],
)
def test_an_agent_is_found_by_what_people_type(typed, identifier):
    assert read_identifier(typed) == identifier


@pytest.mark.parametrize("typed", ["", "李娜", "{}", "[1]", "{"])
def test_what_is_no_identifier_is_said(typed):
    with pytest.raises(ValueError):
        read_identifier(typed)
