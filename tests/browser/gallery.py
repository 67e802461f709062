"""Every picture, at 800 and 1600 px, light and dark, to be looked at: `python -m tests.browser.gallery [NAME ...]`.

It runs the scenes below in real JupyterLab and writes tests/browser/screenshots/gallery/NAME.png, one sheet a scene: the
narrow page, then the wide one, light above dark, and on the right what is stored, as columns of `STORED` px show it. A scene is
the cells of a notebook, of which the last is photographed, after what a learner does with it. Without names all are made
(about twenty minutes on two processors). Rests on `harness.py` and on the traced cells of tests/tracing/render/cells.py.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from tests.browser.harness import SIZE, Lab
from tests.browser.notebook_files import write_notebook
from tests.browser.processes import ROOT, SCREENSHOTS, launch, serve
from tests.tracing.render.cells import CELLS, FANS

GALLERY = SCREENSHOTS / "gallery"
WIDTHS = (800, 1600)
HEIGHT = 900
STORED = (600, 1140)  # the narrowest usual column; that of a page of 1,280 px in nbconvert
SETUP = "import autogradkit as torch\n%load_ext autogradkit"
Act = Callable[[Locator], None]


@dataclass(frozen=True)
class Scene:
    """The cells of a notebook, and what is done with the last one's output before it is photographed."""

    cells: tuple[str, ...]
    act: Act | None = None


def press(*names: str) -> Act:
    """Press the buttons of these names, one after the other."""

    def act(cell: Locator) -> None:
        for name in names:
            cell.get_by_role("button", name=name).first.click()

    return act


def keys(selector: str, *names: str) -> Act:
    """Focus a part of the picture and press these keys."""

    def act(cell: Locator) -> None:
        cell.locator(selector).first.focus()
        for name in names:
            cell.page.keyboard.press(name)

    return act


def then(*acts: Act) -> Act:
    """Do one after the other."""

    def act(cell: Locator) -> None:
        for each in acts:
            each(cell)

    return act


def choose(answer: str) -> Act:
    """Answer a question."""

    def act(cell: Locator) -> None:
        cell.get_by_role("radio", name=answer).click()
        cell.get_by_role("button", name="Answer").click()

    return act


def slide(name: str, *keys: str) -> Act:
    """Focus the slider of this name and press these keys."""

    def act(cell: Locator) -> None:
        cell.get_by_role("slider", name=name).focus()
        for key in keys:
            cell.page.keyboard.press(key)

    return act


def traced(name: str, act: Act | None = None) -> Scene:
    before, source = CELLS[name]
    return Scene((SETUP, before, f"%%trace\n{source}"), act)


LOOP = (
    "for i in range(30):\n    loss = ((w * x) ** 2).mean()\n    loss.backward()\n"
    "    with torch.no_grad():\n        w -= .05 * w.grad"
)
RNN = (
    "torch.manual_seed(0)\nWx = torch.randn(3, 2, requires_grad=True)\nWh = torch.randn(3, 3, requires_grad=True)\n"
    "b = torch.zeros(3, requires_grad=True)\nxs = torch.randn({}, 2)\nh = torch.zeros(3)"
)
RNN_CELL = "%%trace\nfor x_t in xs:\n    h = torch.tanh(Wx @ x_t + Wh @ h + b)\nloss = (h ** 2).sum()\nloss.backward()"
WEIGHTS = "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)"
TWICE = "\n(w * x).sum().backward()\n(w ** 2).sum().backward()"
MATRIX = "a = torch.arange(12.).reshape(3, 4)\nb = a.t()\nc = a[:, 1:3]\nd = a[0].expand(3, 4)"
ASK = (
    "from autogradkit.lessons import predict\n"
    'predict("What is w.grad?", ["[1., 2., 3.]", "[2., 4., 6.]", "None"], "[2., 4., 6.]")'
)
TRAIN = "%train lenet --epochs 2"

TABS = ("Test pictures", "Filters", "Feature maps", "Confusions")

