"""The reference's 2d3d exploration network in PyTorch: candidates per second in training and embedding:
processor seconds on the CPU, seconds of the clock on CUDA after an epoch to warm up.

contrastive_peer.py BATCH single|batched BATCHES DEVICE: augmentation image by image, as the reference does, or on the whole batch.
Embedding keeps gradients, as the reference does. Prints one JSON object. One thread.
"""

import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
batch, mode, batches, device = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if stride > 1 else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        shapes = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]
        self.blocks = nn.Sequential(*[Block(*shape) for shape in shapes])
        self.fc = nn.Linear(512, 128)
        linear = lambda: nn.Linear(128, 128, bias=False)
        self.projector = nn.Sequential(
            linear(), nn.BatchNorm1d(128), nn.ReLU(), linear(), nn.BatchNorm1d(128), nn.ReLU(),
            linear(), nn.BatchNorm1d(128, affine=False))  # fmt: skip
        self.predictor = nn.Sequential(linear(), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128))

    def forward(self, x):
        h = self.blocks(self.stem(torch.cat([x[:, :1], x[:, 1:]]))).mean((2, 3))
        z = self.projector(self.fc(torch.cat(h.chunk(2), dim=1)))
        return z, self.predictor(z)


def augmented(x, strong):
    n = x.shape[0]
    flips = torch.randint(0, 2, (2, n), device=device) * 2.0 - 1
    angle = torch.randint(0, 4, (n,), device=device) * math.pi / 2 + (torch.rand(n, device=device) * 2 - 1) * math.radians(30 if strong else 0)
    c, s, o = angle.cos(), angle.sin(), torch.zeros(n, device=device)
    rows = torch.stack([c * flips[0], -s * flips[1], o, s * flips[0], c * flips[1], o], dim=1).view(n, 2, 3)
    y = F.grid_sample(x, F.affine_grid(rows, list(x.shape), align_corners=False), align_corners=False)
    top, left = torch.randint(0, 8, (2, n, 1, 1, 1), device=device).unbind()
    r, q = torch.arange(36, device=device).view(1, 1, 36, 1), torch.arange(36, device=device).view(1, 1, 1, 36)
    inside = (r >= top) & (r < top + 5) & (q >= left) & (q < left + 5) & (torch.rand(n, 1, 1, 1, device=device) < 0.5)
    return y.masked_fill(inside, 3.0)


def view(x, strong):
    if mode == "batched":
        return augmented(x, strong)
    return torch.cat([augmented(x[i : i + 1], strong) for i in range(len(x))])


torch.manual_seed(317)
network = Network().to(device)
optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
crops = torch.sin(torch.arange(batches * batch * 2 * 36 * 36, dtype=torch.float32)).view(-1, 2, 36, 36)


def clock():
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def epoch():
    for part in torch.randperm(len(crops)).split(batch):
        x = crops[part].to(device)
        (z1, p1), (z2, p2) = network(view(x, True)), network(view(x, False))
        loss = -0.5 * (F.cosine_similarity(p1, z2.detach()).mean() + F.cosine_similarity(p2, z1.detach()).mean())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item(), F.normalize(p1, dim=1).std(0).mean().item()


if device != "cpu":
    epoch()
begun = clock()
epoch()
trained = clock()
network.eval()
outputs = [network(part.to(device))[1].detach().cpu().numpy() for part in crops.split(256)]
done = clock()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"train": len(crops) / (trained - begun), "embed": len(crops) / (done - trained), "peak_gib": peak}))
