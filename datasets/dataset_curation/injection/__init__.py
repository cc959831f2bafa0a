"""Sound code broken on purpose: kinds of defects with their inverses and harmless twins, and what is made of them."""