NEWER = {  # layers and ops whose pictures have rows, columns, several results or complex numbers
    "layer-norm": (
        "norm = torch.nn.LayerNorm(3)\nx = torch.tensor([[1., 2., 4.], [0., -1., 3.]], requires_grad=True)",
        "loss = norm(x)[0, 2]\nloss.backward()",
    ),
    "conv1d": (
        "torch.manual_seed(0)\nconv = torch.nn.Conv1d(1, 2, 3)\nx = torch.tensor([[0., 1., 3., 2., 5.]])",
        "y = conv(x).relu()\nloss = torch.nn.functional.max_pool1d(y, 3).sum()\nloss.backward()",
    ),
    "attention": (
        "torch.manual_seed(0)\nq, k, v = (torch.randn(1, 3, 2, requires_grad=True) for _ in range(3))",
        "out = torch.nn.functional.scaled_dot_product_attention(q, k, v)\nout.sum().backward()",
    ),
    "attention-by-hand": (
        "torch.manual_seed(0)\nx = torch.randn(1, 3, 4)\nWq, Wk, Wv = (torch.randn(4, 4, requires_grad=True) for _ in range(3))",
        "q, k, v = x @ Wq, x @ Wk, x @ Wv\nweights = (q @ k.transpose(-2, -1) / 2).softmax(-1)\n(weights @ v).sum().backward()",
    ),
    "gan-step": (
        "torch.manual_seed(0)\nF = torch.nn.functional\nG, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)\n"
        "to_g, to_d = (torch.optim.SGD(net.parameters(), lr=.1) for net in (G, D))\nreal = torch.randn(4, 3)",
        "fake = G(torch.randn(4, 2))\nd_loss = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()\n"
        "d_loss.backward()\nto_d.step()\ng_loss = F.softplus(-D(fake)).mean()\ng_loss.backward()\nto_g.step()",
    ),
    "characters": (
        "torch.manual_seed(0)\nids = torch.tensor([1, 0, 2, 2, 3])\n"
        "emb, cell = torch.nn.Embedding(4, 3), torch.nn.RNNCell(3, 4)\nhead = torch.nn.Linear(4, 4)\n"
        "h, loss = torch.zeros(1, 4), 0.",
        "for t in range(4):\n    h = cell(emb(ids[t : t + 1]), h)\n"
        "    loss = loss + torch.nn.functional.cross_entropy(head(h), ids[t + 1 : t + 2])\nloss.backward()",
    ),
    "lstm": (
        "torch.manual_seed(0)\nlstm = torch.nn.LSTM(2, 3, 2)\nreadout = torch.nn.Linear(3, 1)\nx = torch.randn(4, 1, 2)",
        "outputs, (h, c) = lstm(x)\nloss = readout(outputs[-1]).square().sum()\nloss.backward()",
    ),
    "lstm-cell": (
        "torch.manual_seed(0)\ncell = torch.nn.LSTMCell(2, 3)\nxs = torch.randn(4, 1, 2)\nh = c = torch.zeros(1, 3)",
        "for x in xs:\n    h, c = cell(x, (h, c))\nloss = h.square().sum()\nloss.backward()",
    ),
    "gru": (
        "torch.manual_seed(0)\ngru = torch.nn.GRU(2, 3)\nx = torch.randn(3, 1, 2)",
        "outputs, last = gru(x)\nloss = last.square().sum()\nloss.backward()",
    ),
    "multihead": (
        "torch.manual_seed(0)\nattend = torch.nn.MultiheadAttention(4, 2, batch_first=True)\nx = torch.randn(1, 3, 4)",
        "out, weights = attend(x, x, x)\nloss = out.square().sum()\nloss.backward()",
    ),
    "encoder-layer": (
        "torch.manual_seed(0)\nlayer = torch.nn.TransformerEncoderLayer(4, 2, 8, 0.0)\nx = torch.randn(3, 1, 4)",
        "out = layer(x)\nloss = out[0, 0].square().sum()\nloss.backward()",
    ),
    "solve": (
        "A = torch.tensor([[2., 1.], [1., 3.]], requires_grad=True)\nb = torch.tensor([1., 2.])",
        "x = torch.linalg.solve(A, b)\nvalues, vectors = torch.linalg.eigh(A)\nloss = x.sum() + values[0]\nloss.backward()",
    ),
    "functions": (  # of the learner's, that ran twice
        "torch.manual_seed(0)\nq, k = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)\n"
        "pos = torch.arange(3.)",
        "def rope(x):\n    half = x.shape[-1] // 2\n    angle = pos[:, None] / 10 ** (torch.arange(half) / half)\n"
        "    a, b = x[..., :half], x[..., half:]\n"
        "    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)\n"
        "scores = rope(q) @ rope(k).T\nloss = scores.logsumexp(-1).sum()\nloss.backward()",
    ),
    "batch-norm": (
        "torch.manual_seed(0)\nnn = torch.nn\nx, y = torch.randn(2, 1, 8, 8), torch.tensor([0, 2])\n"
        "net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3))",
        "loss = nn.functional.cross_entropy(net(x), y)\nloss.backward()",
    ),
    "fft": (
        "signal = torch.tensor([1., 2., 0., -1.], requires_grad=True)",
        "spectrum = torch.fft.rfft(signal)\npower = spectrum.abs() ** 2\npower[1].backward()",
    ),
    "cuts": (
        "import copy\nx = torch.tensor([1., 2.], requires_grad=True)",
        "w = torch.nn.Parameter(x * 2)\nc = copy.deepcopy(x)\nloss = (w * c).sum()\nloss.backward()",
    ),
}

