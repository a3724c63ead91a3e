"""Counters of the server, in Prometheus' format."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Metrics:
    """Totals since the start; ``viewers`` is the current number. Seconds are sums over frames."""

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
    films_taken_total: int = 0
    films_painted_total: int = 0
    films_refused_total: int = 0

    def prometheus(self) -> str:
        """All metrics in the text exposition format, version 0.0.4."""
        return "".join(line + "\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, meaning in _MEANINGS.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            yield f"# HELP realtime_nst_{name} {meaning}"
            yield f"# TYPE realtime_nst_{name} {kind}"
            yield f"realtime_nst_{name} {getattr(self, name)}"


_MEANINGS = {
    "viewers": "Viewers connected now.",
    "limit": "Most viewers at once.",
    "viewers_total": "Viewers admitted.",
    "viewers_refused_total": "Viewers refused because there were too many.",
    "requests_refused_total": "Requests refused for their host, origin or token.",
    "frames_received_total": "Camera pictures decoded.",
    "frames_painted_total": "Pictures painted.",
    "frames_dropped_total": "Pictures dropped: too many came, or a newer one replaced them.",
    "painting_seconds_total": "Seconds spent painting.",
    "latency_seconds_total": "Seconds from arrival to sending, summed over pictures.",
    "films_taken_total": "Films that have arrived.",
    "films_painted_total": "Films painted.",
    "films_refused_total": "Films refused for want of room, or because they did not arrive.",
}
