"""Our own runtime on the execution providers for NVIDIA's cards."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from gpu_rows.networks import PAINTING, STYLES, WEIGHTS, apart, frame
from gpu_rows.plan import Figures, Lacks, Row
from gpu_rows.timing import Clock, spread

_SECONDS = {"cuda": 30.0, "tensorrt": 240.0}
"""What a row may take; TensorRT builds an engine."""


@dataclass(frozen=True)
class Providers:
    """``rehearse``: where a provider is absent, ONNX Runtime's CPU stands in for it."""

    clock: Clock
    sizes: Sequence[tuple[int, int]]
    rehearse: bool

    def rows(self) -> Iterator[Row]:
        for provider, seconds in _SECONDS.items():
            for name in ("fast", "any"):
                measure = partial(self._measure, provider, name)
                yield Row(f"provider {provider}, {name}", measure, seconds)

    def _measure(self, provider: str, name: str) -> Sequence[Figures]:
        from realtime_nst.runtime.providers import PROVIDERS

        absence = PROVIDERS[provider].absence()
        if absence and (not self.rehearse or PROVIDERS["cpu"].absence()):
            raise Lacks(f"{absence}; it needs {PROVIDERS[provider].install}")
        return self._on("cpu" if absence else provider, provider, name)

    def _on(self, used: str, asked: str, name: str) -> Sequence[Figures]:
        """``build s`` is to the first picture at the first size, ``load s`` the same once more,
        with what the first left in the cache."""
        build, _ = self._opened(used, name)
        load, stylizer = self._opened(used, name)
        about = {"network": name, "provider": asked, "on": stylizer.provider}
        found = []
        for size in self.sizes:
            picture = frame(*size)[0]
            made = stylizer(picture)
            times = spread(Clock("cpu", self.clock.longest).readings(partial(stylizer, picture)))
            mean, most = apart(made, self._wanted(name, size))
            parity = {"precision": "f16", "mean off": mean, "most off": most}
            shown = {"size": f"{size[1]}x{size[0]}", "build s": build, "load s": load}
            found.append({**about, **shown, **times, **parity})
        return found

    def _opened(self, provider: str, name: str) -> tuple[float, object]:
        from realtime_nst.runtime.stylizer import Stylizer

        style, painter = _style(name)
        began = time.perf_counter()
        stylizer = Stylizer(style, provider, painter=painter)
        stylizer(frame(*self.sizes[0])[0])
        return time.perf_counter() - began, stylizer

    def _wanted(self, name: str, size: tuple[int, int]) -> object:
        from realtime_nst.runtime.stylizer import Stylizer

        style, painter = _style(name)
        return Stylizer(style, "cpu", painter=painter)(frame(*size)[0])


def _style(name: str) -> tuple[str, str]:
    """What ``Stylizer`` takes for a network, and its painter."""
    network = str(WEIGHTS / f"{STYLES[name]}.onnx")
    return (str(PAINTING), network) if name == "any" else (network, "")
