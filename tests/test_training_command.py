"""`autogradkit train`: its networks, what a GPT writes as it goes, curves, and a run that a checkpoint goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

import autogradkit as torch
from autogradkit import cli
from autogradkit.text.letters import sonnets


def trained(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str], str]:
    status = cli.main(["train", *map(str, arguments)])
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err


@pytest.fixture
def short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autogradkit.text.recipe.sonnets", lambda: sonnets()[:1500])
    monkeypatch.setattr("autogradkit.text.recipe.WRITTEN", 20)


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.pt"
    _, whole, _ = trained(capsys, "mlp", "--epochs", 3, "--seed", 5)
    status, begun, _ = trained(capsys, "mlp", "--epochs", 2, "--seed", 5, "--checkpoint", file)
    assert status == 0
    assert begun[1:3] == whole[1:3]
    status, rest, _ = trained(capsys, "mlp", "--epochs", 3, "--seed", 5, "--checkpoint", file)
    assert status == 0
    assert rest == [whole[0], "going on after epoch 2", *whole[3:]]
    _, nothing, _ = trained(capsys, "mlp", "--epochs", 3, "--seed", 5, "--checkpoint", file)
    assert nothing == [whole[0], "going on after epoch 3", whole[-1]]


def test_a_checkpoint_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.pt"
    for content, reason in (
        ({"network": "mlp", "seed": 1, "training": {}}, "it is one of mlp, seed 1"),
        ({"weights": torch.ones(2)}, "autogradkit train did not write it"),
    ):
        torch.save(content, file)
        before = file.read_bytes()
        status, printed, said = trained(capsys, "mlp", "--checkpoint", file)
        assert (status, printed) == (2, [])
        assert said == f"autogradkit train: {file} is no checkpoint of mlp, seed 0: {reason}\n"
        assert file.read_bytes() == before
    file.write_text("a shopping list")
    assert trained(capsys, "mlp", "--checkpoint", file)[2].endswith("seed 0: it cannot be read\n")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--checkpoint", "nowhere/run.pt"], "there is no folder 'nowhere'"),
        (["--checkpoint", "x" * 300], f"'{'x' * 30}': File name too long"),
        (["--curves", "curves.xyz"], "'curves.xyz' should end in .png, .svg or .pdf"),
    ],
)
def test_files_that_cannot_be_are_refused_at_once(
    option: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "mlp", *option])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("network", ["cnn", "rnn"])
def test_other_networks_read_digits(network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    curves = tmp_path / "curves.svg"
    status, printed, said = trained(capsys, network, "--epochs", 1, "--curves", curves)
    assert status == 0
    assert printed[0] == f"{network}, seed 0, 1 epochs of 79 batches"
    assert "79/79" in said
    assert "accuracy" in curves.read_text()


@pytest.mark.usefixtures("short_text")
def test_a_gpt_writes_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gpt.pt"
    status, printed, _ = trained(capsys, "gpt", "--epochs", 2, "--checkpoint", file)
    assert status == 0
    assert sum(line.startswith("When ") for line in printed) == 2
    assert printed[-1].startswith("the test loss of a letter is ")
    assert "%" not in printed[1]
    _, quiet, said = trained(capsys, "gpt", "--epochs", 2, "--checkpoint", file, "--quiet")
    assert said == ""
    assert quiet[-1] == printed[-1], "looking at what it writes changes nothing"


@pytest.mark.usefixtures("short_text")
def test_a_gpt_that_is_watched_learns_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    watched = trained(capsys, "gpt", "--epochs", 2)[1][-1]
    assert trained(capsys, "gpt", "--epochs", 2, "--quiet")[1][-1] == watched
