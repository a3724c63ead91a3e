"""Loss networks: fixed feature extractors through which the losses see."""
