"""The network. Torch from here on; nothing outside `nn`, `training` and `export` imports this package."""
