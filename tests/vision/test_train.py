"""Training runs: what they report, and that stopping or Ctrl-C leaves them where they can go on."""

import os
import signal
import time

import pytest

import autogradkit as torch
from autogradkit.vision.train import Training, accuracy, evaluate, fit


class Line:
    """y = w·x, with the two modes of a module."""

    def __init__(self):
        self.w = torch.tensor([0.0], requires_grad=True)
        self.training = True

    def __call__(self, x):
        return x * self.w

    def train(self, mode=True):
        self.training = mode

    def eval(self):
        self.train(False)


class Descent:
    """Plain gradient descent; `during` is called in the middle of each step."""

    def __init__(self, model, lr=0.1, during=lambda: None):
        self.model, self.during, self.taken = model, during, 0
        self.param_groups = [{"lr": lr}]

    def zero_grad(self):
        self.model.w.grad = None

    def step(self):
        self.taken += 1
        self.during()
        with torch.no_grad():
            self.model.w.sub_(self.model.w.grad * self.param_groups[0]["lr"])


def squared(output, target):
    return ((output - target) * (output - target)).mean()


def batches(count=4):
    return [(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 6.0])) for _ in range(count)]


def run(count=4, during=lambda: None, **options):
    model = Line()
    return Training(model, batches(count), squared, Descent(model, during=during), **options)


def test_every_batch_and_every_epoch_is_reported():
    training = run(test_loader=batches(2))
    steps = list(training.steps(2))
    assert [(s.epoch, s.batch, s.batches) for s in steps] == [(e, b, 4) for e in (0, 1) for b in range(4)]
    assert [s.at for s in steps[:5]] == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert steps[0].loss == 22.5
    assert steps[0].loss > steps[-1].loss
    assert steps[0].accuracy is None
    first, second = training.epochs
    assert (first.number, second.number) == (1, 2)
    assert first.loss == pytest.approx(sum(s.loss for s in steps[:4]) / 4)
    assert first.test_loss > second.test_loss
    assert training.learning_rate == 0.1


def test_fit_learns():
    model = Line()
    epochs = fit(model, batches(), squared, Descent(model), 5)
    assert len(epochs) == 5
    assert model.w.item() == pytest.approx(3.0, abs=1e-4)


def test_a_run_goes_on_in_the_middle_of_an_epoch():
    whole, parted = run(), run()
    expected = [s.loss for s in whole.steps(2)]
    losses = []
    for step in parted.steps(2):
        losses.append(step.loss)
        if len(losses) == 3:
            break
    parted.model.eval()
    for step in parted.steps(2):
        assert parted.model.training
        losses.append(step.loss)
    assert losses == expected
    assert parted.epochs == whole.epochs


def test_an_interrupt_waits_for_the_step_in_hand():
    def interrupt():
        if training.optimizer.taken == 3:
            os.kill(os.getpid(), signal.SIGINT)

    training = run(during=interrupt)
    before = signal.getsignal(signal.SIGINT)
    steps = []
    with pytest.raises(KeyboardInterrupt):
        steps.extend(_noting(training.steps(2), steps))
    assert len(steps) == training.optimizer.taken == 3
    assert signal.getsignal(signal.SIGINT) is before
    uninterrupted = [s.loss for s in run().steps(2)]
    assert [s.loss for s in steps] + [s.loss for s in training.steps(2)] == uninterrupted


def _noting(steps, noted):
    for step in steps:
        noted.append(step)
    return []


def test_a_second_interrupt_does_not_wait():
    def interrupt_twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second interrupt should have come first")

    with pytest.raises(KeyboardInterrupt):
        run(during=interrupt_twice).run(1)


def test_a_loop_that_is_left_with_an_interrupt_held_gets_it_a_moment_later():
    training = run(during=lambda: os.kill(os.getpid(), signal.SIGINT))
    for _ in training.steps(1):
        break
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10)


def test_a_step_that_an_interrupt_came_before_is_given_later():
    def interrupt():
        if training.optimizer.taken == 2:
            raise KeyboardInterrupt  # as one that comes when the handler is just put back

    class After(Descent):
        def step(self):
            super().step()
            interrupt()

    training = run()
    training.optimizer = After(training.model)
    told = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(_noting(training.steps(1), told))
    assert len(told) == 1
    told += training.steps(1)
    assert [(s.epoch, s.batch) for s in told] == [(0, number) for number in range(4)]


