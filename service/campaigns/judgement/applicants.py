"""Who may apply for what: by how a unit's name ends, and by the bureau's register (pure).

Nobody is refused here. What the rules don't bear out is a doubt with its reason, and a person decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from models.campaign import ApplicantKind, Campaign, Domain
from models.writing import key
from service.campaigns.judgement.entries import Entry

_NEAR = 2  # characters in which a misread name may differ from the one in the register
_SHORTEST = 6  # names shorter than that are near to too many others
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class Listed:
    """A unit of the register."""

    unit: str
    code: str | None = None
    kind: str | None = None


class Units:
    """The register, by names and by codes."""

    def __init__(self, rows: Iterable[Listed] = ()) -> None:
        self.rows = tuple(rows)
        self._by_name: Mapping[str, Listed] = {key(row.unit): row for row in self.rows}
        self._by_code = {row.code: row for row in self.rows if row.code}

    def of(self, unit: str) -> Listed | None:
        """The unit of that name."""
        return self._by_name.get(key(unit))

    def of_code(self, code: str | None) -> Listed | None:
        """The unit of that code."""
        return self._by_code.get(code.strip().upper()) if code else None

    def near(self, unit: str) -> Listed | None:
        """One whose name is nearly `unit`, where there is one."""
        name = key(unit)
        if len(name) < _SHORTEST:
            return None
        found = (
            (Levenshtein.distance(name, other, score_cutoff=_NEAR), row)
            for other, row in self._by_name.items()
            if abs(len(other) - len(name)) <= _NEAR
        )
        best = min(found, key=lambda one: one[0], default=(_NEAR + 1, None))
        return best[1] if best[0] <= _NEAR else None


@dataclass(frozen=True)
class Eligibility:
    """`may`: the rules bear out that the unit may apply for `domain`; `doubt`: a person has to look; `no`: a
    person said so."""

    verdict: Literal["may", "doubt", "no"]
    reason: str
    domain: str | None = None


def is_code(code: str) -> bool:
    """Whether `code` is a 统一社会信用代码: 18 characters of which the last is right (GB 32100)."""
    if len(code) != 18 or any(character not in _CODE for character in code):
        return False
    total = sum(_CODE.index(one) * weight for one, weight in zip(code, _WEIGHTS, strict=False))
    return _CODE.index(code[-1]) == -total % 31


def judge_eligibility(campaign: Campaign, units: Units, entry: Entry) -> Eligibility:
    """Whether who applies may apply for what is chosen; a person's word goes before the rules."""
    domain, trouble = _domain(campaign, entry)
    chosen = domain.name if domain else None
    if entry.ruling.may_apply is not None:
        told = f"人工认定{f'：{entry.ruling.reason}' if entry.ruling.reason else ''}"
        return Eligibility("may" if entry.ruling.may_apply else "no", told, chosen)
    unit = entry.text(campaign.fields.unit)
    if unit is None:
        return Eligibility("doubt", "没有填写申请的单位", chosen)
    if domain is None:
        return Eligibility("doubt", trouble)
    found = _by_register(campaign, units, entry, unit, domain) or _by_name(campaign, units, unit, domain)
    waiting = {name for name in (campaign.fields.unit, campaign.fields.domain) if name} & entry.unsettled
    if waiting and found.verdict == "may":
        return Eligibility("doubt", f"{found.reason}；但单位或领域的读取结果尚待复核", chosen)
    return found


def _domain(campaign: Campaign, entry: Entry) -> tuple[Domain | None, str]:
    """What is applied for, or why that is not known."""
    if campaign.fields.domain is None:
        return campaign.domains[0], ""
    value = entry.values.get(campaign.fields.domain)
    chosen = [str(one) for one in value] if isinstance(value, list | tuple) else []
    if not chosen:
        return None, "没有选择领域"
    if len(chosen) > 1:
        return None, f"领域应选一个，选了 {len(chosen)} 个：{'、'.join(chosen)}"
    domain = campaign.domain(chosen[0])
    return domain, "" if domain else f"没有“{chosen[0]}”这一领域"


def _by_register(
    campaign: Campaign, units: Units, entry: Entry, unit: str, domain: Domain
) -> Eligibility | None:
    """What the register says; None where it has no such unit, or not what kind it is of."""
    code = entry.text(campaign.fields.code)
    listed, by_code = units.of(unit), units.of_code(code)
    if listed is None and by_code is not None:
        told = f"代码 {code} 在名册中是“{by_code.unit}”，与填写的“{unit}”不同"
        return Eligibility("doubt", told, domain.name)
    if listed is None:
        return None
    if code and listed.code and code.strip().upper() != listed.code:
        return Eligibility("doubt", f"名册中“{unit}”的代码是 {listed.code}，填写的是 {code}", domain.name)
    if listed.kind is not None:
        kinds = [listed.kind]
    else:
        kinds = [kind.name for kind in campaign.applicants if _has_code(kind, listed.code)]
    if not kinds:
        return None
    if set(kinds) & set(domain.applicants):
        return Eligibility("may", f"名册中有此单位，属于{'、'.join(kinds)}", domain.name)
    told = f"名册中此单位属于{'、'.join(kinds)}，{_wanted(domain)}"
    return Eligibility("doubt", told, domain.name)


def _has_code(kind: ApplicantKind, code: str | None) -> bool:
    return bool(code) and any(str(code).startswith(start) for start in kind.codes)


def _by_name(campaign: Campaign, units: Units, unit: str, domain: Domain) -> Eligibility:
    name = key(unit)
    matched = {kind.name: ending for kind in campaign.applicants if (ending := kind.matches(name))}
    fitting = [name for name in domain.applicants if name in matched]
    if near := units.near(unit):
        told = f"名册中没有“{unit}”，有相近的“{near.unit}”，请核对是否同一单位"
        return Eligibility("doubt", told, domain.name)
    if fitting:
        told = f"单位名称以“{matched[fitting[0]]}”结尾，属于{fitting[0]}"
        return Eligibility("may", told, domain.name)
    kinds: Sequence[str] = list(matched)
    told = f"按名称属于{'、'.join(kinds)}" if kinds else "从名称看不出是哪一种申报主体"
    return Eligibility("doubt", f"“{unit}”{told}，{_wanted(domain)}", domain.name)


def _wanted(domain: Domain) -> str:
    return f"“{domain.name}”的申报主体应为{'、'.join(domain.applicants)}"
