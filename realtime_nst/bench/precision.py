"""What an execution provider computes in."""

_PRECISIONS = {"tensorrt": "f16", "coreml": "mixed", "openvino-gpu": "f16"}
"""Of the providers whose name does not end in their precision; the rest compute in f32."""


def precision(provider: str) -> str:
    """Of a provider in use: "bf16" for "openvino-bf16", "f32" for "cpu"."""
    return _PRECISIONS.get(provider) or provider.partition("-")[2] or "f32"
