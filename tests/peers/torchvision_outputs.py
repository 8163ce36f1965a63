#!/usr/bin/python3
"""Run torchvision's network on given weights and images, for tests/slow/torchvision_outputs_test.cpp.

    tests/peers/torchvision_outputs.py NAME WEIGHTS.pth IMAGES SIZE OUTPUTS

IMAGES holds float32 values [N, 3, SIZE, SIZE], OUTPUTS becomes float32 values [N, 1000]. Every tensor of the weights is loaded
(strictly). Exits with 77 where torchvision is missing.
"""
import sys

try:
    import numpy
    import torch
    import torchvision  # noqa: F401
except ImportError as error:
    print(f"torchvision is not here: {error}")
    sys.exit(77)

from torchvision_names import build


def main():
    name, weights, images, size, outputs = sys.argv[1:]
    model = build(name, auxiliary=False)
    model.load_state_dict(torch.load(weights), strict=True)
    values = numpy.fromfile(images, dtype=numpy.float32).reshape(-1, 3, int(size), int(size))
    with torch.no_grad():
        model(torch.from_numpy(values)).numpy().astype(numpy.float32).tofile(outputs)


if __name__ == "__main__":
    main()
