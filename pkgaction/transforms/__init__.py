"""Building: one module a transformation, each a function from files to files; the archive last."""
