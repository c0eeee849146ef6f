#!/bin/sh
# Two commits in one sitting: how many times faster the second is, line by line of a bench.
#
#   benches/compare.sh HEAD~1 HEAD steps dae_dsm --f64 --threads 2
#
# They take turns, and the best of three rounds counts. Both must have the bench, with JSON lines.
set -eu
[ $# -ge 3 ] || { echo "usage: benches/compare.sh OLD NEW BENCH [WORDS FOR THE BENCH]" >&2; exit 2; }
old=$1 new=$2 bench=$3
shift 3
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
# A worktree may be missing after a failure; and dash runs EXIT after a signal only if we exit ourselves.
clean() {
    for side in old new; do
        git -C "$root" worktree remove --force "$work/$side" 2>/dev/null || :
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' HUP INT TERM
for side in old new; do
    eval "commit=\$$side"
    git -C "$root" worktree add --quiet --detach "$work/$side" "$commit"
    (cd "$work/$side" && cargo bench --quiet --no-run --bench "$bench")
done
for _ in 1 2 3; do
    for side in old new; do
        (cd "$work/$side" && cargo bench --quiet --bench "$bench" -- "$@") >"$work/run"
        sed -n "s/^{/{\"side\":\"$side\",/p" "$work/run" >>"$work/lines"
    done
done
awk '
    function field(name) { match($0, "\"" name "\":\"?[^,\"}]*"); s = substr($0, RSTART, RLENGTH); sub(/^[^:]*:"?/, "", s); return s }
    {
        line = field("bench") " " field("shape") " " field("dtype") " " field("threads")
        if (!(line in seen)) { seen[line]; order[++lines] = line }
        side = field("side"); time = field("best_ms") + 0
        if (!((line, side) in best) || time < best[line, side]) best[line, side] = time
    }
    END {
        for (i = 1; i <= lines; i++) {
            line = order[i]
            if ((line, "old") in best && (line, "new") in best) {
                ratio = best[line, "old"] / best[line, "new"]; sum += log(ratio); n++
                printf "%-44s %12.6f ms %12.6f ms %6.2f\n", line, best[line, "old"], best[line, "new"], ratio
            }
        }
        if (!n) { print "no line in common" > "/dev/stderr"; exit 1 }
        printf "%-74s %6.2f\n", "geometric mean of " n, exp(sum / n)
    }' "$work/lines"
