"""Reports: a review as text, JSON, SARIF or HTML. Pure: a review in, text out; the same review gives the same bytes."""
