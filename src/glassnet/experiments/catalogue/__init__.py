"""The catalogue: five published reports, every experiment in them as data, and what became of it.

`rows_called` reads it, `carry_out_all` runs it, `overview` says what was found, and `document`
writes that down.
"""

from glassnet.experiments.catalogue.document import document
from glassnet.experiments.catalogue.entries import Report, Row, Variant
from glassnet.experiments.catalogue.figures import Picture, pictures, runs_of
from glassnet.experiments.catalogue.overview import (
    Line,
    RowState,
    VariantState,
    overview,
    runnable,
)
from glassnet.experiments.catalogue.reading import all_rows, rows_called
from glassnet.experiments.catalogue.results import FOLDER, Results
from glassnet.experiments.catalogue.running import Where, carry_out_all, finished_and_not
from glassnet.experiments.catalogue.trials import Trial, trials
from glassnet.experiments.catalogue.verdicts import Verdict, verdict

__all__ = [
    "FOLDER",
    "Line",
    "Picture",
    "Report",
    "Results",
    "Row",
    "RowState",
    "Trial",
    "Variant",
    "VariantState",
    "Verdict",
    "Where",
    "all_rows",
    "carry_out_all",
    "document",
    "finished_and_not",
    "overview",
    "pictures",
    "rows_called",
    "runnable",
    "runs_of",
    "trials",
    "verdict",
]
