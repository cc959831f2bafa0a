"""Where examples come from: fixtures, fix commits, an organisation's history, its threads and its annotations."""
