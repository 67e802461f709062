"""Functions of PyTorch's namespaces in classes and in files: what stands for the input, what a pickle finds again."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

NAMES = [
    "tanh",
    "relu_",
    "clip",
    "einsum",
    "linalg.det",
    "special.erf",
    "special.expit",
    "fft.rfft",
    "sparse.mm",
    "nn.functional.conv2d",
    "nn.functional.gelu",
    "nn.functional.linear",
    "nn.functional.logsigmoid",
    "nn.functional.pairwise_distance",
    "nn.functional.relu",
]


def named(library, name):
    for each in name.split("."):
        library = getattr(library, each)
    return library


@pytest.mark.parametrize("name", ["tanh", "relu_", "nn.functional.gelu", "linalg.norm", "special.erf", "fft.rfft"])
def test_a_function_that_stands_in_a_class_is_given_the_input_alone(name):
    answers = []
    for library in (autogradkit, torch):
        unit = type("Unit", (library.nn.Module,), {"act": named(library, name)})()
        plain = type("Plain", (), {"act": named(library, name)})()
        x = library.tensor([-1.5, 0.25, 2.0])
        answers.append((np.asarray(unit.act(x.clone())), np.asarray(plain.act(x.clone()))))
    for ours, theirs in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@every_case("name", NAMES)
@every_case("writer", [autogradkit, torch])
def test_a_file_with_a_function_is_read_by_both(name, writer):
    for reader in (autogradkit, torch):
        file = io.BytesIO()
        writer.save({"act": named(writer, name)}, file)
        file.seek(0)
        assert reader.load(file, weights_only=False)["act"] == named(reader, name)


@pytest.mark.parametrize("name", ["tanh", "relu_", "nn.functional.gelu", "linalg.det"])
def test_a_function_is_found_again_by_a_pickle_and_equal_after_a_deep_copy(name):
    function = named(autogradkit, name)
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.copy(function) is function
    assert copy.deepcopy(function) == function
    assert {function: 1}[copy.deepcopy(function)] == 1


def test_a_name_that_no_function_has_is_refused_by_the_class_of_functions():
    with pytest.raises(AttributeError, match="has no attribute 'tanhh'"):
        _ = autogradkit.tanh.__self__.tanhh
