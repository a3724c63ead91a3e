"""What the server has done, for people and for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Metrics:
    """Counted since the start, but ``viewers``, which is now; seconds add up over frames."""

    limit: int
    viewers: int = 0
    viewers_total: int = 0
    viewers_refused_total: int = 0
    requests_refused_total: int = 0
    frames_received_total: int = 0
    frames_painted_total: int = 0
    frames_dropped_total: int = 0
    painting_seconds_total: float = 0.0
    latency_seconds_total: float = 0.0

    def prometheus(self) -> str:
        """The text exposition format, version 0.0.4."""
        return "".join(line + "\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, meaning in _MEANINGS.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            yield f"# HELP realtime_nst_{name} {meaning}"
            yield f"# TYPE realtime_nst_{name} {kind}"
            yield f"realtime_nst_{name} {getattr(self, name)}"


_MEANINGS = {
    "viewers": "Viewers connected now.",
    "limit": "Viewers there may be at once.",
    "viewers_total": "Viewers taken in.",
    "viewers_refused_total": "Viewers sent away because there were too many.",
    "requests_refused_total": "Requests refused for their host, origin or token.",
    "frames_received_total": "Camera pictures decoded.",
    "frames_painted_total": "Pictures painted.",
    "frames_dropped_total": "Pictures left out: too many came, or a newer one was there.",
    "painting_seconds_total": "Seconds spent painting.",
    "latency_seconds_total": "Seconds from a picture's arrival to its hand-over, added up.",
}
