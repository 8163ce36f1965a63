#!/usr/bin/python3
"""Print what torchvision says of its networks: names and shapes of every parameter and buffer, and counted MACs.

    tests/peers/torchvision_names.py >tests/unit/zoo/torchvision_names.txt

Needs python3-torchvision (made with 0.14.1). One line a layer, in the order of the state dict; a name begins with as many
characters of the name before as the line says:

    net NAME INPUT MACS ACTIVATIONS      counted in convolutions and linear layers; - where attention multiplies too
    n SHARED REST C                      a BatchNorm: weight, bias, running_mean, running_var [C], num_batches_tracked []
    w SHARED REST DIMENSIONS             NAME.weight
    b SHARED REST DIMENSIONS             NAME.weight, and NAME.bias of the first dimension
    t SHARED REST DIMENSIONS             a tensor that is named so itself
"""
import os
import sys

import torch
import torchvision

NETWORKS = """alexnet convnext_tiny densenet121 densenet161 densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2
efficientnet_v2_s googlenet inception_v3 mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_large
mobilenet_v3_small regnet_y_400mf resnet101 resnet152 resnet18 resnet34 resnet50 resnext101_32x8d resnext50_32x4d
shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0 squeezenet1_0 squeezenet1_1 swin_t vgg11 vgg11_bn
vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn vit_b_16 wide_resnet101_2 wide_resnet50_2""".split()
AUXILIARY = ("googlenet", "inception_v3")  # also with the heads that only train, as NAME+auxiliary
INPUTS = {"inception_v3": 299, "efficientnet_b1": 240, "efficientnet_b2": 288, "efficientnet_v2_s": 384}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def build(name, auxiliary):
    options = {"weights": None}
    if name in AUXILIARY:
        options.update(aux_logits=auxiliary, transform_input=False, init_weights=False)
    return torchvision.models.get_model(name, **options).eval()


def layers(state):
    """(kind, name, shape) of groups of tensors that follow each other."""
    names = list(state)
    position = 0
    while position < len(names):
        name = names[position]
        module, _, last = name.rpartition(".")
        group = names[position : position + 5]
        if group == [f"{module}.{part}" for part in BATCH_NORM]:
            yield "n", module, list(state[name].shape)
            position += 5
        elif group[:2] == [f"{module}.weight", f"{module}.bias"] and state[group[1]].shape == state[name].shape[:1]:
            yield "b", module, list(state[name].shape)
            position += 2
        elif last == "weight":
            yield "w", module, list(state[name].shape)
            position += 1
        else:
            yield "t", name, list(state[name].shape)
            position += 1


def count(model, size):
    """MACs and elements of the outputs of convolutions and linear layers, for one image."""
    macs = activations = 0

    def add(module, _, output):
        nonlocal macs, activations
        activations += output.numel()
        macs += output.numel() * module.weight[0].numel()

    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(add)
    with torch.no_grad():
        model(torch.zeros(1, 3, size, size))
    return macs, activations


def main():
    print(f"# Made by tests/peers/torchvision_names.py from torchvision {torchvision.__version__}; the form is described there.")
    for name in NETWORKS:
        for auxiliary in (False, True) if name in AUXILIARY else (False,):
            model = build(name, auxiliary)
            size = INPUTS.get(name, 224)
            attends = auxiliary or name in ("vit_b_16", "swin_t")  # an auxiliary head runs in training only
            macs, activations = ("-", "-") if attends else count(model, size)
            print("net", name + "+auxiliary" * auxiliary, size, macs, activations)
            previous = ""
            for kind, layer, shape in layers(model.state_dict()):
                shared = len(os.path.commonprefix([previous, layer]))
                print(kind, shared, layer[shared:] or ".", *shape)
                previous = layer
            sys.stdout.flush()


if __name__ == "__main__":
    main()
