"""LeNet, an MLP, a newer convolutional net and a recurrent one, for 28×28 digits. Rests on nn; `recipes.py` trains them.

All take pixels from 0 to 1, shape (N, 1, 28, 28), and give logits (N, 10), for the cross entropy.
"""

from __future__ import annotations

from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional


class LeNet(nn.Module):
    """LeNet-5 (LeCun et al., 1998) with ReLU and max pooling: (N, 1, 28, 28) → (N, 10).

    The first convolution pads by 2, which makes the picture the 32×32 of the paper. 61,706 parameters.

    >>> import autogradkit as torch
    >>> LeNet()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        return self.fc3(x)


class MLP(nn.Module):
    """A perceptron with two hidden layers, 784-128-64-10: (N, 1, 28, 28) or (N, 784) → (N, 10). 109,386 parameters.

    >>> import autogradkit as torch
    >>> MLP()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = x.flatten(1)
        x = functional.relu(self.fc1(x))
        x = functional.relu(self.fc2(x))
        return self.fc3(x)


class CNN(nn.Module):
    """Two convolutions with batch norm, and dropout before the readout: (N, 1, 28, 28) → (N, 10). 20,586 parameters.

    >>> import autogradkit as torch
    >>> CNN()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = functional.max_pool2d(functional.relu(self.norm1(self.conv1(x))), 2)
        x = functional.max_pool2d(functional.relu(self.norm2(self.conv2(x))), 2)
        return self.fc(self.dropout(x.flatten(1)))


class RNN(nn.Module):
    """An LSTM that reads a picture row by row, from above: (N, 1, 28, 28) → (N, 10). 49,354 parameters.

    >>> import autogradkit as torch
    >>> RNN()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(28, 96, batch_first=True)
        self.fc = nn.Linear(96, 10)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        outputs, _ = self.lstm(x.flatten(0, 1))
        return self.fc(outputs[:, -1])
