"""Times Python's peers on a matrix of vectors: embed_peers.py OPERATION FILE.npy [OUT.npy].

OPERATION is `umap NEIGHBOURS MIN_DIST` or `kmeans K`, e.g. `embed_peers.py umap:40:0.5 points.npy layout.npy`.
umap-learn compiles first on 4,500 rows, which is not counted (above 4,096 rows it takes the same way as for many).
Threads are those of NUMBA_NUM_THREADS and OMP_NUM_THREADS. Prints seconds, CPU seconds, peak resident bytes and what
was reached as JSON. Needs umap-learn and scikit-learn from PyPI.
"""

import json
import resource
import sys
import time

import numpy as np


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(job):
    wall, busy = time.perf_counter(), cpu()
    result = job()
    return result, time.perf_counter() - wall, cpu() - busy


def main(operation, path, out):
    points = np.load(path).astype(np.float32)
    name, *arguments = operation.split(":")
    facts = {}
    if name in ("umap", "umap-seeded"):
        import umap

        neighbours, min_dist = int(arguments[0]), float(arguments[1])
        seed = 42 if name == "umap-seeded" else None

        def run(rows):
            return umap.UMAP(n_neighbors=neighbours, min_dist=min_dist, random_state=seed).fit_transform(rows)

        run(points[:4500])
        layout, wall, busy = timed(lambda: run(points))
        if out:
            np.save(out, layout.astype(np.float32))
    elif name == "kmeans":
        from sklearn.cluster import KMeans

        KMeans(2, n_init=1, random_state=0).fit(points[:1000])
        model, wall, busy = timed(lambda: KMeans(int(arguments[0]), n_init=1, random_state=0).fit(points))
        facts = {"inertia": float(model.inertia_), "iterations": int(model.n_iter_)}
    else:
        raise SystemExit(f"unknown operation {operation}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": wall, "cpu_seconds": busy, "peak_bytes": peak, **facts}))


if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore")
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
