"""What is told beside the picture of a graph: its walk, its details and reasons, its text, the state of its widget."""
