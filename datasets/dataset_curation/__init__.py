"""Curation of training data: mining git history, injecting defects, filters, splits and shards."""
