"""YAML as the ecosystem's Go tools write it: values anew, or a text with its comments and styles.

`tokens` and `comments` take a text apart, `reader` makes `nodes` of it, `writer` writes them by the
rules of `scalars`; `data` makes nodes of values. Source: the behaviour of yaml.v3.
"""
