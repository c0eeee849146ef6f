#!/bin/sh
# Everything that the benches measure, in one file of JSON lines: first what the machine is, then each
# bench in both precisions, on one thread and on all.
#
#   benches/measure.sh measured.jsonl
#   benches/measure.sh measured.jsonl --secs 2 --peers python3
#
# There are ROUNDS rounds, three by default. In each, a line is measured for SECS seconds. A shared machine may be
# slow for minutes, so readers of the file take the fastest round of each line. PYTHON has jax and numpy, and
# runs benches/peers.py in turn with ours: what else the machine does then meets both. The file is written
# whole, at the end.
set -eu
usage() { echo "usage: benches/measure.sh FILE [--secs SECS] [--rounds ROUNDS] [--peers PYTHON]" >&2; exit 2; }
fail() { echo "measure.sh: $*" >&2; exit 1; }
file='' secs=0.5 rounds=3 python=''
while [ $# -gt 0 ]; do
    case $1 in
        --secs) [ $# -ge 2 ] || usage; secs=$2; shift ;;
        --rounds) [ $# -ge 2 ] || usage; rounds=$2; shift ;;
        --peers) [ $# -ge 2 ] || usage; python=$2; shift ;;
        -*) usage ;;
        *) [ -z "$file" ] || usage; file=$1 ;;
    esac
    shift
done
[ -n "$file" ] || usage
[ -d "$(dirname "$file")" ] || fail "there is no folder for $file"
[ ! -d "$file" ] || fail "$file is a folder"
file=$(cd "$(dirname "$file")" && pwd)/$(basename "$file")
case $secs in *[!0-9.]* | *.*.* | '' | .) fail "--secs wants a number, not '$secs'" ;; esac
case $rounds in *[!0-9]* | '' | 0*) fail "--rounds wants a number from 1 on, not '$rounds'" ;; esac
case $python in
    */*)
        [ -x "$python" ] || fail "there is no $python"
        python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;;
esac
peers=''
if [ -n "$python" ]; then
    peers=$("$python" -c 'import sys, jax, numpy; print(*(
        f",\"{name}\":\"{version}\"" for name, version in [
            ("python", sys.version.split()[0]), ("jax", jax.__version__), ("numpy", numpy.__version__)
        ]), sep="")') || fail "$python does not import jax and numpy"
fi
cd "$(dirname "$0")/.."

# Of a cache of the first core, in KiB; nothing where the system does not tell.
cache() {
    for index in /sys/devices/system/cpu/cpu0/cache/index*; do
        if [ "$(cat "$index/level" 2>/dev/null)" = "$1" ]; then
            sed -n 's/K$//p' "$index/size"
            return
        fi
    done
}

# A member of the machine's line, if there is anything to say.
number() { if [ -n "$2" ]; then printf ',"%s":%s' "$1" "$2"; fi; }

machine() {
    model=$(LC_ALL=C lscpu | sed -n 's/^Model name: *//p' | head -n 1)
    printf '{"machine":"%s"' "${model:-unknown}"
    number cores "$cores"
    number l2_kb "$(cache 2)"
    number l3_kb "$(cache 3)"
    number memory_gb "$(awk '/^MemTotal:/ { printf "%.1f", $2 * 1024e-9 }' /proc/meminfo)"
    printf ',"kernel":"%s","rustc":"%s"' "$(uname -r)" "$(rustc --version)"
    printf ',"commit":"%s","date":"%s"' "$(git describe --always --dirty)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    number rounds "$rounds"
    number secs "$secs"
    printf '%s}\n' "$peers"
}

# Every line once.
round() {
    for precision in '' --f64; do
        for count in $threads; do
            for bench in $benches; do
                # Without quotes below, since these are several words.
                words="$precision --threads $count --secs $secs"
                echo "round $1 of $rounds: $bench $words" >&2
                cargo bench --quiet --bench "$bench" -- $words || fail "$bench failed"
                case $bench in limits | elementwise | traces) continue ;; esac
                [ -n "$python" ] || continue
                "$python" benches/peers.py --bench "$bench" $words || fail "the peers of $bench failed"
            done
        done
    done
}

[ -z "$(git status --porcelain --untracked-files=no)" ] || fail "commit first: the lines name a commit"
cores=$(nproc)
threads=1
[ "$cores" -eq 1 ] || threads="1 $cores"
benches='limits product elementwise traces steps growth langevin'
cargo bench --quiet --no-run $(printf ' --bench %s' $benches) || fail "the benches do not build"
# Next to the file, so that moving it there is one step.
work=$(mktemp "$file.XXXXXX")
trap 'rm -f "$work"' EXIT
trap 'exit 130' HUP INT TERM
machine >"$work"
turn=1
while [ "$turn" -le "$rounds" ]; do
    round "$turn" >>"$work"
    turn=$((turn + 1))
done
chmod 644 "$work"
mv "$work" "$file"
