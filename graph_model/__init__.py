"""Program graphs, knowledge packs and the network that scores candidates.

Knows no findings, changes or hosts. Imports nothing here: torch lives in `nn`, `training` and `export` only.
"""
