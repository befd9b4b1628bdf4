"""Times one operation of a Python peer in a fresh process: io_peers.py OPERATION FILE [OUT].

Writing is synced to the disk, as cryo_io does. Prints seconds and peak resident bytes as JSON. Run by the binary `side_by_side`; needs numpy, mrcfile
and starfile from PyPI.
"""

import json
import os
import resource
import sys
import time


def main(operation: str, path: str, out: str | None) -> float:
    if operation == "numpy-read":
        import numpy

        start = time.perf_counter()
        data = numpy.fromfile(path, dtype="<f4", offset=1024)
        float(data[-1])
        return time.perf_counter() - start
    if operation == "numpy-write":
        import numpy

        data = numpy.fromfile(path, dtype="<f4", offset=1024)
        start = time.perf_counter()
        with open(out, "wb") as file:
            data.tofile(file)
            file.flush()
            os.fsync(file.fileno())
        return time.perf_counter() - start
    if operation == "mrcfile-read":
        import mrcfile

        start = time.perf_counter()
        with mrcfile.open(path) as volume:
            float(volume.data[-1, -1, -1])
        return time.perf_counter() - start
    if operation == "mrcfile-write":
        import mrcfile

        data = mrcfile.read(path)
        start = time.perf_counter()
        mrcfile.write(out, data, overwrite=True, voxel_size=10.0)
        with open(out, "rb+") as file:
            os.fsync(file.fileno())
        return time.perf_counter() - start
    if operation == "starfile-read":
        import starfile

        start = time.perf_counter()
        table = starfile.read(path)
        assert len(table) > 0
        return time.perf_counter() - start
    raise SystemExit(f"unknown operation {operation}")


if __name__ == "__main__":
    seconds = main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}))
