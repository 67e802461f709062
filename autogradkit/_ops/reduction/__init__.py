"""Ops that make one of many: sums, extremes, orders, moments, norms, counts, and running sums along a dimension."""
