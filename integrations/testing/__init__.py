"""Fakes of the hosts around the reviewer, for tests: they speak HTTP, and check what is said to them."""