NETWORK = (
    "from autogradkit import nn, optim\nimport autogradkit.nn.functional as F\ntorch.manual_seed(0)\n"
    "net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))\nX = torch.randn(4, 2)\ny = torch.randn(4, 1)\n"
    "opt = optim.SGD(net.parameters(), lr=.1)"
)
NETWORK_STEP = "%%trace\nopt.zero_grad()\nloss = ((net(X) - y) ** 2).mean()\nloss.backward()\nopt.step()"
DESCENT_BEFORE = (
    "torch.manual_seed(0)\nX, y = torch.randn(4, 2), torch.randn(4)\nw = torch.zeros(2, requires_grad=True)\n"
    "opt = torch.optim.SGD([w], lr=.1)"
)
DESCENT = (
    "%%trace\nfor k in range(2):\n    loss = ((X @ w - y) ** 2).mean()\n    opt.zero_grad()\n"
    "    loss.backward()\n    opt.step()"
)
CHAIN = "y = x" + ".sin().exp().neg().tanh()" * 11 + "\ny.sum().backward()"
CHECK = 'from autogradkit.lessons import check\ncheck("w.grad is the sum of both gradients", {})'

SCENES: dict[str, Scene] = {
    **{f"graph-{name}": traced(name) for name in CELLS},
    "graph-rnn": Scene((SETUP, RNN.format(4), RNN_CELL)),
    "graph-rnn-30": Scene((SETUP, RNN.format(30), RNN_CELL)),
    "graph-descent": Scene((SETUP, WEIGHTS, "%%trace\n" + LOOP)),
    "step-forward": traced("broadcast", press("First step", *["Step forward"] * 3)),
    "step-backward": traced("broadcast", press("Step back", "Step back")),
    "detail-op": traced("broadcast", keys('.ak-item[aria-label*="tanh"]', "Enter")),
    "detail-leaf": traced("accumulate", keys('.ak-item[aria-label^="w"]', "Enter")),
    "detail-conv": traced("lenet", keys('.ak-item[aria-label*="conv1"]', "Enter")),
    "graph-late": Scene((SETUP, WEIGHTS + "\nloss = ((w * x) ** 2).sum()", "%graph loss")),
    **{f"graph-{name}": Scene((SETUP, before, f"%%trace\n{cell}")) for name, (before, cell) in NEWER.items()},
    **{
        f"fan-{name.replace(' ', '-')}": Scene((SETUP, before, f"%%trace\n{cell}"))
        for name, (before, cell) in FANS.items()
    },
    "node-names": traced("broadcast", press("Node names")),
    "table": traced("broadcast", press("Table")),
    "full-height": traced("lenet", press("Full height")),
    "call-open": Scene(
        (SETUP, FANS["einsum"][0], f"%%trace\n{FANS['einsum'][1]}"),
        then(keys('.ak-item[aria-label^="einsum"]', "Enter"), press("Unfold einsum (operations 5–39)")),
    ),
    "detail-call": Scene(
        (SETUP, NEWER["attention"][0], f"%%trace\n{NEWER['attention'][1]}"),
        then(keys('.ak-item[aria-label^="scaled"]', "Enter"), press("Measure the derivative")),
    ),
    "graph-two-steps": Scene((SETUP, DESCENT_BEFORE, DESCENT)),
    "middle": Scene((SETUP, "x = torch.ones(3, requires_grad=True)", "%%trace\n" + CHAIN)),
    "middle-open": Scene(
        (SETUP, "x = torch.ones(3, requires_grad=True)", "%%trace\n" + CHAIN),
        keys('.ak-item[aria-label="27 operations"]', "Enter"),
    ),
    "modules-open": Scene((SETUP, NETWORK, NETWORK_STEP), press("Fold modules")),
    "stack-open": Scene((SETUP, WEIGHTS, "%%trace\n" + LOOP), keys('.ak-item[aria-label*="turns"]', "Enter", "f")),
    "storage-many": Scene(
        (SETUP, MATRIX + "\ne = b[1:]\nf = a.view(-1)[2:9]\ng = torch.ones(2, 3)", "%storage a b c d e f g")
    ),
    "strides-hops": Scene((SETUP, MATRIX, "%strides a"), slide("stride of dim 1", "ArrowRight")),
    "strides-illegal": Scene((SETUP, MATRIX, "%strides a"), slide("stride of dim 0", "End")),
    "why-copied": Scene((SETUP, MATRIX, "b.reshape(12)", "%why b.reshape(12)")),
    "ledger-open": Scene((SETUP, WEIGHTS, LOOP, "%ledger w"), keys(".ak-entry", "Enter")),
    "ledger-stepped": Scene((SETUP, WEIGHTS + TWICE, "%ledger w"), press("First step")),
    "ledger-none": Scene((SETUP, WEIGHTS, "%ledger w")),
    "training-log": Scene((SETUP, TRAIN), press("Log axis")),
    "check-right": Scene((SETUP, WEIGHTS, CHECK.format("True"))),
    "check-wrong": Scene((SETUP, WEIGHTS, CHECK.format("False"))),
    "storage": Scene((SETUP, MATRIX, "%storage a b c d")),
    "strides": Scene((SETUP, MATRIX, "%strides a")),
    "why": Scene((SETUP, MATRIX, "b.view(12)", "%why")),
    "ledger-few": Scene((SETUP, WEIGHTS + TWICE, "%ledger w")),
    "ledger-loop": Scene((SETUP, WEIGHTS, LOOP, "%ledger w")),
    "training": Scene((SETUP, TRAIN)),
    **{f"training-{tab.lower().replace(' ', '-')}": Scene((SETUP, TRAIN), press(tab)) for tab in TABS},
    "predict": Scene((SETUP, ASK)),
    "predict-wrong": Scene((SETUP, ASK), choose("None")),
    "predict-right": Scene((SETUP, ASK), choose("[2., 4., 6.]")),
}


