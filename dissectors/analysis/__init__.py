"""From batches to a report: flows, streams, dialogs, calls, checks, findings. No input or output of any kind."""
