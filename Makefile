# The verbs of this project; each is the same on a laptop and in CI. VENV=<folder> uses a ready environment as it is.
.PHONY: setup check test docs build dogfood container bench

setup check test docs build dogfood container bench:
	@.ci/run $@
