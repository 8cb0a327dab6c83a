"""Programs that tests start with this folder in their PYTHONPATH leave out their pictures.

Most of the time of a short training would go into loading matplotlib and drawing. Pictures have
tests of their own; those marked `drawn` see the program draw them.
"""

import sys
from types import ModuleType

pictures = ModuleType("glassnet.pictures")
pictures.run_figures = lambda *arguments: {}
pictures.augmentation_preview = lambda *arguments: None
pictures.save = None
sys.modules["glassnet.pictures"] = pictures
