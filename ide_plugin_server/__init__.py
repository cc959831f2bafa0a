"""The language server: translates between an editor and the reviewer."""
