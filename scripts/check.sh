#!/usr/bin/env bash
# Check what changed, in seconds: `scripts/check.sh [PATH…]`, for the files given, else for those that git says differ from
# main (on main: from the last commit). scripts/test.sh checks everything; this looks only where a change usually shows.
#
# Style, format and floors of all files; beside them, for each changed file:
#   autogradkit/a/b.py  its types, its examples, tests/a/test_b.py, tests/parity/test_a.py, each other test_b.py, and up to eight
#                       test files that name the module or a class of it: those first whose word the fewest have. Those of
#                       tests/a, if there are none
#   autogradkit/_ops/…  of tests/ops, of PyTorch's operator database and of its schemas the cases of the ops that it declares
#   tests/…/test_x.py   itself; for another file in tests: the test files that import it
#   widgets/…           style, types, bundles, the tests that import it, and those of the schema
#   tutorials/x.ipynb   its outputs
# The parts run side by side, tests in the order above, and none begins later than WITHIN seconds after pytest started: what
# there was no time for is said, by file. That, and what is in tests/browser or marked as long, is left to scripts/test.sh.
set -uo pipefail
set -m # else what runs in the background ignores SIGINT, and tests of interrupts wait for ever
WITHIN=5.5

# -- what changed ----------------------------------------------------------------------------------------------------

if [ "$#" -gt 0 ]; then
    changed=$(git ls-files -co --exclude-standard --full-name -- "$@")
    [ -n "$changed" ] || { echo "no such file: $*" >&2; exit 2; }
    cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
else
    cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
    base=$(git merge-base HEAD main 2>/dev/null || echo HEAD)
    changed=$(git diff --name-only --diff-filter=d "$base" && git ls-files --others --exclude-standard)
fi
export PATH="$PWD/.venv/bin:$PATH" PYTHONPATH="$PWD" PYRIGHT_PYTHON_IGNORE_WARNINGS=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
command -v ruff >/dev/null || { echo "set up first: python3 -m venv .venv && .venv/bin/pip install -e '.[test]'" >&2; exit 2; }

changed=$(while read -r path; do [ ! -e "$path" ] || echo "$path"; done <<<"$changed")

chosen() { grep -P "$1" <<<"$changed"; } # the changed files that match
sources=$(chosen '^(autogradkit|scripts)/.*\.py$')
package=$(chosen '^autogradkit/.*\.py$')
ops=$(chosen '^autogradkit/_ops/.*\.py$')
lessons=$(chosen '^tutorials/.*\.ipynb$')
front=$(chosen '^widgets/' | sed 's|^widgets/||')

# -- which tests it has ----------------------------------------------------------------------------------------------

# The test files that have one of these words in them, those of the rarest word first. A word of more than a dozen files, as
# Tensor, tells nothing.
naming() {
    local word files
    for word; do
        mapfile -t files < <(grep -rlw --include='test_*.py' --exclude-dir=browser -e "$word" tests)
        [ "${#files[@]}" -gt 12 ] || [ "${#files[@]}" = 0 ] || printf "${#files[@]} %s\n" "${files[@]}"
    done | sort -n -s | cut -d ' ' -f 2 | awk '!seen[$0]++' | head -n 8
}

