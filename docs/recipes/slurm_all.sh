#!/usr/bin/env bash
# From tomograms to particles on a Slurm cluster: submits jobs that wait for one another.
#
#   PARTS=16 docs/recipes/slurm_all.sh explore  few.tsv all.tsv
#   cryo view all        (or: cryo select all --list, and cryo select all --classes 3 -o picked.star)
#   PARTS=16 docs/recipes/slurm_all.sh localize picked.star 250 all.tsv
#
# few.tsv lists 5 to 10 tomograms to learn from, all.tsv all of them. Options for training stand in cryo.toml, if it is there.
#   PARTS    parts of the dataset           [default: 8]
#   SBATCH   options for every job, such as --partition=gpu
#   TRAIN    options for training alone, such as "--cpus-per-task=8 --gres=gpu:1"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
parts=${PARTS:-8}
config=()
[ ! -e cryo.toml ] || config=(--config cryo.toml)

# A join waits for its parts whether they failed or not, as it does what is left.
# Submits and prints the number of the job.
submit() { # shellcheck disable=SC2086
    sbatch --parsable ${SBATCH:-} "$@"
}
after() { printf -- '--dependency=%s:%s' "$1" "$2"; }

case ${1:-} in
explore)
    few=$2 all=$3
    # shellcheck disable=SC2086
    train=$(submit ${TRAIN:-} "$here/slurm_array.sh" explore train --data "$few" --out run "${config[@]}")
    embed=(explore embed --run run --data "$all" --out all)
    each=$(submit "$(after afterok "$train")" --array="1-$parts" "$here/slurm_array.sh" "${embed[@]}")
    join=$(submit "$(after afterany "$each")" "$here/slurm_array.sh" "${embed[@]}")
    last=$(submit "$(after afterok "$join")" "$here/slurm_array.sh" explore cluster all "${config[@]}")
    ;;
localize)
    coords=$2 diameter=$3 all=$4
    # shellcheck disable=SC2086
    train=$(submit ${TRAIN:-} "$here/slurm_array.sh" localize train --data "$all" --coords "$coords" --diameter "$diameter" \
        --out localized "${config[@]}")
    predict=(localize predict --run localized --data "$all" --out picks)
    each=$(submit "$(after afterok "$train")" --array="1-$parts" "$here/slurm_array.sh" "${predict[@]}")
    last=$(submit "$(after afterany "$each")" "$here/slurm_array.sh" "${predict[@]}")
    ;;
*)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
echo "$last"
