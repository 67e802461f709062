"""What scripts import from PyTorch's files of layers, beside PyTorch: helpers for sizes, and bases to ask or to subclass."""

from __future__ import annotations

from tests.every_case import every_case
from tests.parity.one_line import check

LINES = [
    "u = torch.nn.modules.utils; u._single(3), u._pair(3), u._triple([1, 2]), u._quadruple('a'), u._ntuple(5)(0)",
    "u = torch.nn.modules.utils; u._pair.__name__, u._ntuple(2).__name__, u._reverse_repeat_tuple((1, 2, 3), 2)",
    "m = torch.nn.DataParallel(torch.nn.Linear(2, 1)); s = m.state_dict(); "
    "torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(s, 'module.'); list(s), list(s._metadata)",
    "s = {'a.w': 1, 'b': 2}; torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(s, 'a.'); s",
    "b = torch.nn.modules.batchnorm._BatchNorm; [isinstance(x, b) for x in (torch.nn.BatchNorm2d(1), "
    "torch.nn.SyncBatchNorm(1), torch.nn.InstanceNorm1d(1), torch.nn.LayerNorm(1))]",
    "c = torch.nn.modules.conv._ConvNd; [isinstance(x, c) for x in (torch.nn.Conv1d(1, 1, 1), "
    "torch.nn.ConvTranspose3d(1, 1, 1), torch.nn.Linear(1, 1))]",
    "d = torch.nn.modules.dropout._DropoutNd; [isinstance(x, d) for x in (torch.nn.Dropout2d(), torch.nn.AlphaDropout(), "
    "torch.nn.Identity())]",
    "l = torch.nn.modules.loss; [(isinstance(x, l._Loss), isinstance(x, l._WeightedLoss)) for x in (torch.nn.MSELoss(), "
    "torch.nn.NLLLoss(), torch.nn.BCELoss(), torch.nn.HuberLoss())]",
    "l = torch.nn.modules.loss; s = type('Squares', (l._Loss,), {'forward': lambda self, x: x * x})(reduction='sum'); "
    "s, s.reduction, s(torch.tensor(3.0))",
    "l = torch.nn.modules.loss; s = type('Weighted', (l._WeightedLoss,), {})(torch.ones(2)); s, s.weight, list(s.state_dict())",
    "torch.nn.parallel.DataParallel is torch.nn.DataParallel",
    "torch.nn.parallel.data_parallel(torch.nn.Linear(2, 1), torch.ones(1, 2), [0])",
    "a = torch.nn.attention; c = torch.backends.cuda; w = a.sdpa_kernel(a.SDPBackend.MATH); w.__enter__(); "
    "n = c.math_sdp_enabled(), c.flash_sdp_enabled(), c.mem_efficient_sdp_enabled(), c.cudnn_sdp_enabled(); "
    "w.__exit__(None, None, None); n, c.flash_sdp_enabled(), a.SDPBackend.MATH, str(a.SDPBackend.CUDNN_ATTENTION)",
    "a = torch.nn.attention; c = torch.backends.cuda; "
    "w = a.sdpa_kernel([a.SDPBackend.FLASH_ATTENTION, a.SDPBackend.CUDNN_ATTENTION]); w.__enter__(); "
    "n = c.math_sdp_enabled(), c.flash_sdp_enabled(), c.mem_efficient_sdp_enabled(), c.cudnn_sdp_enabled(); "
    "w.__exit__(None, None, None); n, c.math_sdp_enabled()",
    "torch.nn.attention.sdpa_kernel('math').__enter__()",
    "torch.optim.AdamW.__module__.endswith('.optim.adamw')",
]


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(line)
