"""Knowledge packs: declarative files that give API names a role. `model` is the vocabulary, `loading` the reader."""