# The tests of a module of the package, or of a script, the nearest first, each with how near it is.
tests_of() {
    local path=${1#autogradkit/} file place module named nearness=0
    file=test_$(basename "$path") place=tests/${path%.py}
    module=${1%.py} module=${module%/__init__} module=${module//\//.}
    # shellcheck disable=SC2046 # one word for each class
    mapfile -t named < <(naming "$module" $(grep -oP '^class \K[A-Za-z]\w+' "$1"))
    if [ -e "$(dirname "$place")/$file" ]; then
        echo "0 $(dirname "$place")/$file"
    elif [ "${#named[@]}" = 0 ]; then
        until [ -d "$place" ]; do place=$(dirname "$place"); done
        [ "$place" = tests ] || printf '1 %s\n' "$place"/test_*.py # what is in its rooms has tests of its own
    fi
    { ls "tests/parity/test_${path%%/*}.py" 2>/dev/null; find tests -name "$file"; } | sed 's/^/1 /'
    for file in "${named[@]}"; do echo "$((++nearness + 1)) $file"; done
}

# The pytest expression for the cases of what some files declare: [exp], [exp-…], [….exp], [exp/ExpBackward0].
cases_of() {
    python - "$@" <<'END' | sed -E '/^$/d; s|(.*)|[\1] or [\1- or .\1] or .\1- or [\1/|' | paste -sd '|' | sed 's/|/ or /g'
import sys

import autogradkit
from autogradkit._ops.declare import SETS

modules = {path.removesuffix(".py").replace("/", ".") for path in sys.argv[1:]}
declared = [(names, each.kernel) for names in SETS for each in names.overloads if each.kernel.__module__ in modules]
print(*sorted({name for names, kernel in declared for name in (names.name, *names.aliases, kernel.__name__)} - {"_"}), sep="\n")
END
}

tests=$({
    for path in $sources; do tests_of "$path"; done
    chosen '^tests/(.*/)?test_\w+\.py$' | sed 's/^/0 /'
    for path in $(chosen '^tests/(?!.*test_\w+\.py$).*\.py$'); do naming "$(basename "$path" .py)" | sed 's/^/1 /'; done
    [ -z "$front" ] || echo 0 tests/widgets/test_schema.py
} | sort -n -s | cut -d ' ' -f 2 | grep -v '^tests/browser' | awk '!seen[$0]++')

# -- run -------------------------------------------------------------------------------------------------------------

logs=$(mktemp -d)
names=() jobs=()
stop() {
    for job in $(jobs -pr); do kill -- "-$job"; done
    rm -rf "$logs"
}
trap stop EXIT
part() { # NAME COMMAND…, in the background
    names+=("$1")
    { TIMEFORMAT=%1R; time "${@:2}" >"$logs/$1" 2>&1; } 2>"$logs/$1.time" &
    jobs+=($!)
}
tests() { python -m pytest -q -p no:cacheprovider -m "not long" --within "$WITHIN" "$@"; }
run() { # where there may be nothing to run
    tests "$@" || [ $? -eq 5 ]
}
front_end() { npm --prefix widgets run --silent "$@"; }
related() { (cd widgets && npx --no vitest related --run "$@"); }

# shellcheck disable=SC2086 # the lists are words
{
    if [ -n "$ops" ]; then
        cases=$(cases_of $ops)
        [ -z "$cases" ] || part "parity of the ops" run tests/parity/test_op_db.py tests/parity/test_schemas.py -k "$cases"
        part "tests of the ops" tests tests/ops -k "$cases" # all, where a file declares none: it is machinery
    fi
    [ -z "$sources" ] || part "types" pyright $sources
    [ -z "$tests" ] || part "tests" run $tests
    [ -z "$package" ] || part "examples" run --doctest-modules $package
    [ -z "$lessons" ] || part "lessons" run -p nbval --nbval $lessons
    [ -z "$front" ] || part "front end: tests" related $front test/schema.test.ts
}
if [ -n "$front" ]; then
    part "front end: style and format" front_end lint
    part "front end: types" front_end check
    part "front end: bundles" front_end build -- --check
fi
part "style" ruff check -q .
part "format" ruff format --check -q .
part "floors" lint-imports

failed=0
for i in "${!jobs[@]}"; do
    name=${names[i]} result=ok
    wait "${jobs[i]}" || { result=FAILED failed=1; cat "$logs/$name"; }
    printf '%-28s %6s s  %s\n' "$name" "$(tail -n 1 "$logs/$name.time")" "$result"
    grep '^no time for' "$logs/$name" | sed 's/^/    /'
done
printf 'in all %d s\n' "$SECONDS"
exit "$failed"
