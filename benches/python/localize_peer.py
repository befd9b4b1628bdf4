"""The recommended localization network in PyTorch: samples a second in training, seconds for a tomogram.

localize_peer.py DEVICE ROUNDS Z Y X. Processor seconds on the CPU, seconds of the clock on CUDA. One thread. Prints one row of a
Markdown table.
"""

import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
device, rounds, shape = sys.argv[1], int(sys.argv[2]), [int(n) for n in sys.argv[3:6]]


def clock():
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


class Block(nn.Sequential):
    def __init__(self, a, b):
        layers = []
        for c in (a, b):
            layers += [nn.Conv2d(c, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        super().__init__(*layers)


class Network(nn.Module):
    def __init__(self, w=16, blocks=3):
        super().__init__()
        widths = [w << i for i in range(blocks)]
        self.down = nn.ModuleList(Block(a, b) for a, b in zip([1] + widths, widths))
        pairs = list(zip(widths[:0:-1], widths[-2::-1]))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs)
        self.norm = nn.ModuleList(nn.BatchNorm2d(b) for _, b in pairs)
        self.up = nn.ModuleList(Block(2 * b, b) for _, b in pairs)
        self.last = nn.Conv2d(w, w, 1)
        self.fuse = nn.ModuleList(
            nn.Sequential(nn.Conv3d(w, w, 3, padding=(d, 1, 1), dilation=(d, 1, 1), bias=False), nn.BatchNorm3d(w), nn.ReLU())
            for d in (1, 2))  # fmt: skip
        self.heat = nn.Conv3d(w, 1, 1)

    def forward(self, x):
        n, z, y, w = x.shape
        h, skips = x.reshape(n * z, 1, y, w), []
        for i, block in enumerate(self.down):
            h = block(F.max_pool2d(h, 2, ceil_mode=True) if i else h)
            skips.append(h)
        skips.pop()
        for grow, norm, block in zip(self.grow, self.norm, self.up):
            skip = skips.pop()
            h = block(torch.cat([F.relu(norm(grow(h)[..., : skip.shape[2], : skip.shape[3]])), skip], 1))
        h = self.last(h).view(n, z, -1, y, w).transpose(1, 2)
        for layer in self.fuse:
            h = layer(h)
        return self.heat(h)


def loss_of(logits, g, prior=0.003):
    p = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    drawn, free = (g > 0).float(), (g < 0).float()
    value = g.clamp(min=0)
    mass = (value * drawn).sum().clamp(min=1)
    entropy = -(value * p.log() + (1 - value) * (1 - p).log())
    down = -(p**2) * (1 - p).log()
    fit = (entropy * (value - p) ** 2 * drawn).sum() / mass
    rest = (down * free).sum() / free.sum() - prior * (down * value * drawn).sum() / mass
    return prior * fit + rest.relu()


def round_():
    torch.manual_seed(1)
    network = Network().to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    samples = torch.randn(20, 4, 7, 64, 64)
    target = torch.full((4, 1, 7, 64, 64), -1.0)
    target[:, :, 3, 30:34, 30:34] = 0.7
    target[:, :, 3, 32, 32] = 1.0

    def epoch():
        for part in samples:
            loss = loss_of(network(part.to(device)), target.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()

    epoch()
    begun = clock()
    epoch()
    trained = clock() - begun
    network.eval()
    volume = torch.randn(shape)

    def look():
        with torch.no_grad():
            parts = []
            for z in range(0, shape[0], 32):
                low, high = max(z - 3, 0), min(z + 35, shape[0])
                heat = network(volume[None, low:high].to(device)).sigmoid()
                parts.append(heat[0, 0, z - low : z - low + 32].cpu())
            return torch.cat(parts)

    if device != "cpu":
        look()
    begun = clock()
    look()
    return 80 / trained, clock() - begun


best = [0.0, float("inf")]
for _ in range(rounds):
    training, looking = round_()
    best = [max(best[0], training), min(best[1], looking)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"| PyTorch {torch.__version__}, f32 | {best[0]:.1f} | | {best[1]:.2f} | {peak:.2f} |")
