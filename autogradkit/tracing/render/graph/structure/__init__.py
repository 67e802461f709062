"""What is on the picture of a graph, before it has places: made whole from a recording, then smaller."""
