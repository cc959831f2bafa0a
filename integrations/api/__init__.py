"""The API for other systems: reviews on request, findings, feedback. Keys, limits and kept results are its own."""
