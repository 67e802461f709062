"""How a graph is put into words: titles, spelling of operations, sentences."""
