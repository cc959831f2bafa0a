"""GitHub: its webhooks, its API, its words."""
