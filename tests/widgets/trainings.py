"""Small trainings in a view, run and clicked as a learner would; the tests of the view share them."""

import threading

from tests.vision.test_train import Descent, Line, batches, squared


def fit(view, epochs=2, loader=None, during=lambda: None, **options):
    model = Line()
    return view.fit(model, loader or batches(), squared, Descent(model, during=during), epochs, **options)


def press(view, kind, **more):
    view._hear(view, {"kind": kind, **more}, [])


def wait_until(condition):
    for _ in range(3000):  # a minute: a picture takes as long as the machine is busy with others
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never happened")
