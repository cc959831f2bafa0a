"""From a trained network to the files that are shipped: ONNX with a parity check, and the bundle. Needs torch."""
