"""What a tensor can do: op.py says how an op is declared; every other module is the table of one family."""
