"""Validation rules: one small function a rule, from a package's files to findings, without I/O."""
