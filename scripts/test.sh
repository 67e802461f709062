#!/usr/bin/env bash
# Set up everything the tests need and run them all: the README's second command.
#
# Debian packages are installed where they are missing; Python and front-end packages go into .venv and
# widgets/node_modules. Every part runs even if an earlier one failed; the last lines say how long each took and which
# failed. Of a test with many cases alike a part runs (`one_in`), the rest with -m wide. While working,
# scripts/check.sh is quicker.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# -- set up ----------------------------------------------------------------------------------------------------------

log=$(mktemp -d) # what runs beside something else tells when it is asked for
trap 'rm -rf "$log"' EXIT
told() { # PROCESS NAME: what a process that was begun before has come to
    local status=0
    wait "$1" || status=$?
    cat "$log/$2"
    return "$status"
}

python=.venv/bin/python
python_packages() {
    [ -x "$python" ] || python3 -m venv .venv || return
    # A pip that is as old as Python takes a minute of one processor only to read which versions there are.
    "$python" -m pip install --quiet --disable-pip-version-check --upgrade pip || return
    # What is imported is compiled then: to compile all of PyTorch takes longer than to install it.
    "$python" -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test]'
}
# They take longest to come, and need nothing of the rest.
python_packages >"$log/python" 2>&1 &
python_process=$!

debian_packages() {
    local package packages=() as_root=()
    for package in chromium chromium-driver graphviz fonts-dejavu-core fonts-wqy-zenhei; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || packages+=("$package")
    done
    command -v npm >/dev/null || packages+=(nodejs npm)
    [ "${#packages[@]}" -gt 0 ] || return 0
    printf -- '-- Debian packages: %s\n' "${packages[*]}"
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q || return
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${packages[@]}"
}

front_end() {
    local status=0
    debian_packages || return
    node --eval 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' || {
        printf "The front end's tools need Node 20 or newer; this is %s\n" "$(node --version)"
        return 1
    }
    npm --prefix widgets ci --no-audit --no-fund || return
    for task in lint check test "build -- --check"; do
        printf -- '-- npm run %s\n' "$task"
        npm --prefix widgets run --silent $task || status=1 # two words for npm where they are two
    done
    return "$status"
}
# Python's own tests need neither a browser nor Node, and begin meanwhile.
front_end >"$log/front_end" 2>&1 &
front_end_process=$!

say "Python packages"
told "$python_process" python || exit 1

# -- run -------------------------------------------------------------------------------------------------------------

# One thread each: tests run in two processes, and numbers must not depend on how many cores there are.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 PATH="$PWD/.venv/bin:$PATH"
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1 # it would ask the network for a newer version

failed=() durations=()
part() { # NAME COMMAND…
    local name=$1 started=$SECONDS result=ok
    say "$name"
    "${@:2}" || { failed+=("$name") result=FAILED; }
    durations+=("$(printf '%-40s %4d s  %s' "$name" $((SECONDS - started)) "$result")")
}
tests() { "$python" -m pytest -q -p no:cacheprovider -n 2 --dist worksteal -m "not wide" "$@"; }

# The types keep one processor busy for a minute or two: begun first, told when others kept both busy meanwhile.
pyright --pythonpath "$python" >"$log/types" 2>&1 &
types_process=$!

part "style" ruff check .
part "format" ruff format --check -q .
part "floors" lint-imports
# In processes of their own: Python 3.11 may forget that an exception was handled when one is injected where it ends.
part "interrupts" tests tests/interrupts
# Together, for the last lesson alone takes as long as most examples; by files, for a lesson's cells share a kernel.
part "lessons, examples in the documentation" tests -p nbval --nbval --doctest-modules tutorials autogradkit --dist loadfile
# From here on Graphviz and Chromium are needed, which have come by now.
part "Debian packages, front end" told "$front_end_process" front_end
part "unit tests" tests tests --ignore tests/parity --ignore tests/browser --ignore tests/interrupts
part "types" told "$types_process" types
part "parity with PyTorch" tests tests/parity
# Each process has a JupyterLab and a Chromium of its own, and waits for them much of the time: three keep two processors busy.
part "browser" tests -n 3 tests/browser --durations 10
# A further part is one more line here.

say "durations"
printf '%s\n' "${durations[@]}"
if [ "${#failed[@]}" -gt 0 ]; then
    say "failed after $SECONDS s: $(printf '%s; ' "${failed[@]}")"
    exit 1
fi
say "everything passed in $SECONDS s"
