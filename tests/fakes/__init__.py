"""Stand-ins for the outside: small, live, and with a log of what was asked of them."""
