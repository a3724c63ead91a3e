"""Where to paint: masks, and the stage that paints within them."""
