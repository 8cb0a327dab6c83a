"""Programs that tests start with this folder in their PYTHONPATH draw no pictures.

Most of the time of a short training would go into loading matplotlib and drawing. Pictures have
tests of their own; tests marked `drawn` see the program draw them. Here every run has one picture,
of one pixel.
"""

import sys
from pathlib import Path
from types import ModuleType

DOT = Path(__file__).with_name("dot.png").read_bytes()


def save(figure, path):
    from glassnet.files import write_atomically

    write_atomically(path, figure)


pictures = ModuleType("glassnet.pictures")
pictures.run_figures = lambda *arguments: {"curves": DOT}
pictures.augmentation_preview = lambda *arguments: None
pictures.save = save
sys.modules["glassnet.pictures"] = pictures
