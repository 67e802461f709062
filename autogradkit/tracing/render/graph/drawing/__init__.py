"""Where everything stands on the picture of a graph, and how it looks. Rests on structure and wording."""
