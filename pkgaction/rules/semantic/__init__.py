"""The official semantic rules: what no schema can say. `registry` lists them all."""
