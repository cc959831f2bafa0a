"""Reports: one review as text, JSON or SARIF. Pure: a review in, text out; the same review gives the same bytes."""
