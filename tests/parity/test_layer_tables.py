"""Embeddings from given tables, dicts of parameters, buffers by assignment, layers for several devices."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def given_table(m: Any) -> Any:
    table = m.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = m.nn.Embedding.from_pretrained(table)
    table[1, 0] = 9
    bag = m.nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="sum", padding_idx=-1)
    return layer, layer.weight, layer(m.tensor([1])), bag, bag.weight, bag.padding_idx, bag(m.tensor([[0, 1]]))


@case
def table_of_one_dimension(m: Any) -> Any:
    return m.nn.Embedding.from_pretrained(m.ones(3))


@case
def table_of_other_sizes(m: Any) -> Any:
    return m.nn.Embedding(2, 3, _weight=m.ones(3, 2))


@case
def padding_beyond(m: Any) -> Any:
    return m.nn.Embedding(3, 2, padding_idx=3)


@case
def padding_of_a_bag_beyond(m: Any) -> Any:
    return m.nn.EmbeddingBag(3, 2, padding_idx=-4)


@case
def padding_row(m: Any) -> Any:
    return m.nn.Embedding(3, 2, padding_idx=0).weight, m.nn.Embedding(3, 2, 1, 2.0, 1.5, True)


@case
def cut_offs(m: Any) -> Any:
    return m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2])


@case
def no_cut_offs(m: Any) -> Any:
    return m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [])


@case
def target_beyond(m: Any) -> Any:
    return m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(m.ones(2, 4), m.tensor([0, 5]))


@case
def adaptive_answers(m: Any) -> Any:
    layer = m.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], div_value=2.0)
    x = m.randn(9, 4) * 4
    found = layer(x, m.tensor([0, 1, 2, 3, 4, 5, 0, 1, 2]))
    return layer.log_prob(x), layer.predict(x), found.output, found.loss, str(found).split("(")[0]


@case
def dict_of_parameters(m: Any) -> Any:
    d = m.nn.ParameterDict({"b": m.ones(2), "a": m.nn.Parameter(m.zeros(1))})
    other = m.nn.ParameterDict(OrderedDict([("z", m.ones(1)), ("c", 3)]))
    both = d | other
    d |= other
    d["new"] = m.ones(3)
    found = [list(d), list(reversed(d)), list(both.keys()), d.popitem()[0], d.pop("z"), d.get("z", 5), "a" in d, len(d)]
    return found, d.setdefault("k", m.ones(1)), list(d.fromkeys(["x", "y"], 1).items()), copy.deepcopy(d), both, d


@case
def cleared_dict(m: Any) -> Any:
    d = m.nn.ParameterDict({"a": m.ones(2)})
    d.clear()
    return d, list(d.values()), list(d.parameters())


@case
def number_as_name(m: Any) -> Any:
    return m.nn.ParameterDict({1: m.ones(2)})


@case
def no_pairs(m: Any) -> Any:
    return m.nn.ParameterDict([("a", 1, 2)])


@case
def no_iterable(m: Any) -> Any:
    return m.nn.ParameterDict(3)


@case
def called_dict(m: Any) -> Any:
    return m.nn.ParameterDict({})(1)


@case
def buffers(m: Any) -> Any:
    layer = m.nn.Module()
    layer.kept = m.nn.Buffer(m.ones(2))
    layer.passing = m.nn.Buffer(m.zeros(1), persistent=False)
    layer.passing = m.ones(3)
    layer.kept = m.nn.Buffer()
    marked = m.nn.Buffer(m.ones(1))
    kinds = [isinstance(each, m.nn.Buffer) for each in (marked, m.ones(1), layer.kept)]
    return dict(layer.named_buffers()), list(layer.state_dict()), kinds, type(marked).__name__


@case
def buffer_in_a_taken_place(m: Any) -> Any:
    layer = m.nn.Linear(1, 1)
    layer.training = m.nn.Buffer(m.ones(1))


@case
def buffer_too_early(m: Any) -> Any:
    class Early(m.nn.Module):
        def __init__(self) -> None:
            self.b = m.nn.Buffer(m.ones(1))

    return Early()


@case
def synchronised(m: Any) -> Any:
    net = m.nn.Sequential(m.nn.Linear(2, 3), m.nn.BatchNorm1d(3, momentum=None), m.nn.Sequential(m.nn.BatchNorm2d(2)))
    return m.nn.SyncBatchNorm.convert_sync_batchnorm(net)


@case
def synchronised_vector(m: Any) -> Any:
    return m.nn.SyncBatchNorm(3)(m.ones(3))


@case
def deprecated_layers(m: Any) -> Any:
    return m.nn.NLLLoss2d(), m.nn.Container(a=m.nn.ReLU())


@case
def circular_padding_of_a_vector(m: Any) -> Any:
    return m.nn.CircularPad1d(1)(m.ones(3))


@case
def cross_map_of_a_matrix(m: Any) -> Any:
    return m.nn.CrossMapLRN2d(2)(m.ones(3, 3))


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
