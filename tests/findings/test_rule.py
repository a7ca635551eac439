"""What a rule found beyond the list is counted."""

from __future__ import annotations

from dissectors.findings.rule import Facts, Found, Rule
from tests.stories import report


def test_what_is_beyond_the_list_is_counted_by_severity_under_the_title_of_its_kind() -> None:
    seen = [Found(f"note {n}", severity="note") for n in range(5)] + [Found(f"warning {n}") for n in range(4)]
    rule = Rule("made-up", "warning", "Something is odd", "", "", lambda facts: seen)
    nothing = Facts(report([]).capture, (), (), (), (), (), (), ())
    told = [(each.severity, each.what) for each in rule.findings(nothing, most=3)]
    assert told[:3] == [("note", f"note {n}") for n in range(3)]
    assert told[3:6] == [("warning", f"warning {n}") for n in range(3)]
    assert told[6:] == [
        ("note", "Something is odd: 2 more are not listed one by one"),
        ("warning", "Something is odd: 1 more are not listed one by one"),
    ]
