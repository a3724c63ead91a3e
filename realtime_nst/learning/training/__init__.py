"""Training of style networks: recipes, the loop, checkpoints, and one trainer for each kind."""
