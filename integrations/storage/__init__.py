"""What the service remembers: tables, the database they live in, and the questions asked of them."""
