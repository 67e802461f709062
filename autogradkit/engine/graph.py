"""The graph as the floors above see it: nodes, what they save, and the history of tensors.

Rests on node, saved and history.
"""

from autogradkit.engine.history import check_in_place as check_in_place
from autogradkit.engine.history import edge_of as edge_of
from autogradkit.engine.history import grad_fn as grad_fn
from autogradkit.engine.history import is_settled as is_settled
from autogradkit.engine.history import rebase_history as rebase_history
from autogradkit.engine.history import requires_grad as requires_grad
from autogradkit.engine.node import Node as Node
from autogradkit.engine.node import next_sequence_number as next_sequence_number
from autogradkit.engine.saved import FREED as FREED
from autogradkit.engine.saved import OpNode as OpNode
from autogradkit.engine.saved import SavedOutput as SavedOutput
from autogradkit.engine.saved import saved_was_edited as saved_was_edited
