#!/usr/bin/env bash
# The tomograms that `localize_ablation` predicts and nothing was learned from: localize_scenes.sh OUT TEMPLATES [SEED]
# TEMPLATES holds the density maps, `6qzp.mrc` and so on. The folders of OUT go to `localize_ablation` after the one that is
# learned from. Other seeds give other scenes of the same kinds.
set -euo pipefail
out=$1 maps=$2 seed=${3:-0}

scene() {
    local name=$1 number=$2
    shift 2
    cryo simulate -o "$out/$name" --name "$name" --seed $((seed + number)) "$@"
}
as_learned=(--map "$maps/6qzp.mrc:48" --map "$maps/3j9i.mrc:70" --map "$maps/1bxn.mrc:122" --map "$maps/2cg9.mrc:94")
common=(--membranes 2 --tubes 1 --gold 5)

scene base 1 "${as_learned[@]}" "${common[@]}"
scene noisy 2 "${as_learned[@]}" "${common[@]}" --dose 60
scene clean 3 "${as_learned[@]}" "${common[@]}" --dose 240 --defocus 2.5
scene coarse 4 "${as_learned[@]}" "${common[@]}" --voxel-size 13
scene fine 5 --map "$maps/6qzp.mrc:24" --map "$maps/3j9i.mrc:35" --map "$maps/1bxn.mrc:61" --map "$maps/2cg9.mrc:47" "${common[@]}" --voxel-size 7.5
# Four of the six are unknown to what was learned on `sim01`; fatty acid synthase is as large as a ribosome.
scene mix 6 --map "$maps/6qzp.mrc:25" --map "$maps/2uv8.mrc:15" --map "$maps/3cf3.mrc:40" --map "$maps/1u6g.mrc:40" \
    --map "$maps/1bxn.mrc:60" --map "$maps/1s3x.mrc:60" --membranes 3 --tubes 3 --gold 12
