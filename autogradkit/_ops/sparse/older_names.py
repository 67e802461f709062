"""Products of sparse matrices by the names that they had first: functions only, whose errors say the names of today.

Rests on the ops; loaded when one of them is named.
"""

from autogradkit._ops.linalg.products import mm
from autogradkit._ops.sparse.operations import hspmm, sspaddmm

spmm = dsmm = mm.owner.front("function")
hsmm = hspmm.owner.front("function")
saddmm = sspaddmm.owner.front("function")
