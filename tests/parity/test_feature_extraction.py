"""`vision.models.feature_extraction`: the names of what a network computes, and modules that give it, as torchvision has them."""

import copy
import warnings

import numpy as np
import pytest
import torch

import autogradkit
import autogradkit.vision.models.feature_extraction as ours
from tests.parity.oracle_vision import torchvision

theirs = pytest.importorskip("torchvision.models.feature_extraction")
BOTH = ((autogradkit, autogradkit.vision, ours), (torch, torchvision, theirs))


def warned(run):
    """(what it gives, or its error's type and text; the warnings)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            given = run()
        except Exception as error:
            given = type(error).__name__, str(error)
    return given, [(each.category, str(each.message)) for each in caught]


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "squeezenet1_1",
        "mobilenet_v3_small",
        "shufflenet_v2_x0_5",
        "efficientnet_b0",
        "vit_b_16",
        "convnext_tiny",
    ],
)
def test_nodes_have_the_same_names(name):
    found = [
        warned(lambda v=vision, f=features: f.get_graph_node_names(getattr(v.models, name)()))
        for _, vision, features in BOTH
    ]
    assert found[0] == found[1]
    assert len(found[0][0][0]) > 30


@pytest.mark.parametrize(
    "wanted", [["layer1", "layer3.0.relu_1", "avgpool"], {"layer2.1": "two", "fc": "last"}, {"relu": "first"}]
)
def test_what_nodes_compute_is_given_under_their_names(wanted):
    found = []
    for library, vision, features in BOTH:
        library.manual_seed(3)
        net = features.create_feature_extractor(vision.models.resnet18().eval(), wanted)
        given = net(library.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64))
        names = [name for name, _ in net.named_parameters()]
        found.append(
            (net.code, net.training, names, {name: np.asarray(value.detach()) for name, value in given.items()})
        )
    assert found[0][:3] == found[1][:3]
    assert list(found[0][3]) == list(found[1][3])
    for name, value in found[0][3].items():
        np.testing.assert_allclose(value, found[1][3][name], rtol=2e-3, atol=2e-4)


def two_ways(library):
    class Net(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = library.nn.Linear(3, 3)
            self.drop = library.nn.Dropout(0.5)

        def forward(self, x):
            x = self.first(x)
            return self.drop(x) * 2 if self.training else x * 2 + 1

    return Net()


def test_training_and_evaluation_have_graphs_of_their_own():
    found = []
    for library, _, features in BOTH:
        nodes = {"train_return_nodes": ["drop"], "eval_return_nodes": {"mul": "twice", "add": "more"}}
        net, said = warned(lambda lib=library, f=features, n=nodes: f.create_feature_extractor(two_ways(lib), **n))
        names = []
        for each in (net, copy.deepcopy(net)):
            for mode in (False, True, False):
                each.train(mode)
                names.append(list(each(library.ones(2, 3))))
        found.append((names, said, warned(lambda lib=library, f=features: f.get_graph_node_names(two_ways(lib)))))
    assert found[0] == found[1]
    assert found[0][0][:2] == [["twice", "more"], ["drop"]]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_nodes": ["layer9"]},
        {"return_nodes": ["firs"]},
        {"train_return_nodes": ["first"]},
        {"return_nodes": ["first"], "train_return_nodes": ["first"], "eval_return_nodes": ["first"]},
    ],
    ids=str,
)
def test_what_cannot_be_returned_is_refused(options):
    found = [
        warned(lambda lib=library, f=features: f.create_feature_extractor(two_ways(lib), **options))[0]
        for library, _, features in BOTH
    ]
    assert found[0] == found[1]
    assert found[0][0] == "ValueError"


def test_a_refused_model_keeps_its_mode():
    net = two_ways(autogradkit).eval()
    with pytest.raises(ValueError, match="'layer9' is not present"):
        ours.create_feature_extractor(net, ["layer9"])
    assert not net.training
