"""The gradient doctor says whether a gradient is right, and if not, what is wrong with it.

`gradcheck` is the whole of it; `Report` is what it returns, and `KINDS` the faults it can name.
"""

from glassnet.doctor.check import gradcheck
from glassnet.doctor.curve import ErrorCurve, error_curve
from glassnet.doctor.kinds import KINDS
from glassnet.doctor.report import Check, Fault, Report

__all__ = ["KINDS", "Check", "ErrorCurve", "Fault", "Report", "error_curve", "gradcheck"]
