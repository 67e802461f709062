"""The picture of memory: headers, a strip of cells, and how each tensor walks over them."""
