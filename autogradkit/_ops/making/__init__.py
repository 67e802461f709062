"""Making tensors: from data, filled, as ranges, drawn at random, as copies and in other dtypes."""
