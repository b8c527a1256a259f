"""Networks as readers may have them: odd ones, and ones that cannot be tried."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Functional(nn.Module):
    """Calls functions in place of modules, and one layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(784, 20), nn.Linear(20, 20)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.first(x))
        h = h + torch.tanh(self.second(h))
        return h + functional.gelu(self.second(h))


class Tuples(nn.Module):
    """Its recurrent layer returns a tuple in a tuple, and it a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(28, 8, batch_first=True)
        self.last = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        outputs, _ = self.recurrent(x.view(-1, 28, 28))
        return {"logits": self.last(input=outputs[:, -1])}


class Fixed(nn.Module):
    """Gives what it was made with, whatever comes in."""

    def __init__(self, output: object) -> None:
        super().__init__()
        self.layer, self.output = nn.Linear(784, 4), output

    def forward(self, x: Tensor) -> object:
        self.layer(x)
        return self.output


class Unused(nn.Module):
    """Calls none of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x


class WithoutGradient(nn.Module):
    """Computes where nothing is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 4)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x)
        return y


def dense() -> nn.Sequential:
    return nn.Sequential(nn.Linear(784, 30), nn.ReLU(inplace=True), nn.Linear(30, 10))


def frozen() -> nn.Module:
    return dense().requires_grad_(requires_grad=False)


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))


def not_a_number() -> nn.Module:
    network = dense()
    for parameter in network[0].parameters():
        nn.init.constant_(parameter, math.nan)
    return network


def dead() -> nn.Module:
    network = dense()
    for parameter in network[0].parameters():
        nn.init.zeros_(parameter)
    return network


def same() -> nn.Module:
    torch.manual_seed(7)
    return dense()


def words() -> tuple[nn.Module, Tensor]:
    return nn.Sequential(nn.Embedding(9, 6), nn.Flatten(), nn.Linear(18, 2)), torch.ones(
        5, 3, dtype=torch.long
    )


def attention() -> tuple[nn.Module, Tensor]:
    return nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), torch.randn(3, 5, 16)


def half() -> nn.Module:
    return dense().to(torch.bfloat16)


def normalised_weights() -> nn.Module:
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(784, 10))
    return nn.Sequential(layer, nn.ReLU())


def one_image() -> tuple[nn.Module, Tensor]:
    return dense(), torch.randn(1, 784)


def image_network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(2352, 5))


def functions() -> nn.Module:
    return Functional()


def tuples() -> nn.Module:
    return Tuples()


def without_gradient() -> nn.Module:
    return WithoutGradient()


instance = dense()


def dropping() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 9), nn.ReLU(), nn.Dropout(), nn.Linear(9, 3))


def evaluated() -> nn.Module:
    return dropping().eval()


def no_parameters() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.ReLU())


def wrong_shape() -> nn.Module:
    return nn.Linear(783, 10)


def raising() -> nn.Module:
    raise RuntimeError("a mistake\nof the reader")


def leaving() -> nn.Module:
    raise SystemExit(3)


def unused() -> nn.Module:
    return Unused()


def text() -> nn.Module:
    return Fixed("text")


def constant() -> nn.Module:
    return Fixed(torch.ones(3))


def empty() -> tuple[nn.Module, Tensor]:
    return dense(), torch.empty(0, 784)


def none() -> None:
    return None


number = 3
