"""Random programs as learners write them, and whether the pictures of them are true."""
