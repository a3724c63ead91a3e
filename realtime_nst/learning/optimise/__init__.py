"""Style transfer by optimising the pixels (Gatys et al. 2016), the baseline of the field.

``options`` can be imported without torch. ``engine.optimise`` paints one picture,
``frames.FrameOptimiser`` a sequence.
"""
