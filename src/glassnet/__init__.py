"""Glassnet: neural networks you can see through.

The public names are listed in ``__init__.pyi`` and loaded when they are first used, so that
``import glassnet`` costs next to nothing.

>>> import glassnet as gn
>>> model = gn.Sequential(gn.Linear(2, 3), gn.Tanh(), gn.Linear(3, 2))
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
