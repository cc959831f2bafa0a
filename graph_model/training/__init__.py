"""Training: shards, loop, checkpoints, the ladder's fits and their evaluation. Only `shards` works without torch."""
