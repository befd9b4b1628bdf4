#!/usr/bin/env bash
# One command of cryo as a Slurm job, or, as a job array, on one part of a dataset per task.
#
#   sbatch slurm_array.sh explore train --data few.tsv --out run
#   sbatch --array=1-8 slurm_array.sh explore embed --run run --data all.tsv --out all
#   sbatch slurm_array.sh explore embed --run run --data all.tsv --out all
#
# A task that was killed goes on where it stopped when it is requeued, or when the same line is submitted again. The last
# line, the same command without --array, joins the parts and does what none of them has done.
#
#   CRYO     the program                            [default: cryo]
#   PARTS    of how many parts the array is one     [default: tasks in the array; say it to repeat some: PARTS=8 sbatch --array=3,7 …]
#
#SBATCH --job-name=cryo
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --output=%x-%j.log
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: sbatch [--array=1-N] $0 COMMAND OF CRYO" >&2; exit 2; }

options=(--resume --progress plain --threads "${SLURM_CPUS_PER_TASK:-1}")
# Memory in MiB; 0 is all of the node.
if [ "${SLURM_MEM_PER_NODE:-0}" -gt 0 ]; then
    options+=(--memory "$(awk -v mebibytes="$SLURM_MEM_PER_NODE" 'BEGIN { print mebibytes / 1024 }')")
fi
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    parts=${PARTS:-$SLURM_ARRAY_TASK_COUNT}
    if [ "$SLURM_ARRAY_TASK_ID" -lt 1 ] || [ "$SLURM_ARRAY_TASK_ID" -gt "$parts" ]; then
        echo "task $SLURM_ARRAY_TASK_ID of $parts parts: count tasks from 1, and say PARTS where the array is not all of them" >&2
        exit 2
    fi
    options+=(--shard "$SLURM_ARRAY_TASK_ID/$parts")
fi
echo "${CRYO:-cryo} $* ${options[*]}"
exec "${CRYO:-cryo}" "$@" "${options[@]}"
