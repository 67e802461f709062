"""What is swept: every declared overload, by the ways in which it is called, with arguments made from its declaration.

The arguments' form comes from the samples that a declaration brings, from PyTorch's schema of the name (valid_calls.py), or,
where neither gives any, from the declared kinds of its parameters. Their values are hard points. An overload that no call
reaches is listed by `unreached`, and the test fails unless `NOT_SWEPT` says why. Rests on values, valid_calls and the
declarations; used by sweep.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import torch

import autogradkit as ak
from autogradkit._ops.declare import PUBLISHED, SETS
from autogradkit._ops.declare.names import METHODS, MisfitError
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.unloaded import load_all

from ..oracle import array_of
from ..valid_calls import LEFT_OUT, NAMESPACES, QUANTISED, SPARSE, TARGETS, Call, valid_calls
from .compare import carried

load_all()  # of families that are declared when they are asked for, too

_OF_A_GRADIENT = "what a gradient is computed by: the sweep of its op compares it"
_DEVICE_DTYPE = "only refuses: PyTorch computes it on other devices"
_ADDRESS = "gives an address in memory"
# Overloads that no call names, as `name_of` spells them, with the reason; the rest of the declared ones are swept.
NOT_SWEPT: dict[str, str] = {
    "untyped_storage/untyped_storage/0": _ADDRESS,
    "data_ptr/data_ptr/0": _ADDRESS,
    "_int_mm/int_mm/0": "of int8 alone, whose products have no hard points",
    **dict.fromkeys(
        (
            "_linalg_svd/linalg_svd/0", "_linalg_eigh/eigh/0", "_linalg_eigvals/_eigvals/0", "_linalg_det/det/0",
            "_linalg_slogdet/slogdet/0", "_linalg_solve_ex/solve_ex/0", "_lu_with_info/_lu_with_info/0",
            "_cdist_forward/cdist_forward/0", "_cdist_backward/cdist_backward/0", "_euclidean_dist/euclidean_dist/0",
            "_conj_physical/conjugated_in_memory/0", "_fft_c2c/fft_c2c/0", "_fft_c2r/fft_c2r/0", "_fft_r2c/fft_r2c/0",
            "histogram_counts/counts_in_grid/0", "histogram_counts_by_numbers/counts_by_numbers/0",
            "histogram_edges/edges_along/0", "searchsorted/_/1", "unique_consecutive/unique_runs/0",
            "max_pool1d_values/max_pool1d_values/0",
            "empty_permuted/empty_permuted/0", "embedding_bag/_/0", "embedding_bag/_/1", "_trilinear/trilinear/0",
            "norm/norm_along/0", "norm/norm_of_all/0",
        ),
        "what public functions are made of, whose sweep compares it; or a flag, or a form that no valid call comes to",
    ),
    **dict.fromkeys(
        ("stft/_/0", "stft/_/1", "istft/istft/0"),
        "frames and windows that hang together: the operator database compares them, and what they are made of is swept",
    ),
    **dict.fromkeys(
        (
            "rnn_tanh/packed/0", "rnn_tanh/padded/1", "rnn_relu/packed/0", "rnn_relu/padded/1", "gru/packed/0", "gru/padded/1",
            "gru_cell/gru_cell/0", "lstm/_/0", "lstm/_/1", "lstm_cell/lstm_cell/0", "lstm_layer/lstm_layer/0",
            "lstm_layer_gradients/lstm_layer_gradients/0",
        ),
        "parameters whose sizes hang together: test_recurrent.py compares them; what they are made of is swept",
    ),
    **dict.fromkeys(
        (
            "_pack_padded_sequence/pack_padded_sequence/0", "_pad_packed_sequence/pad_packed_sequence/0",
            "pad_sequence/pad_sequence/0",
        ),
        "moves numbers only: test_packed_sequences.py compares it",
    ),
    **dict.fromkeys(
        (
            "_coalesce/_coalesce/0", "_sparse_addmm/sparse_addmm/0", "_sparse_log_softmax/_/1", "_sparse_log_softmax/body/0",
            "_sparse_log_softmax_backward_data/backward_data/0", "_sparse_mm/sparse_mm/0", "_sparse_softmax/_/1",
            "_sparse_softmax/body/0", "_sparse_softmax_backward_data/backward_data/0",
            "_sparse_sparse_matmul/sparse_sparse_matmul/0", "_sparse_sum/_/0", "_sparse_sum/_/1", "_sparse_sum/_/3",
            "_sparse_sum/sparse_sum_dims/2", "_to_dense/_to_dense/0", "_to_sparse/to_sparse_dims/0",
            "_to_sparse/to_sparse_layout/1", "coordinates/coordinates/0", "values_at/values_at/0",
            "_sparse_compressed_tensor/compressed/0", "sparse_sampled_addmm/sampled_addmm/0",
        ),
        "of sparse tensors: test_sparse.py compares it",
    ),
    **dict.fromkeys(
        ("apply_/apply_/0", "map_/map_/0", "map2_/map2_/0", "frombuffer/frombuffer/0"),
        "takes a function or a buffer: test_older_functions.py compares it",
    ),
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams/by_element/0": (
        "scales and zero points that hang together: test_lines.py compares it"
    ),
    "fw_primal/fw_primal/0": "what forward mode is made of: test_forward_ad.py compares it",
    "dequantize/_/1": "refuses what is no quantised tensor",
    "pin_memory/pin_memory/0": "needs a device that is not there",
    "_pin_memory/_pin_memory/0": "needs a device that is not there",
    "_has_compatible_shallow_copy_type/_has_compatible_shallow_copy_type/0": "looks at layouts and devices, not at numbers",
    "_to_copy/_to_copy/0": "an operator of torch.ops.aten alone: test_operators.py",
    **dict.fromkeys(
        (
            "_standard_gamma/_standard_gamma/0", "_standard_gamma_grad/_standard_gamma_grad/0",
            "_sample_dirichlet/_sample_dirichlet/0", "_dirichlet_grad/_dirichlet_grad/0",
        ),
        "draws, and slopes that PyTorch approximates: test_gammas.py compares them",
    ),
    **dict.fromkeys(("mm/_/1", "bmm/_/1", "addmm/_/1", "baddbmm/_/1"), _DEVICE_DTYPE),
    **dict.fromkeys(
        (
            "mul_by_number/mul_by_number/0", "div_by_number/div_by_number/0", "pick_flat/pick_flat/0",
            "log_softmax_backward_data/log_softmax_backward_data/0", "softmax_backward_data/softmax_backward_data/0",
            "values_at_indices/values_at_indices/0",
            "values_in_volumes/values_in_volumes/0", "_conj/conjugated/0",
            "_unsafe_view/unsafe_view/0", "_reshape_alias/reshape_alias/0", "real/real_view/0",
        ),
        _OF_A_GRADIENT,
    ),
    **{
        f"{owner.name}/{each.kernel.__name__}/{number}": _OF_A_GRADIENT
        for owner in SETS
        for number, each in enumerate(owner.overloads)
        if owner.name.endswith("_backward")
    },
}  # fmt: skip

_F, _T, _M = "nn.functional.", torch.ones(2, 3), torch.ones(3, 3)
_LOGS = torch.zeros(3, 1, 3)
_CLASSES, _IMAGE = torch.tensor([0, 2]), torch.ones(1, 2, 3, 3)
# What Python writes over several ops in both libraries, and has no schema: (name, arguments, the overloads that run).
_WRITTEN_IN_PYTHON: tuple[tuple[str, Call, tuple[str, ...]], ...] = (
    *((_F + "pad", Call([_IMAGE, [1, 1], mode], {}), ("pad/pad/0",)) for mode in ("constant", "reflect", "replicate")),
    (_F + "pad", Call([_IMAGE, [1, 1], "circular"]), ("_pad_circular/pad_circular/0",)),
    (_F + "conv2d", Call([_IMAGE, torch.ones(2, 2, 2, 2)], {"padding": "same"}), ("conv2d/_/1",)),
    *((_F + f"conv{n}d", Call([torch.ones((1, 2) + (3,) * n), torch.ones((2, 2) + (2,) * n)], more), (f"conv{n}d/_/{form}",))
      for n in (1, 3) for form, more in enumerate(({}, {"padding": "same"}))),
    *((_F + f"conv_transpose{n}d", Call([torch.ones((1, 2) + (3,) * n), torch.ones((2, 1) + (2,) * n)]),
       (f"conv_transpose{n}d/conv_transpose{n}d/0",)) for n in (1, 2, 3)),
    (_F + "embedding", Call([_CLASSES, _M], {"max_norm": 1.0}), ("embedding_renorm_/embedding_renorm_/0",)),
    (_F + "one_hot", Call([_CLASSES, 3]), ("one_hot/one_hot/0",)),
    *((_F + name, Call([_T, _T], {"reduction": reduction}), ("l1_loss/l1_loss/0",))
      for name in ("l1_loss", "mse_loss", "huber_loss") for reduction in ("mean", "none", "sum")),
    (_F + "nll_loss", Call([_T, _CLASSES]), ("nll_loss_nd/nll_loss_nd/0",)),
    (_F + "cross_entropy", Call([_T, _CLASSES], {"label_smoothing": 0.1}), ("cross_entropy_loss/cross_entropy_loss/0",)),
    (_F + "cross_entropy", Call([_T, _T]), ("cross_entropy_loss/cross_entropy_loss/0",)),
    (_F + "ctc_loss", Call([_LOGS, _CLASSES[None, 1:], (2,), (1,)]),
     ("ctc_loss/ctc_loss_of_lists/0", "_ctc_loss/ctc_loss_forward/0")),
    (_F + "ctc_loss", Call([_LOGS, _CLASSES[None, 1:], torch.tensor([2]), torch.tensor([1])]), ("ctc_loss/_/1",)),
    (_F + "batch_norm", Call([_T, None, None], {"training": True}),
     ("batch_norm/batch_norm/0", "native_batch_norm/native_batch_norm/0")),
    (_F + "instance_norm", Call([_IMAGE]), ("instance_norm/instance_norm/0",)),
    (_F + "layer_norm", Call([_T, (3,)]), ("native_layer_norm/native_layer_norm/0",)),
    (_F + "group_norm", Call([_IMAGE, 2]), ("native_group_norm/native_group_norm/0",)),
    *((_F + f"adaptive_avg_pool{n}d", Call([torch.ones((1, 2) + (3,) * n), 2]),
       (f"_adaptive_avg_pool{n}d/adaptive_avg_pool{n}d_node/0", f"adaptive_avg_pool{n}d/adaptive_avg_pool{n}d/0"))
      for n in (2, 3)),
    (_F + "max_pool1d", Call([_T, 2], {"return_indices": True}), ("max_pool1d_with_indices/max_pool1d_with_indices/0",)),
    (_F + "max_pool3d", Call([_IMAGE, 2]), ("max_pool3d/max_pool3d/0",)),
    *((_F + "interpolate", Call([torch.ones((1, 2) + (3,) * n)], {"scale_factor": 2.0, "mode": mode, "antialias": smooth}),
       (f"{name}/_/0",))
      for mode, n, name, smooth in (
          *(("nearest", n, f"upsample_nearest{n}d", False) for n in (1, 2, 3)),
          *(("nearest-exact", n, f"_upsample_nearest_exact{n}d", False) for n in (1, 2, 3)),
          ("linear", 1, "upsample_linear1d", False), ("bilinear", 2, "upsample_bilinear2d", False),
          ("trilinear", 3, "upsample_trilinear3d", False), ("bicubic", 2, "upsample_bicubic2d", False),
          ("bilinear", 2, "_upsample_bilinear2d_aa", True), ("bicubic", 2, "_upsample_bicubic2d_aa", True),
          ("lanczos", 2, "_upsample_lanczos2d_aa", True))),
    (_F + "bilinear", Call([_T, _T, torch.ones(2, 3, 3)]), ("bilinear/bilinear/0",)),
    (_F + "scaled_dot_product_attention", Call([_T, _T, _T]), ("scaled_dot_product_attention/scaled_dot_product_attention/0",)),
    *((_F + "grid_sample", Call([torch.ones((1, 2) + (3,) * n), torch.zeros((1,) + (2,) * n + (n,))]),
       ("grid_sampler/grid_sampler/0", f"grid_sampler_{n}d/grid_sampler_{n}d/0")) for n in (2, 3)),
    (_F + "affine_grid", Call([torch.ones(1, 2, 3), (1, 1, 2, 2)]), ("affine_grid_generator/affine_grid_generator/0",)),
    (_F + "embedding_bag", Call([_CLASSES, _M, torch.tensor([0, 1])]), ("_embedding_bag/embedding_bag/0",)),
    (_F + "pdist", Call([_T]), ("_pdist_forward/pdist_forward/0",)),
    (_F + "cosine_embedding_loss", Call([_T, _T, torch.tensor([1, -1])]), ("cosine_embedding_loss/cosine_embedding_loss/0",)),
    (_F + "multilabel_margin_loss", Call([_T, torch.tensor([[0, 2, -1], [1, -1, 0]])]),
     ("multilabel_margin_loss/multilabel_margin_loss/0",)),
    (_F + "prelu", Call([_T, torch.ones(1)]), ("_prelu_kernel/prelu_kernel/0",)),
    (_F + "logsigmoid", Call([_T]), ("log_sigmoid/log_sigmoid/0",)),
    (_F + "relu6", Call([_T]), ("relu6/relu6/0",)),
    (_F + "log_softmax", Call([_T, 1]), ("_log_softmax/log_softmax_along/0",)),
    (_F + "softmax", Call([_T, 0]), ("_softmax/softmax_along/0",)),
    (_F + "linear", Call([_T, _M, torch.ones(3)]), ("linear/linear/0",)),
    ("block_diag", Call([_T, _M]), ("block_diag/_block_diag/0",)),
    ("cartesian_prod", Call([torch.ones(2), torch.ones(3)]), ("cartesian_prod/_cartesian_prod/0",)),
    ("chain_matmul", Call([_T, _M, _M]), ("chain_matmul/_/0",)),
    ("cdist", Call([_T, _M]), ("cdist/_cdist/0",)),
    ("einsum", Call(["ij,jk->ki", _T, _M]), ("einsum/_/0",)),
    ("tensordot", Call([_T, _M, 1]), ("tensordot/_/0",)),
    ("linalg.cond", Call([_M, "fro"]), ("linalg_cond/_/1",)),
    ("linalg.norm", Call([_T, "fro"]), ("linalg_norm/_/1",)),
    ("isclose", Call([_T, _T]), ("isclose/is_close/0",)),
    ("outer", Call([torch.ones(3), torch.ones(2)]), ("outer/outer_product/0",)),
    *(("div", Call([_T, _M[:2]], {"rounding_mode": mode}), ("div/_/2", "div/div_unrounded/0", "div/div_rounded/0"))
      for mode in (None, "floor", "trunc")),
    ("div", Call([_T, 2.0], {"rounding_mode": "floor"}), ("divide/_/3",)),
    ("divide", Call([_T, 2.0]), ("divide/_/2",)),
    ("true_divide", Call([_T, 2.0]), ("true_divide/_/1",)),
    ("floor_divide", Call([_T, 2.0]), ("floor_divide/_/1",)),
    ("multiply", Call([_T, 2.0]), ("multiply/_/1",)),
    ("unique", Call([_T]), ("_unique2/unique_elements/0",)),
    ("unique", Call([_T], {"dim": 0}), ("unique_dim/unique_places/0",)),
    ("Tensor.scatter", Call([_T, 1, _CLASSES[:, None], 2.0]), ("scatter/_/1",)),
    ("Tensor.scatter", Call([_T, 1, _CLASSES[:, None], 2.0], {"reduce": "add"}), ("scatter/_/3",)),
    *((f"atleast_{n}d", Call([_T]), (f"atleast_{n}d/_/0",)) for n in (1, 2, 3)),
    *((f"atleast_{n}d", Call([[_T, _M]]), (f"atleast_{n}d/_/1",)) for n in (1, 2, 3)),
    ("broadcast_tensors", Call([_T, _M[:1]]), ("broadcast_tensors/_broadcast/0",)),
    ("meshgrid", Call([torch.ones(2), torch.ones(3)], {"indexing": "ij"}), ("meshgrid/_meshgrid/0",)),
    ("nonzero", Call([_T], {"as_tuple": True}), ("nonzero/_/2", "nonzero/nonzero_positions/0")),
    ("split", Call([_T, 2, 1]), ("split/split_evenly/0", "split/_/0")),
    ("split", Call([_T, [1, 2], 1]), ("split/_/1",)),
    *((f"Tensor.{name}", Call([_T]), (f"{name}/_/0",)) for name in ("bfloat16", "cfloat", "cdouble")),
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One way to call something, with arguments whose floating tensors give only their shapes."""

    name: str
    theirs: Callable[..., Any]
    mine: Callable[..., Any]
    call: Call
    overload: Overload | None  # where it is known
    pointwise: bool
    edits: bool  # the first argument is edited


