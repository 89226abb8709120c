"""The interpreter of the official specification, which is data: items, schemas, patches."""
