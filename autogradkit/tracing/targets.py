"""What a value of the learner's code is assigned to, read from the parsed source: across `requires_grad_()`, a field of the
result, a conditional, and out of the function that returns it.

Rests on the standard library; `source.py` asks it.
"""

from __future__ import annotations

import ast


def target_of(
    node: ast.AST, parent: dict[ast.AST, ast.AST], parts: bool, ran: set[ast.AST], inner: list[int]
) -> tuple[ast.AST | None, int | None, list[int] | None]:
    """What a node's value, or its part at `inner`, is assigned to, which of its parts if just one; and where the node
    stands in what its function returns, if it does."""
    if isinstance(node, ast.AugAssign):
        return node.target, None, None
    taken: int | None = None
    above = parent.get(node)
    while True:
        if isinstance(above, ast.Subscript) and above.value is node and parts and taken is None:
            if not (isinstance(above.slice, ast.Constant) and isinstance(above.slice.value, int)):
                return None, None, None
            taken = above.slice.value
        elif isinstance(above, ast.Attribute) and above.value is node and above.attr in _FIELDS and taken is None:
            taken = _FIELDS[above.attr]
        elif _gives_itself(node, above, parent, ran):
            above = parent[above]  # type: ignore[index]
        elif not (isinstance(above, ast.Await) or (isinstance(above, ast.IfExp) and above.test is not node)):
            break
        node, above = above, parent.get(above)
    path = list(inner)
    while isinstance(above, ast.Tuple | ast.List):
        path.insert(0, above.elts.index(node))  # type: ignore[arg-type]
        node, above = above, parent.get(above)
    if isinstance(above, ast.NamedExpr):
        return _target_at(above.target, path), taken, None
    if isinstance(above, ast.Assign) and above.value is node:
        return _target_at(above.targets[0], path), taken, None
    if isinstance(above, ast.AnnAssign) and above.value is node:
        return _target_at(above.target, path), taken, None
    returned = isinstance(above, ast.Return) or (isinstance(above, ast.Lambda) and above.body is node)
    return None, None, path if returned and taken is None else None


def returned_at(target: ast.AST, parent: dict[ast.AST, ast.AST]) -> list[int] | None:
    """Where a local variable that is assigned here stands in what its function returns; None where it need not be that value
    which is returned, or goes to no caller."""
    statement = parent.get(target)
    if not (isinstance(target, ast.Name) and isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        return None
    around = parent.get(statement)
    while isinstance(around, ast.With | ast.If):
        around = parent.get(around)
    if not isinstance(around, ast.FunctionDef):
        return None
    own = [node for each in around.body for node in ast.walk(each)]
    names = [node for node in own if isinstance(node, ast.Name) and node.id == target.id]
    bound = [node for node in names if not isinstance(node.ctx, ast.Load) and node.lineno > target.lineno]
    returns = [node for node in own if isinstance(node, ast.Return)]
    if bound or len(returns) != 1 or returns[0] is not around.body[-1]:
        return None
    given = returns[0].value
    several = given.elts if isinstance(given, ast.Tuple) else [given]
    places = [place for place, each in enumerate(several) if isinstance(each, ast.Name) and each.id == target.id]
    return None if len(places) != 1 else places if isinstance(given, ast.Tuple) else []


def _target_at(target: ast.expr, path: list[int]) -> ast.expr | None:
    """What the part of a value at `path` is assigned to."""
    for place in path:
        if not isinstance(target, ast.Tuple | ast.List):
            target = ast.Subscript(target, ast.Constant(place))
        elif place < len(target.elts) and not any(isinstance(each, ast.Starred) for each in target.elts):
            target = target.elts[place]
        else:
            return None
    return target


# Of a result of several tensors: which of them an attribute is.
_FIELDS = {
    "values": 0,
    "indices": 1,
    "eigenvalues": 0,
    "eigenvectors": 1,
    "solution": 0,
    "Q": 0,
    "R": 1,
    "U": 0,
    "S": 1,
    "Vh": 2,
}
_SAME = frozenset(("requires_grad_", "contiguous", "to", "float", "cpu"))


def _gives_itself(node: ast.AST, above: ast.AST | None, parent: dict[ast.AST, ast.AST], ran: set[ast.AST]) -> bool:
    """Whether a method is called on the node that gave back the tensor itself, as `requires_grad_()` does."""
    if not (isinstance(above, ast.Attribute) and above.value is node and above.attr in _SAME):
        return False
    call = parent.get(above)
    return isinstance(call, ast.Call) and call.func is above and call not in ran


def names_by_place(target: ast.AST, taken: int | None, count: int, parts: bool) -> dict[int, str]:
    if taken is not None:
        place = taken if taken >= 0 else count + taken
        name = written_name(target)
        return {} if name is None or not 0 <= place < count else {place: name}
    if isinstance(target, ast.Tuple | ast.List):
        names = [written_name(each) for each in target.elts]
        return {n: name for n, name in enumerate(names) if name is not None} if len(names) == count else {}
    name = written_name(target)
    if name is None:
        return {}
    return {n: f"{name}[{n}]" for n in range(count)} if parts else {0: name}


def written_name(node: ast.AST) -> str | None:
    """A name, a dotted name or a part by a constant, as it is written; None for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = written_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        owner = written_name(node.value)
        return None if owner is None else f"{owner}[{node.slice.value!r}]"
    return None
