"""Where to paint: masks, and the stage that composites by them."""
