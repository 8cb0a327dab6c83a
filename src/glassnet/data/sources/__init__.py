"""Where samples come from: each source is a function that returns unscaled `DataSplits`.

A source returns the parts that come divided already; `glassnet.data.load` divides the rest, fits
the scaling and checks the options against the function's signature.
"""