def forms(names: Sequence[str] = ()) -> list[Form]:
    """All forms, or those of some names, but of the names that are not swept yet."""
    found = [*_declared(), *_by_schema(names), *_written_in_python()]
    return [form for form in found if not names or form.name in names]


def _maker(made: list[int]) -> Callable[..., ak.Tensor]:
    def make(*shape: int, low: float = -2.0, high: float = 2.0) -> ak.Tensor:
        made.append(1)
        count = math.prod(shape)
        step = (high - low) / (count + 1)
        return ak.tensor([low + step * (i + 1) for i in range(count)], dtype=ak.float64).reshape(shape).requires_grad_()

    return make


def _to_theirs(value: Any) -> Any:
    if isinstance(value, ak.Tensor):
        array = array_of(value)
        made = torch.empty_strided(
            array.shape, value.stride(), dtype=getattr(torch, str(value.dtype).partition(".")[2])
        )
        made.copy_(torch.from_numpy(array.copy()))
        return made.requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(_to_theirs(each) for each in value)
    if isinstance(value, ak.dtype):
        return getattr(torch, str(value).partition(".")[2])
    return value


def name_of(overload: Overload) -> str:
    """An overload's name in lists."""
    kernel = overload.kernel.__name__
    number = overload.owner.overloads.index(overload)
    return f"{overload.owner.name}/{kernel}/{number}"


