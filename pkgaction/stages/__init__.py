"""One module a stage; no stage knows another. Each takes the value that proves the one before."""
