"""Style transfer by optimising the pixels (Gatys et al. 2016): the baseline of the field.

``options`` says what can be chosen and needs no torch; ``engine.optimise`` paints one picture,
``frames.Painter`` a sequence.
"""
