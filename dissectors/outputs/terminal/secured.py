"""TLS: who speaks it with whom, what was agreed, how it ended, and whether its keys are there."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, hanging, line, span, table
from dissectors.report import DataChannel, Report, Tls
from dissectors.wire.datagram import endpoint

MAX_CONNECTIONS = 8
COLUMNS = (
    Column("client"), Column(""), Column("server"), Column("name", "left", 3), Column("version"),
    Column("suite", "left", 4), Column("outcome"), Column("keys", "left", 2), Column("", "left", 1, 12),
)
CHANNEL_COLUMNS = (
    Column("client"), Column(""), Column("server"), Column("label"), Column("", "left", 2),
    Column("from client", "right", 1), Column("from server", "right", 1), Column("bytes", "right", 3),
)
VERDICTS = {"state of the art": "green", "weak": "yellow", "open": "red"}
STYLES = {"failed": "red", "closed": "yellow", "unanswered": "yellow"}


def secured(page: Page, report: Report) -> list[Line]:
    """The connections of TLS that signal, or that failed."""
    told = [each for each in report.tls if page.everything or each.signalling or each.outcome == "failed"]
    if not told:
        return []
    shown = told if page.everything else told[:MAX_CONNECTIONS]
    lines = [line(span("TLS", "bold")), *table(page, COLUMNS, [_row(each) for each in shown])]
    if len(shown) < len(told):
        lines.append(line(span(f"  … and {len(told) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def security(page: Page, report: Report) -> list[Line]:
    """Whether each call is state of the art."""
    if not report.security:
        return []
    shown = report.security if page.everything else report.security[:MAX_CONNECTIONS]
    lines = [line(span("Security", "bold"))]
    for each in shown:
        whose = f"call {report.number_of(each.call)}" if each.call is not None else f"session {(each.session or 0) + 1}"
        lines += hanging(page, (span(f"  {whose}  "),), each.sentence, VERDICTS.get(each.verdict, ""))
    if len(shown) < len(report.security):
        lines.append(line(span(f"  … and {len(report.security) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def channels(page: Page, report: Report) -> list[Line]:
    """The data channels that keys opened."""
    if not report.data_channels:
        return []
    shown = report.data_channels if page.everything else report.data_channels[:MAX_CONNECTIONS]
    lines = [line(span("Data channels", "bold")), *table(page, CHANNEL_COLUMNS, [_channel(each) for each in shown])]
    if len(shown) < len(report.data_channels):
        lines.append(line(span(f"  … and {len(report.data_channels) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def _channel(each: DataChannel) -> Line:
    order = "" if each.ordered is None else "in order" if each.ordered else "in any order"
    limit = "" if each.limit is None else f", at most {each.limit:,} {each.reliability}"
    return (
        span(endpoint(each.src, each.sport)),
        span("⇄"),
        span(endpoint(each.dst, each.dport)),
        span(each.label if each.label is not None else f"stream {each.stream}"),
        span(order + limit, "dim"),
        span(f"{each.client_messages:,}"),
        span(f"{each.server_messages:,}"),
        span(f"{each.client_octets + each.server_octets:,}"),
    )


def _row(each: Tls) -> Line:
    return (
        span(endpoint(each.src, each.sport)),
        span("→"),
        span(endpoint(each.dst, each.dport)),
        span(each.server_name or "", "dim"),
        span(each.version or (f"up to {each.offered_version}" if each.offered_version else "")),
        span((each.cipher_suite or "").removeprefix("TLS_"), "dim"),
        span(each.outcome, STYLES.get(each.outcome, "")),
        span(each.keys if each.keys != "none" else "", "yellow" if each.keys == "missing" else ""),
        span(_remark(each), "dim"),
    )


def _remark(each: Tls) -> str:
    parts = [f"{alert.sender}: {alert.name or 'an alert, encrypted'}" for alert in each.alerts]
    parts += ["resumed"] if each.resumed else []
    parts += [f"early data {each.early_data}"] if each.early_data else []
    return ", ".join(parts)
