"""What verifying a dossier came to, line by line, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-CN")

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "container": ("the file is written in the one way a dossier can be", "文件格式完整规范"),
    "manifest": (
        "issued on {issued} and signed by {origin}, {members} members as signed",
        "由 {origin} 于 {issued} 出具并签名，{members} 个文件成员与签名一致",
    ),
    "member": ("{name} is what was signed", "{name} 与签名内容一致"),
    "key": (
        "the ledger's key is {key}; compare it with what {origin} publishes, or give it with --key",
        "账本公钥为 {key}；请与 {origin} 公布的公钥比对，或用 --key 指定",
    ),
    "trusted-key": ("signed by a key that you trust", "由您信任的公钥签名"),
    "checkpoint": (
        "checkpoint of {size} leaves, signed by {origin}",
        "检查点含 {size} 条记录，由 {origin} 签名",
    ),
    "witness": ("{name} has witnessed it at {at}", "{name} 已于 {at} 见证"),
    "witnesses-unchecked": (
        "{count} witnesses' signatures were not checked; give their keys with --witness",
        "有 {count} 个见证签名未核验；请用 --witness 指定其公钥",
    ),
    "timestamp": ("time-stamped at {at} by {authority}", "{authority} 于 {at} 加盖时间戳"),
    "timestamp-unchecked": (
        "the time stamp's signer was not checked: {why}",
        "时间戳签发者未核验：{why}",
    ),
    "leaf": (
        "leaf {index} of {at}: {kind} ({about}), in the log and as shown",
        "第 {index} 条（{at}）：{kind}（{about}），已在账本中且内容相符",
    ),
    "leaf-erased": (
        "leaf {index} of {at}: {kind} ({about}), in the log; what it held was erased",
        "第 {index} 条（{at}）：{kind}（{about}），已在账本中，其内容已删除",
    ),
    "claim": (
        "the claim {claim} of {learner} for {unit}, {credits} credits, is what was logged",
        "申报 {claim}（学习者 {learner}，单元 {unit}，{credits} 学分）与账本记录一致",
    ),
    "achievement": (
        "achieved on {at} by the rule {unit}, bound to {count} statements",
        "于 {at} 按规则 {unit} 达成，绑定 {count} 条陈述",
    ),
    "unit": ("the rule {unit} is the one that was published", "规则 {unit} 与发布版本一致"),
    "evidence-whole": (
        "statement {id} is the evidence, unchanged ({provenance})",
        "陈述 {id} 为原始证据，未被更改（{provenance}）",
    ),
    "evidence-members": (
        "statement {id}: the {count} members shown are those of the evidence",
        "陈述 {id}：所示 {count} 个成员与证据一致",
    ),
    "evidence-hash": (
        "statement {id}: only its hash is shown",
        "陈述 {id}：仅显示其哈希值",
    ),
    "evidence-gone": (
        "statement {id} is not shown: it is not stored any more as it was",
        "陈述 {id} 未显示：原文已不再保存",
    ),
    "attachment": ("attachment {sha2} is the one declared", "附件 {sha2} 与声明一致"),
    "attachment-missing": ("attachment {sha2} is not included", "附件 {sha2} 未包含在内"),
    "signature": (
        "statement {id} is signed: {result}",
        "陈述 {id} 已签名：{result}",
    ),
    "explanation": (
        "the explanation is the service's own words, signed with the rest, not recomputed",
        "认定说明为系统原文，随卷宗签名，未重新计算",
    ),
    "receipt": (
        "{issuer} has {decision} it on {at} ({bank_id}), signed with the key {thumbprint}",
        "{issuer} 于 {at} 作出决定：{decision}（{bank_id}），签名公钥 {thumbprint}",
    ),
    "receipt-key": (
        "compare the key {thumbprint} with what {issuer} publishes",
        "请将公钥 {thumbprint} 与 {issuer} 公布的公钥比对",
    ),
    "no-receipt": ("the bank has not answered yet", "学分银行尚未答复"),
    "status": (
        "the states told are those logged: claim {claim_state}, achievement {achievement_state}",
        "所述状态与账本一致：申报 {claim_state}，学习成果 {achievement_state}",
    ),
    "erased": (
        "erased on {at}: the personal data behind it was destroyed, the leaves stand",
        "已于 {at} 删除：相关个人数据已销毁，账本条目仍有效",
    ),
    "redacted": (
        "shown for the profile {profile}: {hidden} fields are hidden",
        "按 {profile} 范围显示：隐藏 {hidden} 个字段",
    ),
}

_RESULTS: Final[dict[str, tuple[str, str]]] = {
    "stands": ("Everything holds, and the credit stands.", "全部核验通过，学分有效。"),
    "fallen": (
        "Everything holds, and it says that the credit does not stand.",
        "全部核验通过，但该学分已不再有效。",
    ),
    "erased": (
        "Everything that is left holds; the person was erased.",
        "现存内容全部核验通过；该学习者的数据已删除。",
    ),
    "false": (
        "It does not hold: do not rely on this file.",
        "核验未通过：请勿采信此文件。",
    ),
}


@dataclass(frozen=True)
class Line:
    """One thing that was checked: it holds, it does not (`rule` says why), or None: a remark."""

    ok: bool | None
    what: str
    where: str
    values: dict[str, Any] = field(default_factory=dict)
    rule: str = ""

    def text(self, language: Language) -> str:
        """Return the line in words."""
        if self.ok is False:
            return f"✗ {self.where}: {self.rule}"
        words = _WORDS[self.what][LANGUAGES.index(language)].format(**self.values)
        return f"{'✓' if self.ok else '!'} {self.where}: {words}"


@dataclass(frozen=True)
class Verdict:
    """All lines, and whether the credit stands; None where that cannot be told."""

    lines: tuple[Line, ...]
    stands: bool | None

    @property
    def holds(self) -> bool:
        """Whether nothing that was checked is wrong."""
        return all(line.ok is not False for line in self.lines)

    @property
    def result(self) -> Literal["stands", "fallen", "erased", "false"]:
        """What it all comes to."""
        if not self.holds:
            return "false"
        return {True: "stands", False: "fallen", None: "erased"}[self.stands]  # type: ignore[return-value]

    @property
    def exit_code(self) -> int:
        """0: all holds and the credit stands. 1: something does not hold. 3: all holds, and the
        credit was refused, revoked, withdrawn or erased.
        """
        return {"stands": 0, "false": 1, "fallen": 3, "erased": 3}[self.result]

    def texts(self, language: Language) -> list[str]:
        """Return all lines and the result in words."""
        result = _RESULTS[self.result][LANGUAGES.index(language)]
        return [*(line.text(language) for line in self.lines), result]
