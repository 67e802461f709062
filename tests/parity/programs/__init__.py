"""Random programs of single lines, run by both libraries, with the whole state of every tensor compared after each line."""
