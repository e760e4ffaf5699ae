"""Commands speak the language of the terminal."""

import pytest
from click.testing import CliRunner

from lrs.cli import lrs


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (["records", "rebuild", "--discard"], "nothing to give up", "没有中断的重建"),
        (["records", "rebuild"], "made anew from all statements", "重建学习记录"),
        (["reconcile", "nowhere"], "there is no receiver 'nowhere'", "没有接收方 'nowhere'"),
        (["persona", "show", "mbox:mailto:a@b.cn"], "nobody is known as", "没有学习者"),
        (["persona", "confirm", "x", "--reason", "x"], "there is no link", "没有关联"),
        (["outbox", "list"], "attempts", "尝试次数"),
        (["outbox", "retry", "--reason", "x"], "give the ids", "请给出"),
        (["outbox", "retry", "7", "--reason", "x"], "0 of 1 are due again", "1 项中有 0 项"),
        (["outbox", "discard", "7", "--reason", "x"], "7 is not on the shelf", "7 未被搁置"),
    ],
)
def test_what_is_said_is_in_the_terminals_language(tmp_path, arguments, english, chinese):
    def said(language):
        environment = {"LC_ALL": language, "COLUMNS": "200"}
        given = [*arguments, f"--data={tmp_path}"]
        return CliRunner().invoke(lrs, given, env=environment).output

    assert english in said("en_US.UTF-8")
    assert chinese in said("zh_CN.UTF-8")