def photograph(lab: Lab, still: Page, name: str, scene: Scene) -> Path:
    """Run one scene and lay its photographs onto one sheet."""
    path = write_notebook(lab.server.root / f"{name}.ipynb", scene.cells)
    lab.side_bar(shown=False)  # the page's width is the notebook's
    lab.open(path)
    lab.run_all()
    broken = [output for output in lab.outputs(0) if output["output_type"] == "error"]
    if broken:
        raise RuntimeError(f"{name}: {broken[0]['ename']}: {broken[0]['evalue']}")
    shots: dict[tuple[int, str], Path] = {}
    acted = False
    for theme in ("light", "dark"):
        lab.theme(theme)  # which loads a style sheet: seldom
        for width in WIDTHS:
            lab.page.set_viewport_size({"width": width, "height": HEIGHT})
            cell = lab.cell(len(scene.cells) - 1)
            if scene.act is not None and not acted:
                cell.locator(".ak-widget").first.wait_for()
                scene.act(cell)
                acted = True
            lab.page.mouse.move(0, 0)  # what lies under the pointer lights up
            lab.settle()  # Python draws anew what the act and the width ask for
            shots[width, theme] = lab.screenshot(f"gallery/{name}-{width}-{theme}", cell)
    columns = [[shots[width, theme] for theme in ("light", "dark")] for width in WIDTHS]
    html = [
        output["data"]["text/html"]
        for output in lab.outputs(len(scene.cells) - 1)
        if "text/html" in output.get("data", {})
    ]
    columns.append([photograph_stored(still, "".join(html), width, name) for width in STORED])
    lab.clear()
    return sheet(columns, GALLERY / f"{name}.png")


def photograph_stored(page: Page, html: str, width: int, name: str) -> Path:
    """What a notebook stores, where nothing makes it live, in a column of this width."""
    page.set_viewport_size({"width": width, "height": 3 * HEIGHT})  # a picture takes a part of the window
    page.set_content(f'<!doctype html><body style="margin:0;min-height:20px;font:14px sans-serif">{html}</body>')
    file = GALLERY / f"{name}-stored-{width}.png"
    page.locator("body").screenshot(path=file)
    return file


def sheet(columns: list[list[Path]], file: Path) -> Path:
    """Lay photographs onto one page, column beside column."""
    opened = [[Image.open(shot) for shot in column] for column in columns]
    rows = [max(image.height for image in row) for row in zip(*opened, strict=True)]
    widths = [max(image.width for image in column) for column in opened]
    page = Image.new("RGB", (sum(widths) + 8 * len(widths), sum(rows) + 8 * len(rows)), "#888888")
    for number, column in enumerate(opened):
        for place, image in enumerate(column):
            page.paste(image, (sum(widths[:number]) + 8 * number, sum(rows[:place]) + 8 * place))
    page.save(file)
    for shot in (shot for column in columns for shot in column):
        shot.unlink()
    return file


def main(names: list[str]) -> None:
    unknown = sorted(set(names) - set(SCENES))
    if unknown:
        sys.exit(f"no scene is named {', '.join(unknown)}; there are {', '.join(SCENES)}")
    GALLERY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        lab = Lab(browser.new_page(viewport=SIZE, device_scale_factor=1), server)
        still = browser.new_page(device_scale_factor=1)
        for name in names or SCENES:
            print(photograph(lab, still, name, SCENES[name]).relative_to(ROOT), flush=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
