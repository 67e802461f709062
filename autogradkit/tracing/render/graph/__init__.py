"""The picture of a graph, from a recording: its structure, its words, its drawing, and what is told beside it."""
