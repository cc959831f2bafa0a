"""GitLab: its webhooks, its API, its words."""