def _declared() -> Iterator[Form]:
    """Each declared overload with its own samples: as a function, a method, in place, or as PyTorch's own kernel."""
    for owner in SETS:
        for overload in owner.overloads:
            if overload.samples is None:
                continue
            for sample in overload.samples(_maker([])):
                args = [_to_theirs(each) for each in sample]
                at = overload.positional
                named = {p.public: v for p, v in zip(overload.parameters[at:], args[at:], strict=False)}
                yield from _ways(overload, args[:at], named)


def _ways(overload: Overload, args: list[Any], named: dict[str, Any]) -> Iterator[Form]:
    owner = overload.owner
    pointwise = overload.pointwise is not None
    name = owner.name
    if "function" in overload.variants and PUBLISHED.get(name) is owner and hasattr(torch, name):
        call = Call(list(args), dict(named))
        yield Form(name, getattr(torch, name), owner.front("function"), call, overload, pointwise, False)
    elif (
        overload.self_at is None
        and not name.startswith("_")
        and not name.endswith("_backward")
        and not hasattr(torch, name)
    ):
        theirs = _kernel_of_theirs(name)
        if theirs is not None:
            mine = overload if not owner.only_in_place else overload.in_place_call
            yield Form(f"aten.{name}", theirs, mine, Call(list(args), dict(named)), overload, pointwise, False)
    if overload.self_at is None:
        return
    ordered = list(args)
    if overload.self_at < len(ordered):
        ordered.insert(0, ordered.pop(overload.self_at))
    for spelled in (name, owner.edit_name):
        found = METHODS.get(spelled)
        if found is None or found[0] is not owner or not hasattr(torch.Tensor, spelled):
            continue
        edits = spelled.endswith("_") and not spelled.endswith("__")
        if edits and not overload.in_place:
            continue
        call = Call(list(ordered), dict(named))
        yield Form(f"Tensor.{spelled}", _method(spelled), _method(spelled), call, overload, pointwise, edits)


