"""Takes the CPU half of libtorch and the licences out of the wheels: extract.py WHEELS OUT."""

import glob
import os
import shutil
import sys
import zipfile

wheels, out = sys.argv[1:3]
missing = {
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so.1",
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
}
licences = ("LICENSE", "NOTICE", "License.txt")

for wheel in glob.glob(os.path.join(wheels, "*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            base = name.rsplit("/", 1)[-1]
            if name in missing:
                missing.discard(name)
                target = os.path.join(out, "lib", base)
            elif name.startswith("torch/include/") and base:
                target = os.path.join(out, name[len("torch/"):])
            elif ".dist-info/" in name and base in licences:
                target = os.path.join(out, "licenses", name.replace("/", "_"))
            else:
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.open(name) as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)

sys.exit(f"missing in the wheels: {sorted(missing)}" if missing else 0)
