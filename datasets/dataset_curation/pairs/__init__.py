"""Functions before and after the fixes that advisories name."""
