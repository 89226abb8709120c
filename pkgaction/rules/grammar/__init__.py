"""The small grammars of a package's values, as the ecosystem's Go libraries read them."""
