"""The report of finished runs: one HTML file that needs nothing else."""

from glassnet.report.document import Report, write_report

__all__ = ["Report", "write_report"]