def _kernel_of_theirs(name: str) -> Callable[..., Any] | None:
    for place in (torch._C._nn, torch.ops.aten, torch):
        if hasattr(place, name):
            return getattr(place, name)
    return None


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: getattr(self, name)(*args, **kwargs)


def _by_schema(names: Sequence[str]) -> Iterator[Form]:
    """What valid_calls.py makes of PyTorch's schemas."""
    for target in TARGETS.values():
        if target.schema_name in SPARSE or (names and target.name not in names):
            continue
        edits = target.is_method and target.name.endswith("_") and not target.name.endswith("__")
        for call in valid_calls(target, 3):
            reached = reached_by(target.name, call)
            pointwise = reached is not None and reached.pointwise is not None
            yield Form(target.name, target.theirs, target.mine, call, reached, pointwise, edits)


def _written_in_python() -> Iterator[Form]:
    by_name = {name_of(each): each for owner in SETS for each in owner.overloads}
    for name, call, reached in _WRITTEN_IN_PYTHON:
        place, _, short = name.rpartition(".")
        if place == "Tensor":
            theirs = mine = _method(short)
        else:
            theirs, mine = (attrgetter(name)(each) for each in (torch, ak))
        for overload in reached:
            yield Form(name, theirs, mine, call, by_name[overload], False, False)


def reached_by(name: str, call: Call) -> Overload | None:
    """The overload that a public call means."""
    place, _, short = name.rpartition(".")
    if place == "Tensor":
        found = METHODS.get(short)
    elif not place or place in (*NAMESPACES, "nn.functional"):
        short = f"{place}_{short}" if place in NAMESPACES else short
        owner = next((each for each in SETS if each.name == short), None) if place else PUBLISHED.get(short)
        found = None if owner is None else (owner, "function")
    else:
        return None
    if found is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            args = [carried(each) for each in call.args]
            return found[0].choose(args, {n: carried(v) for n, v in call.kwargs.items()}, found[1], short)[0]
    except (TypeError, MisfitError, RuntimeError):
        return None


def unreached(all_forms: list[Form]) -> list[str]:
    """The overloads that no form calls."""
    reached = {id(form.overload) for form in all_forms}
    left = [each for owner in SETS for each in owner.overloads if id(each) not in reached and not each.deprecated]
    other = {*LEFT_OUT, *SPARSE, *QUANTISED}
    return [name_of(each) for each in left if each.owner.name not in other]
