"""From checkpoints to ONNX style files, float and int8."""
