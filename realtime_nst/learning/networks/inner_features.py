"""What a style network holds inside while it paints."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import ConvNorm, Residual
from realtime_nst.learning.networks.steered import AdaptiveResidual
from realtime_nst.learning.transforms.transform import Transform

_TAPPED = Residual | AdaptiveResidual | Transform


@contextmanager
def features_of(network: nn.Module) -> Iterator[list[Tensor]]:
    """A list that gets the output of the last residual block, or of the feature transform, float32,
    at each run; without blocks, that of the last convolution with a norm."""
    collected: list[Tensor] = []
    modules = list(network.modules())
    norms = [module for module in modules if isinstance(module, ConvNorm)]
    last: nn.Module = [*norms, *(m for m in modules if isinstance(m, _TAPPED))][-1]
    hook = last.register_forward_hook(lambda _, __, output: collected.append(output.float()))
    try:
        yield collected
    finally:
        hook.remove()
