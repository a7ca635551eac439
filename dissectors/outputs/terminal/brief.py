"""A report in one line for the capture and one for each call: for many captures, and for grep and sort."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rules import SEVERITIES
from dissectors.outputs.escape import visible
from dissectors.outputs.terminal.lines import Page, listed
from dissectors.outputs.terminal.moments import at
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import headline, outcome
from dissectors.outputs.view import View
from dissectors.report import Call, Finding, Report

MAX_IDS = 4


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`."""
    page = Page(plain=True, clock=view.clock, zero=report.capture.first or 0.0)
    yield "".join(part.text for part in headline(report, view.nothing)) + "\n"
    if view.nothing:
        return
    name = listed((file.name for file in report.capture.files), 3)
    found = report.found_by_call()
    for i, call in enumerate(report.calls):
        if call.kind == "call":
            yield visible(f"{name}: call {report.number_of(i)}: {_call(page, report, call, found.get(i, []))}") + "\n"


def _call(page: Page, report: Report, call: Call, found: list[Finding]) -> str:
    """`at 0.151 s, alice → bob, talked 22.2 s, 0.5 % lost, MOS 4.1, error call-busy`."""
    streams = [report.streams[position] for position in call.streams]
    scores = [each.quality.mos for each in streams if each.quality and each.quality.mos is not None]
    said = [f"at {at(page, call.start)}", f"{party(call.caller)} → {party(call.callee)}", outcome(call)]
    said += [f"{100 * max(each.loss_rate for each in streams):.1f} % lost"] if streams else []
    said += [f"MOS {min(scores):.2f}"] if scores else []
    ranked = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    worse = dict.fromkeys(f"{each.severity} {each.id}" for each in ranked if each.severity != "note")
    return ", ".join([*said, *([listed(worse, MAX_IDS)] if worse else [])])
