"""Wrong calls of what PyTorch writes in Python are refused with PyTorch's type and text; `KNOWN` says where they are not."""

from __future__ import annotations

import re

from .wrong_python_calls import differences, sample

SEED, COUNT = 20, 1500
KNOWN = {
    r"gradcheck\(": "steps and tolerances that are no numbers: Python's words, or NumPy's",
    r"ignore_index=T\.tensor\(\[1\]\)|padding_idx=T\.tensor\(\[1\]\)": "PyTorch takes a tensor with one element for this integer",
    r"conv2d\(|Conv2d\(": "weights and inputs with too few dimensions, named in another order",
    r"ModuleList\(.*\)\.insert\(": "PyTorch takes anything into a list there",
    r"\.to\((1\.5|True|1j|float\('nan'\))": "PyTorch takes these for a device",
    r"Generator\(": "names that C gives its own refusals",
    r"no_grad\(": "names of PyTorch's private classes",
    r"\.step\(foo": "the class that has the method",
    r"Parameter\(object": "Python's words of a class",
    r"create_graph=(np|T)": "flags that are arrays",
}


def test_a_sample_is_refused_as_in_pytorch() -> None:
    print(f"seed {SEED}")
    found = [
        f"{text}\n    PyTorch {theirs}\n    here    {mine}"
        for text, theirs, mine in differences(sample(COUNT, SEED))
        if not any(re.search(known, text) for known in KNOWN)
    ]
    assert not found, "\n".join(found)


def test_no_refusal_names_a_private_attribute() -> None:
    """Of a call that is refused here otherwise, the reason is one that a user can see."""
    private = [
        f"{text}: {mine}"
        for text, _, mine in differences(sample(COUNT, SEED + 1))
        if mine is not None and mine[0] == "AttributeError" and re.search(r"attribute '_[a-z]", mine[1])
    ]
    assert not private, "\n".join(private)