def test_an_interrupt_that_does_not_wait_leaves_the_batch_to_be_learnt_again():
    def interrupt():
        nonlocal torn
        if training.optimizer.taken == 1 and not torn:
            torn = True
            raise KeyboardInterrupt

    class Torn(Line):
        def __call__(self, x):
            interrupt()
            return super().__call__(x)

    torn = False
    training, whole = run(), run()
    training.model = Torn()
    training.optimizer = Descent(training.model)
    with pytest.raises(KeyboardInterrupt):
        training.run(1)
    training.run(1)
    assert torn
    assert [s.loss for s in training.epochs.steps] == [s.loss for s in whole.run(1).steps]
    assert training.model.w.tolist() == whole.model.w.tolist()


def test_an_interrupted_evaluation_is_done_again():
    class Test:
        asked = 0

        def __iter__(self):
            self.asked += 1
            if self.asked == 1:
                raise KeyboardInterrupt
            return iter(batches(1))

    training = run(test_loader=Test())
    with pytest.raises(KeyboardInterrupt):
        training.run(1)
    assert training.epochs == []
    assert training.run(1)[0].test_loss is not None
    assert training.optimizer.taken == 4


def test_the_scheduler_steps_once_an_epoch():
    class Halve:
        def step(self):
            training.optimizer.param_groups[0]["lr"] /= 2

    training = run(scheduler=Halve())
    training.run(3)
    assert training.learning_rate == 0.1 / 8


def test_evaluation_builds_no_graph_and_puts_the_mode_back():
    model = Line()
    seen = []

    def loss(output, target):
        seen.append((output.requires_grad, model.training))
        return squared(output, target)

    assert evaluate(model, batches(2), loss) == (22.5, None)
    assert seen == [(False, False)] * 2
    assert model.training


def test_accuracy_is_measured_where_classes_are():
    scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], requires_grad=True)
    assert accuracy(scores, torch.tensor([1, 0, 0, 0])) == 0.75
    assert accuracy(scores, torch.tensor([1.0, 0.0, 0.0, 0.0])) is None
    assert accuracy(scores, scores) is None
    assert accuracy(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)) is None


def test_a_loader_without_a_length():
    model = Line()
    training = Training(model, iter(batches(3)), squared, Descent(model))
    steps = list(training.steps(1))
    assert [(s.batches, s.at) for s in steps] == [(None, 1.0)] * 3


def test_means_weigh_batches_by_their_size():
    model = Line()
    one, two = (torch.tensor([1.0]), torch.tensor([3.0])), (torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.0]))
    assert evaluate(model, [one, two], squared) == (3.0, None)


def kept_training():
    """One with everything that a state holds: batch norm, dropout, momentum, a schedule, a shuffle."""
    torch.manual_seed(4)
    x = torch.rand(24, 3)
    data = torch.utils.data.TensorDataset(x, x.sum(1).long())
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 4)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = torch.utils.data.DataLoader(data, 8, shuffle=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    return Training(model, loader, torch.nn.CrossEntropyLoss(), optimizer, test_loader=loader, scheduler=scheduler)


def test_a_saved_state_goes_on_as_if_it_had_never_stopped(tmp_path):
    whole = kept_training()
    whole.run(4)
    first = kept_training()
    first.run(2)
    torch.save(first.state_dict(), tmp_path / "run.pt")
    second = kept_training()
    second.load_state_dict(torch.load(tmp_path / "run.pt"))
    assert second.epochs == whole.epochs[:2]
    given = list(second.steps(4))
    assert [(step.epoch, step.batch, step.loss) for step in given] == [
        (step.epoch, step.batch, step.loss) for step in whole.epochs.steps[6:]
    ]
    assert second.epochs == whole.epochs
    assert second.epochs.steps == whole.epochs.steps


def test_there_is_no_state_in_the_middle_of_an_epoch():
    training = kept_training()
    for _ in training.steps(1):
        break
    with pytest.raises(RuntimeError, match="between epochs only"):
        training.state_dict()


def test_a_state_of_something_else_is_refused():
    training = kept_training()
    state = training.state_dict()
    with pytest.raises(ValueError, match="not a training run"):
        training.load_state_dict({**state, "history": {}})
    with pytest.raises(RuntimeError, match="Missing key"):
        training.load_state_dict({**state, "model": {}})
