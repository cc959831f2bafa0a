"""What keeps examples out: what is off limits, repeated, stale, contradicted, not licensed, too much of one thing."""
